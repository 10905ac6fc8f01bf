// Who may do what over HTTP: every operation by every kind of principal, and by those who cannot show who they are.
import type { RunningSystem } from 'indelible'
import { type Operation, type OperationName, operations } from 'indelible/operations'
import { expect, test } from 'vitest'
import { matrix, openVault, principals, type Who } from '../../core/test/vault.ts'
import { apiKeys, httpApi, requestOf } from '../src/index.ts'

const hourMs = 3_600_000

/** Asks with a key, or without one. Gives the status, and what was told. */
type Ask = (name: OperationName, input: object, key?: string) => Promise<{ status: number; told: string }>

function askingOf(running: RunningSystem): Ask {
  const app = httpApi(running, {
    identities: [apiKeys()],
    onNotice: () => {},
    requestsPerSecond: 10_000,
    heavyPerSecond: 10_000,
  })
  return async (name, input, key) => {
    const { method, path, headers, body } = requestOf(operations[name] as Operation, input)
    const shown = key === undefined ? {} : { Authorization: `Bearer ${key}` }
    const leave = new AbortController()
    const response = await app.request(`http://localhost${path}`, {
      method,
      headers: { ...headers, ...shown },
      signal: leave.signal,
      ...(body === undefined ? {} : { body }),
    })
    const isFeed = response.headers.get('content-type')?.startsWith('text/event-stream')
    const told = isFeed ? await begun(response) : await response.text()
    leave.abort()
    return { status: response.status, told }
  }
}

/** What a live feed says first. */
async function begun(response: Response): Promise<string> {
  const reader = response.body!.getReader()
  let told = ''
  while (!/^event: (caught-up|health)/m.test(told)) told += new TextDecoder().decode((await reader.read()).value)
  await reader.cancel()
  return told
}

// The list of tenants is that of servers with tenants: see tenants-access.test.ts.
const names = (Object.keys(matrix) as OperationName[])
  .filter((name) => operations[name].of !== 'tenants')
  .sort((one, other) => Number(operations[one].effect === 'changes') - Number(operations[other].effect === 'changes'))

test.each((Object.keys(principals) as Who[]).filter((who) => who !== 'nobody'))(
  'every operation for %s: allowed with a grant, 403 without, and no data of others',
  async (who) => {
    const running = await openVault()
    const ask = askingOf(running)
    const { key } = await running.keys.issue({ principal: principals[who] as never })
    const others = { customer: 'bob', otherCustomer: 'ann', lostCustomer: 'secret' }[who as string]
    const wrong: string[] = []
    for (const name of names) {
      const { input, allowed } = matrix[name]
      const { status, told } = await ask(name, input, key)
      if ((status === 403) === allowed.includes(who)) wrong.push(`${name}: ${status}`)
      if (status === 401 || status >= 500) wrong.push(`${name}: ${status} ${told}`)
      if (others !== undefined && (told.includes(`${others} secret`) || told.includes(`${others} note`)))
        wrong.push(`${name} tells of ${others}`)
    }
    expect(wrong).toEqual([])
  },
)

test('without a key, with an expired or a revoked one, and with half of one, every operation is refused with 401', async () => {
  let now = Date.now()
  const running = await openVault(undefined, { clock: { now: () => now } })
  const ask = askingOf(running)
  const principal = principals.owner
  const expiring = await running.keys.issue({ principal, expiresAt: new Date(now + hourMs).toISOString() })
  const revoked = await running.keys.issue({ principal })
  for (const { key } of [expiring, revoked]) expect((await ask('health', {}, key)).status).toBe(200)
  await running.keys.revoke({ keyId: revoked.keyId, reason: 'lost' })
  now += 2 * hourMs
  const shown = [undefined, expiring.key, revoked.key, revoked.key.slice(0, -1)]
  const wrong: string[] = []
  for (const name of names) {
    for (const [index, key] of shown.entries()) {
      const { status, told } = await ask(name, matrix[name].input, key)
      if (status !== 401 || told.includes('secret')) wrong.push(`${name} with ${index}: ${status}`)
    }
  }
  expect(wrong).toEqual([])
})

test('pages that carry no operation need a grant too, and probes need nothing', async () => {
  const running = await openVault()
  const app = httpApi(running, { identities: [apiKeys()], onNotice: () => {} })
  const statusFor = async (path: string, who?: Who) => {
    const headers: Record<string, string> = {}
    if (who) headers.Authorization = `Bearer ${(await running.keys.issue({ principal: principals[who] as never })).key}`
    return (await app.request(`http://localhost${path}`, { headers })).status
  }
  for (const path of ['/livez', '/readyz']) expect(await statusFor(path)).toBe(200)
  const table: [string, Who, number][] = [
    ['/', 'stranger', 403],
    ['/', 'customer', 200],
    ['/openapi.json', 'stranger', 403],
    ['/openapi.json', 'customer', 200],
    ['/metrics', 'customer', 403],
    ['/metrics', 'operator', 200],
    ['/log/checkpoint', 'operator', 403],
    ['/log/checkpoint', 'auditor', 404],
    ['/streams/$access-keys', 'teller', 403],
  ]
  for (const [path, who, status] of table) expect([path, who, await statusFor(path, who)]).toEqual([path, who, status])
  for (const [path] of table) expect(await statusFor(path)).toBe(401)
})
