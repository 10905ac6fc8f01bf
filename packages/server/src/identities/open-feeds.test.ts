// Live feeds that are open while what their clients may do ends or changes.
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { followFeed } from '../../test/feed-client.ts'
import { bearer, guardedShop } from '../../test/guarded.ts'
import { audience, provider } from '../../test/provider.ts'
import { apiKeys, type Identity, identity, jwt, type Recognised } from '../index.ts'
import { feedIdentityMs } from '../limits.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }))
afterEach(() => void vi.useRealTimers())

function opened(identities: readonly Identity[]) {
  const shop = guardedShop(identities)
  const follow = async (shown: Record<string, string>) => {
    const client = await followFeed(
      (path, init) => shop.app.request(path, { ...init, headers: { ...init.headers, ...shown } }),
      '/events?after=0',
    )
    onTestFinished(() => client.leave())
    await client.until('caught-up')
    return client
  }
  return { ...shop, follow }
}

const ended = (code: string) => ({ kind: 'end', data: { reason: 'failed', error: { code } } })

test('a feed ends when its key is revoked', async () => {
  const { running, follow, reasons } = opened([apiKeys()])
  const { key, keyId } = await running.keys.issue({ principal: { actor: 'billing' } })
  const feed = await follow(bearer(key))
  await vi.advanceTimersByTimeAsync(2 * feedIdentityMs)
  await running.keys.revoke({ keyId, reason: 'It was in a chat.' })
  await vi.advanceTimersByTimeAsync(2 * feedIdentityMs)
  expect((await feed.until('end')).at(-1)).toMatchObject(ended('unauthenticated'))
  expect(await feed.next()).toBeUndefined()
  expect(reasons()).toHaveLength(1)
})

test('a feed ends when its key or its token has expired', async () => {
  const idp = await provider()
  const { running, follow, reasons } = opened([
    apiKeys(),
    jwt({ issuer: idp.issuer, audience, principal: { actor: 'sub' }, clockSkewSeconds: 0 }),
  ])
  const inMs = 2.5 * feedIdentityMs
  const expiresAt = new Date(Date.now() + inMs).toISOString()
  const { key } = await running.keys.issue({ principal: { actor: 'billing' }, expiresAt })
  const token = await idp.token({ exp: Math.floor((Date.now() + inMs) / 1_000) })
  const feeds = [await follow(bearer(key)), await follow(bearer(token))]
  const ends = feeds.map((feed) => feed.next())
  const hasEnded = vi.fn()
  for (const end of ends) void end.then(hasEnded)
  await vi.advanceTimersByTimeAsync(feedIdentityMs)
  expect(hasEnded).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(3 * feedIdentityMs)
  for (const end of ends) expect(await end).toMatchObject(ended('unauthenticated'))
  expect(reasons().join()).toMatch(/expired.*ERR_JWT_EXPIRED|ERR_JWT_EXPIRED.*expired/)
})

test('a feed ends when roles change, and goes on while they are the same or nobody can say', async () => {
  let found: Recognised = { actor: 'ann', roles: ['a', 'b'], attributes: { account: ['1', '2'] } }
  const { follow } = opened([identity('badge', async () => found)])
  const feed = await follow({})
  const next = feed.next()
  const hasEnded = vi.fn()
  void next.then(hasEnded)
  found = { actor: 'ann', roles: ['b', 'a'], attributes: { account: ['2', '1'] } }
  await vi.advanceTimersByTimeAsync(2 * feedIdentityMs)
  found = { unavailable: 'The office is closed.' }
  await vi.advanceTimersByTimeAsync(2 * feedIdentityMs)
  expect(hasEnded).not.toHaveBeenCalled()
  found = { actor: 'ann', roles: ['a'], attributes: { account: ['1', '2'] } }
  await vi.advanceTimersByTimeAsync(2 * feedIdentityMs)
  expect(await next).toMatchObject(ended('unauthenticated'))
})
