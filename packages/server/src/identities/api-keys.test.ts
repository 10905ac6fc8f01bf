// API keys over HTTP: what is accepted, what is refused, and what nobody gets to see.
import { connect } from 'node:net'
import { expect, test, vi } from 'vitest'
import { bearer, guardedShop, lastActor, servedGuarded, unauthenticated } from '../../test/guarded.ts'
import { apiKeys } from '../index.ts'

const principal = { actor: 'billing', roles: ['system'] }

test('a program with a key acts in its name', async () => {
  const { running, post } = guardedShop([apiKeys()])
  const { key } = await running.keys.issue({ principal })
  expect(await post('/commands/item/tea/ReceiveStock', { quantity: 1 }, bearer(key))).toMatchObject({ status: 200 })
  expect(await lastActor(running)).toBe('billing')
})

test('keys are issued, listed and revoked over HTTP, and a revoked one is refused at once', async () => {
  const { running, get, post } = guardedShop([apiKeys()])
  const { key: first } = await running.keys.issue({ principal: { actor: 'admin' } })
  const issued = await post('/keys?expiresAt=2100-01-01T00:00:00Z', principal, bearer(first))
  expect(issued).toMatchObject({ status: 200, body: { expiresAt: '2100-01-01T00:00:00.000Z' } })
  expect(issued.headers.get('Cache-Control')).toBe('no-store')
  const { key, keyId } = issued.body
  expect(await get('/health', bearer(key))).toMatchObject({ status: 200 })
  const listed = await get('/keys', bearer(first))
  expect(listed.body).toMatchObject({ keys: [{}, { keyId, principal, issuedBy: 'admin' }], next: null })
  expect(JSON.stringify(listed.body)).not.toMatch(/hash|salt|ind_/)
  expect(await post(`/keys/${keyId}/revoke?reason=lost`, undefined, bearer(first))).toMatchObject({
    body: { keyId, revoked: true },
  })
  expect(await get('/health', bearer(key))).toMatchObject(unauthenticated)
  expect(await post('/keys/nope/revoke?reason=lost', undefined, bearer(first))).toMatchObject({ status: 404 })
})

test('every wrong key has the same answer', async () => {
  const { running, get, reasons } = guardedShop([apiKeys()])
  const [one, two] = [await running.keys.issue({ principal }), await running.keys.issue({ principal })]
  await running.keys.revoke({ keyId: two.keyId, reason: 'lost' })
  const { key } = one
  const shown: Record<string, string>[] = [
    {},
    bearer(two.key),
    bearer(key.slice(0, 21) + two.key.slice(21)),
    bearer(`ind_${'x'.repeat(16)}_${'y'.repeat(43)}`),
    bearer('ind_nonsense'),
    bearer(key.slice(0, -1)),
    bearer(`${key} `.repeat(2)),
    bearer(`${key}, Bearer ${key}`),
    { Authorization: key },
    { Authorization: `Basic ${Buffer.from(`billing:${key}`).toString('base64')}` },
    { Authorization: `Basic ${key}` },
    { Authorization: `Token ${key}` },
    { Authorization: `Bearer: ${key}` },
    { 'X-Api-Key': key },
    { Cookie: `key=${key}` },
  ]
  const answers = await Promise.all(shown.map((headers) => get('/health', headers)))
  for (const { status, body } of answers) expect({ status, body }).toEqual({ status: 401, body: answers[0]!.body })
  expect(await get(`/health?access_token=${key}`)).toMatchObject({ status: 401 })
  for (const kept of [key, two.key].map((each) => each.slice(21))) expect(JSON.stringify(reasons())).not.toContain(kept)
  // The scheme is not case sensitive (RFC 9110, section 11.1).
  expect(await get('/health', { Authorization: `bearer ${key}` })).toMatchObject({ status: 200 })
})

test('two Authorization headers are refused, also two that are right', async () => {
  const { running, port } = await servedGuarded({ identities: [apiKeys()] })
  const { key } = await running.keys.issue({ principal })
  const line = `Authorization: Bearer ${key}`
  expect(await statusOf(port, [line])).toBe(200)
  for (const lines of [
    [line, line],
    [line, 'Authorization: Bearer x'],
    ['Authorization: Basic x', line],
    ['authorization:', line],
  ])
    expect(await statusOf(port, lines)).toBe(401)
})

test('no trace of a key is in the log, the audit trail, the console or an answer', async () => {
  const { running, get, post, notices, onError } = guardedShop([apiKeys()])
  const printed = [vi.spyOn(console, 'error'), vi.spyOn(console, 'log')]
  const { key } = await running.keys.issue({ principal })
  const answers = [
    await post('/commands/item/tea/Fail', { with: 'error' }, bearer(key)),
    await post('/commands/item/tea/ShipStock', { quantity: 1 }, bearer(key)),
    await post('/commands/item/tea/ReceiveStock', { quantity: 1 }, bearer(key)),
    await get('/nope', bearer(key)),
    await get('/tables/nope', bearer(key)),
    await get('/audit', bearer(key)),
    await get('/keys', bearer(key)),
    await get('/health', bearer(`${key}x`)),
  ]
  const log = await Array.fromAsync(running.store.read('all', { reserved: true }))
  const seen = [
    answers,
    log,
    notices(),
    onError.mock.calls.map(([error]) => String(error)),
    printed.map(({ mock }) => mock.calls),
  ]
  expect(JSON.stringify(seen)).not.toContain(key.slice(21))
})

test('a flood of wrong keys leaves the others answers, and says when to come again', async () => {
  const { running, get } = guardedShop([apiKeys()])
  const { key } = await running.keys.issue({ principal })
  await get('/health', bearer(key))
  const flood = Array.from({ length: 300 }, (_, at) =>
    get('/health', bearer(`ind_${String(at).padStart(16, 'x')}_${'y'.repeat(43)}`)),
  )
  for (let count = 0; count < 20; count++) expect(await get('/health', bearer(key))).toMatchObject({ status: 200 })
  const answers = await Promise.all(flood)
  const busy = answers.filter(({ status }) => status === 503)
  expect(busy.length).toBeGreaterThanOrEqual(150)
  for (const { headers } of busy) expect(headers.get('Retry-After')).toBe('1')
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 503]))
})

/** The status of a request with exactly these header lines. */
async function statusOf(port: number, lines: readonly string[]): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', (bytes) => {
    received += bytes
  })
  socket.write(['GET /health HTTP/1.1', 'Host: localhost', ...lines, 'Connection: close', '', ''].join('\r\n'))
  await new Promise((resolve) => socket.once('close', resolve))
  return Number(received.split(' ')[1])
}
