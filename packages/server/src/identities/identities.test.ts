// Who a request is from: the seam, the answers to requests that nobody recognises, and acting for others.
import { expect, test, vi } from 'vitest'
import { bearer, guardedShop, lastActor, servedGuarded, unauthenticated } from '../../test/guarded.ts'
import { openShop } from '../../test/shop.ts'
import { httpApi, type Identity, identity, type Recognised } from '../index.ts'
import { refusalsToldPerSecondMax } from '../limits.ts'

const badge = (found: Recognised) =>
  identity('badge', async ({ headers }) => (headers.has('X-Badge') ? found : undefined))
const withBadge = { 'X-Badge': '7' }

test('without identities everyone may ask, in the name that the request says', async () => {
  const { post, get, running } = openShop()
  expect(await get('/health')).toMatchObject({ status: 200 })
  await post('/commands/item/tea/ReceiveStock', { quantity: 1 }, { 'X-Actor': 'ann' })
  expect(await lastActor(running)).toBe('ann')
})

test('with identities nothing is open, not even what there is', async () => {
  const { get, post } = guardedShop([badge({ actor: 'ann' })])
  for (const path of ['/', '/health', '/metrics', '/openapi.json', '/log/checkpoint', '/nope', '/streams/item-tea'])
    expect(await get(path)).toMatchObject(unauthenticated)
  for (const path of ['/commands/item/tea/ReceiveStock', '/keys', '/consumers/notes/pause', '/health'])
    expect(await post(path, {})).toMatchObject(unauthenticated)
  expect(await get('/health', withBadge)).toMatchObject({ status: 200 })
})

test('the first identity that recognises a request wins, and a refusal is final', async () => {
  const never = vi.fn(async () => ({ actor: 'mallory' }))
  const { post, running } = guardedShop([
    identity('none', async () => undefined),
    badge({ actor: 'ann' }),
    identity('later', never),
  ])
  await post('/commands/item/tea/ReceiveStock', { quantity: 1 }, withBadge)
  expect(await lastActor(running)).toBe('ann')
  const refusing = guardedShop([badge({ refused: 'The badge was reported as lost.' }), identity('later', never)])
  expect(await refusing.get('/health', withBadge)).toMatchObject(unauthenticated)
  expect(refusing.reasons()).toEqual(['The badge was reported as lost.'])
  expect(never).not.toHaveBeenCalled()
})

test('the client learns no reason, the operator does', async () => {
  const { get, notices } = guardedShop([badge({ refused: 'The badge was reported as lost.' })])
  const refused = await get('/health?token=hunter2', withBadge)
  const nothing = await get('/health')
  const token = await get('/health', bearer('hunter2'))
  expect(refused.body).toEqual(nothing.body)
  expect(token.body).toEqual(nothing.body)
  expect(nothing.headers.get('WWW-Authenticate')).toBe('Bearer realm="shop"')
  expect(token.headers.get('WWW-Authenticate')).toMatch(
    /^Bearer realm="shop", error="invalid_token", error_description="[\w ,.]+"$/,
  )
  expect(notices()).toMatchObject([
    { kind: 'identity refused', identity: 'badge', method: 'GET', path: '/health', untold: 0 },
    { kind: 'identity refused', identity: null },
    { kind: 'identity refused', identity: null },
  ])
  expect(JSON.stringify(notices())).not.toContain('hunter2')
})

test('when nobody can say who it is, the client may try again', async () => {
  const { get, reasons } = guardedShop([badge({ unavailable: 'The office is closed.', retryAfterSeconds: 7 })])
  const { status, headers, body } = await get('/health', withBadge)
  expect({ status, type: body.type, after: headers.get('Retry-After') }).toEqual({
    status: 503,
    type: 'urn:indelible:error:identity_unavailable',
    after: '7',
  })
  expect(JSON.stringify(body)).not.toContain('office')
  expect(reasons()).toEqual(['The office is closed.'])
})

test('an identity that throws lets nobody in, and its error stays with the operator', async () => {
  const broken = identity('broken', async () => {
    throw new Error('the password is hunter2')
  })
  const { get, onError } = guardedShop([broken, badge({ actor: 'ann' })])
  const { status, body } = await get('/health', withBadge)
  expect(status).toBe(500)
  expect(JSON.stringify(body)).not.toContain('hunter2')
  expect(onError).toHaveBeenCalledOnce()
})

test.each([
  ['a line break', 'ann\r\nX-Admin: yes'],
  ['a null character', 'ann\0'],
  ['too many bytes', 'é'.repeat(257)],
  ['nothing', ''],
  ['no text', 7 as never],
])('an actor with %s is refused', async (_, actor) => {
  const { get, reasons } = guardedShop([badge({ actor })])
  expect(await get('/health', withBadge)).toMatchObject(unauthenticated)
  expect(reasons()).toEqual([expect.stringContaining('control characters')])
})

test('X-Actor is the actor, or is left out', async () => {
  const { get, post, running } = guardedShop([badge({ actor: 'ann' })])
  const receive = (actor: string) =>
    post('/commands/item/tea/ReceiveStock', { quantity: 1 }, { ...withBadge, 'X-Actor': actor })
  expect(await receive('ann')).toMatchObject({ status: 200 })
  for (const other of ['bob', 'Ann', 'ann ann', 'ann, bob', '*']) {
    expect(await receive(other)).toMatchObject({ status: 403, body: { type: 'urn:indelible:error:actor_not_allowed' } })
    // Also where the actor would not be recorded.
    expect(await get('/metrics', { ...withBadge, 'X-Actor': other })).toMatchObject({ status: 403 })
  }
  expect((await running.store.head()).position).toBe(1)
})

test.each<[string | readonly string[], string, number]>([
  ['*', 'bob', 200],
  ['bob', 'bob', 200],
  [['bob', 'cid'], 'cid', 200],
  [['bob', 'cid'], 'dan', 403],
  ['bob', 'bo', 403],
  [[], 'bob', 403],
])('one with actsFor %j acts for %s: %i', async (actsFor, actor, status) => {
  const proxy = badge({ actor: 'proxy', attributes: { actsFor } })
  const { post, running } = guardedShop([proxy])
  const sent = await post('/commands/item/tea/ReceiveStock', { quantity: 1 }, { ...withBadge, 'X-Actor': actor })
  expect(sent.status).toBe(status)
  expect(await lastActor(running)).toBe(status === 200 ? actor : undefined)
})

test('a flood of refused requests is no flood of notices, and none is forgotten', async () => {
  const { get, notices } = guardedShop([badge({ actor: 'ann' })])
  const now = vi.spyOn(performance, 'now').mockReturnValue(1_000_500)
  for (let count = 0; count < 500; count++) await get('/health')
  expect(notices()).toHaveLength(refusalsToldPerSecondMax)
  now.mockReturnValue(1_001_500)
  await get('/health')
  now.mockRestore()
  expect(notices().at(-1)).toMatchObject({ untold: 500 - refusalsToldPerSecondMax })
})

test('an identity sees what the request shows', async () => {
  const seen = vi.fn<Identity['recognise']>(async () => ({ actor: 'ann' }))
  const { port } = await servedGuarded({ identities: [identity('seeing', seen)] })
  await fetch(`http://127.0.0.1:${port}/health?secret=1`, { headers: { 'X-Badge': '7' } })
  const [request] = seen.mock.calls[0]!
  expect(request).toMatchObject({ method: 'GET', path: '/health', remoteAddress: '127.0.0.1', certificate: undefined })
  expect(request.headers.get('x-badge')).toBe('7')
})

test('an identity without a name or a function is refused', () => {
  for (const wrong of [() => identity('', async () => undefined), () => identity('x', undefined as never)])
    expect(wrong).toThrow(expect.objectContaining({ code: 'config_invalid' }))
})

test('the document says how to show who one is', async () => {
  const { running } = guardedShop([])
  const documentWith = async (identities: readonly Identity[]) => {
    const app = httpApi(running, { identities })
    return (await (await app.request('http://localhost/openapi.json', { headers: withBadge })).json()) as {
      readonly security?: unknown
      readonly components: { readonly securitySchemes?: unknown }
    }
  }
  expect(await documentWith([])).not.toHaveProperty('security')
  const { security, components } = await documentWith([badge({ actor: 'ann' })])
  expect(security).toEqual([{ bearer: [] }])
  expect(components.securitySchemes).toMatchObject({ bearer: { type: 'http', scheme: 'bearer' } })
})
