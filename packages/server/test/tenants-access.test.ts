// Nobody reaches another tenant through any door: every operation by every kind of principal, on its own tenant, on another one, and on one that does not exist.
import { startTenants } from 'indelible'
import { type Operation, type OperationName, operations } from 'indelible/operations'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Deposit, matrix, Open, principals, vault, vaultAccess, type Who } from '../../core/test/vault.ts'
import { apiKeys, httpApi, requestOf } from '../src/index.ts'

/** The same grants, each for the tenant of the principal; and one person who sees to the whole. */
const access = {
  grants: [
    ...vaultAccess.grants.map((grant) => ({ ...grant, tenants: { attribute: 'tenant' } })),
    { principal: 'root-of-all', may: 'everything', tenants: '*' },
  ],
} as typeof vaultAccess

async function opened() {
  const tenants = await startTenants(vault, { access, tenants: { openMax: 1 } })
  onTestFinished(() => tenants.close())
  for (const tenant of ['acme', 'globex']) {
    await tenants.create(tenant)
    await tenants.use(tenant, async (running) => {
      for (const name of ['ann', 'bob']) {
        const owner = { name: `${name} secret of ${tenant}`, taxId: `${name} secret number of ${tenant}` }
        await running.send(Open(name, { owner }), { actor: name })
        await running.send(Deposit(name, { amount: 10 }), { actor: name, commandId: `first-${name}` })
      }
      await running.waitFor({ name: 'accounts' }, (await running.store.head()).position)
      await running.waitFor({ name: 'check' }, (await running.store.head()).position)
    })
  }
  await tenants.use('acme', async () => {})
  const app = httpApi(tenants, {
    identities: [apiKeys()],
    onNotice: () => {},
    requestsPerSecond: 1e6,
    heavyPerSecond: 1e6,
  })
  const keyOf = async (who: Who, tenant = 'acme') => {
    const { attributes, ...principal } = principals[who] as { actor: string; attributes?: object }
    return (await tenants.whole.keys.issue({ principal: { ...principal, attributes: { ...attributes, tenant } } })).key
  }
  const ask = async (base: string, name: OperationName, key?: string, input: object = matrix[name].input) => {
    const { method, path, headers, body } = requestOf(operations[name] as Operation, input)
    return await get(base + path, key, { method, headers, ...(body === undefined ? {} : { body }) })
  }
  const get = async (path: string, key?: string, { headers, ...init }: RequestInit = {}) => {
    const leave = new AbortController()
    const shown = key === undefined ? {} : { Authorization: `Bearer ${key}` }
    const response = await app.request(`http://localhost${path}`, {
      ...init,
      headers: { ...headers, ...shown },
      signal: leave.signal,
    })
    const isFeed = response.headers.get('content-type')?.startsWith('text/event-stream')
    const told = isFeed ? '' : await response.text()
    leave.abort()
    if (isFeed) await response.body?.cancel()
    return { status: response.status, told }
  }
  return { tenants, ask, get, keyOf }
}

const names = (Object.keys(matrix) as OperationName[]).sort(
  (one, other) => Number(operations[one].effect === 'changes') - Number(operations[other].effect === 'changes'),
)
const local = { principal: { isLocal: true } }
const people = (Object.keys(principals) as Who[]).filter((who) => who !== 'nobody')
const isOfTenant = (name: OperationName) => ['log', 'both'].includes(operations[name].of)
const isOfWhole = (name: OperationName) => operations[name].of !== 'log'

test.each(people)(
  '%s is let into its own tenant as the grants say, and into no other, by any operation',
  async (who) => {
    const { tenants, ask, keyOf } = await opened()
    const key = await keyOf(who)
    const wrong: string[] = []
    const refusals = new Set<string>()
    for (const name of names.filter(isOfTenant)) {
      for (const other of ['globex', 'nowhere', 'NO']) {
        const { status, told } = await ask(`/tenants/${other}`, name, key)
        if (status !== 403) wrong.push(`${name} of ${other}: ${status}`)
        refusals.add(told)
      }
    }
    // The same text for all, and nothing was opened or closed for it.
    expect(refusals.size).toBe(1)
    expect(tenants.openNow).toBe(1)
    for (const name of names.filter(isOfWhole)) {
      const { status } = await ask('', name, key)
      if (status !== 403) wrong.push(`${name} of the whole: ${status}`)
    }
    for (const name of names.filter(isOfTenant)) {
      const { status, told } = await ask('/tenants/acme', name, key)
      if ((status === 403) === matrix[name].allowed.includes(who)) wrong.push(`${name} of its own: ${status}`)
      if (status === 401 || status >= 500 || told.includes('of globex')) wrong.push(`${name}: ${status} ${told}`)
    }
    expect(wrong).toEqual([])
  },
)

test('without a key, every operation is refused with 401, whether there is such a tenant or not', async () => {
  const { tenants, ask } = await opened()
  for (const name of names) {
    const bases = [...(isOfTenant(name) ? ['/tenants/acme', '/tenants/nowhere'] : []), ...(isOfWhole(name) ? [''] : [])]
    for (const base of bases) expect([name, base, (await ask(base, name)).status]).toEqual([name, base, 401])
  }
  expect(tenants.openNow).toBe(1)
})

test('pages of the whole are for those with a grant for all tenants; what the system is, for everyone with a grant', async () => {
  const { tenants, get, keyOf } = await opened()
  const root = (await tenants.whole.keys.issue({ principal: { actor: 'root-of-all' } })).key
  const table: [string, Who, number][] = [
    ['/metrics', 'operator', 403],
    ['/metrics', 'owner', 403],
    ['/health', 'operator', 403],
    ['/audit', 'auditor', 403],
    ['/keys', 'admin', 403],
    ['/tenants', 'admin', 403],
    ['/openapi.json', 'customer', 200],
    ['/openapi.json', 'stranger', 403],
    ['/tenants/acme/log/checkpoint', 'auditor', 404],
    ['/tenants/acme/log/checkpoint', 'operator', 403],
    ['/tenants/globex/log/checkpoint', 'auditor', 403],
    ['/tenants/nowhere/log/checkpoint', 'auditor', 403],
    ['/log/checkpoint', 'owner', 404],
    ['/tenants/acme/keys', 'owner', 404],
    ['/tenants/acme/metrics', 'owner', 404],
    ['/streams/account-ann', 'owner', 404],
  ]
  for (const [path, who, status] of table)
    expect([path, who, (await get(path, await keyOf(who))).status]).toEqual([path, who, status])
  for (const path of ['/metrics', '/health', '/audit', '/keys', '/tenants', '/', '/tenants/globex/streams/account-ann'])
    expect([path, (await get(path, root)).status]).toEqual([path, 200])
  expect((await get('/tenants/nowhere/health', root)).status).toBe(404)
  expect((await get('/tenants/NO/health', root)).status).toBe(400)
  expect((await get('/tenants', root)).told).toContain('"tenant":"globex"')
})

test('who was refused at the door of a tenant is in the audit trail of the whole, and not in that of the tenant', async () => {
  const { tenants, ask, keyOf } = await opened()
  await ask('/tenants/globex', 'readStream', await keyOf('teller'))
  await vi.waitFor(async () => {
    const denied = await operations.auditTrail.run(tenants.whole, { outcome: 'denied' }, local)
    expect(JSON.stringify(denied)).toContain('globex')
  })
  const there = await tenants.use('globex', (running) =>
    operations.auditTrail.run(running, { outcome: 'denied' }, local),
  )
  expect(JSON.stringify(there)).not.toContain('readStream')
})

test('a grant of a system with tenants says where, and one of another does not', async () => {
  const [first] = vaultAccess.grants
  for (const tenants of [undefined, '', [], {}, 5, { attribute: '' }, ['a', 5]] as never[])
    await expect(startTenants(vault, { access: { grants: [{ ...first!, tenants }] } })).rejects.toMatchObject({
      code: 'config_invalid',
    })
})
