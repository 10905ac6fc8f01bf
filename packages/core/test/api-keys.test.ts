// API keys in the log: what they grant, when they end, and what it costs to try wrong ones.
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { ApiKeys, defineSystem, type IssuedKey, startSystem, systemIds } from 'indelible'
import { auditPage } from 'indelible/history'
import { memoryStore } from 'indelible/memory'
import { operations } from 'indelible/operations'
import { afterAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { keyChecksAtOnceMax, keyChecksWaitingMax } from '../src/runtime/limits.ts'

// Work is counted, because a clock says little about constant time.
const costly = crypto.scrypt
const scrypt = vi.spyOn(crypto, 'scrypt')
const timingSafeEqual = vi.spyOn(crypto, 'timingSafeEqual')
// Modules that are loaded already see it too.
syncBuiltinESMExports()
afterAll(() => {
  vi.restoreAllMocks()
  syncBuiltinESMExports()
})
const hashes = () => scrypt.mock.calls.length
const comparisons = () => timingSafeEqual.mock.calls.length
beforeEach(() => void vi.clearAllMocks())

const start = Date.parse('2026-11-28T12:00:00Z')
const principal = { actor: 'billing', roles: ['system'], attributes: { account: ['a1', 'a2'] } }

function opened() {
  let now = start
  const clock = { now: () => now }
  const store = memoryStore({ clock })
  const pass = (ms: number) => {
    now += ms
  }
  /** What another process has, or this one after a restart. */
  const keysAgain = () => {
    const keys = new ApiKeys({ store, ids: systemIds, clock })
    onTestFinished(() => keys.close())
    return keys
  }
  return { store, keys: keysAgain(), keysAgain, pass }
}

const refused = (reason: RegExp) => ({ status: 'refused', reason: expect.stringMatching(reason) })

test('a key stands for its principal, also after a restart', async () => {
  const { keys, keysAgain } = opened()
  const { keyId, key } = await keys.issue({ principal }, { actor: 'ann' })
  expect(key).toMatch(/^ind_[A-Za-z0-9-]{16}_[A-Za-z0-9_-]{43}$/)
  for (const each of [keys, keysAgain()]) expect(await each.verify(key)).toEqual({ status: 'valid', keyId, principal })
})

test('a key that another process issues or revokes is known at once', async () => {
  const { keys, keysAgain } = opened()
  const other = keysAgain()
  expect(await other.list()).toEqual([])
  const { keyId, key } = await keys.issue({ principal })
  await expect.poll(() => other.verify(key)).toMatchObject({ status: 'valid' })
  await keys.revoke({ keyId, reason: 'lost' })
  await expect.poll(() => other.verify(key)).toMatchObject(refused(/is revoked/))
})

test('a key that was right is not hashed again, and ends at once when it is revoked or expires', async () => {
  const { keys, pass } = opened()
  const lost = await keys.issue({ principal })
  const short = await keys.issue({ principal, expiresAt: '2026-11-28T13:00:00Z' })
  for (const { key } of [lost, short]) await keys.verify(key)
  const before = hashes()
  for (let count = 0; count < 50; count++)
    for (const { key } of [lost, short]) expect(await keys.verify(key)).toMatchObject({ status: 'valid' })
  expect(await keys.revoke({ keyId: lost.keyId, reason: 'lost' }, { actor: 'ann' })).toBe(true)
  expect(await keys.revoke({ keyId: lost.keyId, reason: 'again' })).toBe(false)
  expect(await keys.verify(lost.key)).toEqual(refused(/of billing is revoked/))
  pass(60 * 60_000 - 1)
  expect(await keys.verify(short.key)).toMatchObject({ status: 'valid' })
  pass(1)
  expect(await keys.verify(short.key)).toEqual(refused(/of billing is expired/))
  expect(hashes()).toBe(before)
  expect(await keys.list()).toMatchObject([
    { keyId: lost.keyId, status: 'revoked', revokedBy: 'ann', reason: 'lost' },
    { keyId: short.keyId, status: 'expired', revokedAt: null },
  ])
})

test('a key that is revoked while its first check is under way is refused', async () => {
  const { keys, keysAgain } = opened()
  const { keyId, key } = await keys.issue({ principal })
  const restarted = keysAgain()
  await restarted.list()
  const verdict = restarted.verify(key)
  await restarted.revoke({ keyId, reason: 'lost' })
  expect(await verdict).toEqual(refused(/is revoked/))
})

/** The key with the secret of another one. */
const withSecretOf = ({ key }: IssuedKey, other: IssuedKey) => key.slice(0, 21) + other.key.slice(21)

test('a wrong secret and an unknown key are the same work, whatever they begin with', async () => {
  const { keys } = opened()
  const [one, two] = [await keys.issue({ principal }), await keys.issue({ principal })]
  await keys.verify(one.key)
  const last = one.key.endsWith('A') ? 'B' : 'A'
  const wrong = [
    withSecretOf(one, two),
    // All but the last character is right.
    one.key.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 3),
    `ind_${'x'.repeat(16)}${one.key.slice(20)}`,
    withSecretOf(two, one),
  ]
  for (const key of wrong) {
    const before = { hashes: hashes(), comparisons: comparisons() }
    expect(await keys.verify(key)).toEqual(refused(/There is no key|The secret is not that/))
    expect(hashes() - before.hashes).toBe(1)
    // One with what is remembered, where something is, and one with the hash.
    expect(comparisons() - before.comparisons).toBe(key.startsWith(one.key.slice(0, 21)) ? 2 : 1)
  }
})

test.each([
  '',
  'ind_',
  'ind_short_secret',
  `ind_${'x'.repeat(16)}_${'y'.repeat(42)}`,
  `ind_${'x'.repeat(16)}_${'y'.repeat(9_999)}`,
])('what is no key is refused without work: %.40s', async (text) => {
  const { keys } = opened()
  expect(await keys.verify(text)).toEqual(refused(/not a whole key/))
  expect(hashes()).toBe(0)
})

test('a flood of wrong keys is bounded, and keys that were right are not disturbed', async () => {
  const { keys } = opened()
  const { key } = await keys.issue({ principal })
  await keys.verify(key)
  // Only the number of hashes matters here.
  onTestFinished(() => void scrypt.mockImplementation(costly))
  scrypt.mockImplementation((secret, salt, bytes, _cost, done) => costly(secret, salt, bytes, { N: 2 }, done))
  const before = hashes()
  const wrong = Array.from({ length: 1_000 }, (_, at) => `ind_${String(at).padStart(16, 'x')}_${'y'.repeat(43)}`)
  const verdicts = wrong.map((each) => keys.verify(each))
  for (let count = 0; count < 100; count++) expect(await keys.verify(key)).toMatchObject({ status: 'valid' })
  const statuses = (await Promise.all(verdicts)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 'refused')).toHaveLength(keyChecksAtOnceMax + keyChecksWaitingMax)
  expect(statuses.filter((status) => status === 'busy')).toHaveLength(1_000 - keyChecksAtOnceMax - keyChecksWaitingMax)
  expect(hashes() - before).toBe(keyChecksAtOnceMax + keyChecksWaitingMax)
})

test('many requests with one new key are one check', async () => {
  const { keys, keysAgain } = opened()
  const { key } = await keys.issue({ principal })
  const restarted = keysAgain()
  const before = hashes()
  const verdicts = await Promise.all(Array.from({ length: 500 }, () => restarted.verify(key)))
  expect(new Set(verdicts.map(({ status }) => status))).toEqual(new Set(['valid']))
  expect(hashes() - before).toBe(1)
})

test('while the log cannot be read no key is valid, and then it goes on', async () => {
  const { store, keys, keysAgain } = opened()
  const { key } = await keys.issue({ principal })
  const restarted = keysAgain()
  vi.spyOn(store, 'head').mockRejectedValueOnce(new Error('the disk is gone'))
  await expect(restarted.verify(key)).rejects.toThrow('the disk is gone')
  expect(await restarted.verify(key)).toMatchObject({ status: 'valid' })
})

test.each([
  ['no actor', { roles: [] }],
  ['an empty actor', { actor: '' }],
  ['an actor with a line break', { actor: 'ann\r\nX-Actor: root' }],
  ['a very long actor', { actor: 'é'.repeat(300) }],
  ['a role that is no text', { actor: 'ann', roles: [1] }],
  ['too many roles', { actor: 'ann', roles: Array(101).fill('x') }],
  ['attributes that are a list', { actor: 'ann', attributes: [] }],
  ['an attribute that is a number', { actor: 'ann', attributes: { age: 1 } }],
  ['a member that nobody knows', { actor: 'ann', role: 'admin' }],
  ['no object', 'ann'],
])('a key is not issued for a principal with %s', async (_, wrong) => {
  const { keys, store } = opened()
  await expect(keys.issue({ principal: wrong as never })).rejects.toMatchObject({ code: 'invalid_parameter' })
  expect((await store.head()).position).toBe(0)
})

test('a key does not expire in the past, and only a key that exists is revoked', async () => {
  const { keys } = opened()
  for (const expiresAt of ['2026-11-28', '2026-11-28T12:00:00Z'])
    await expect(keys.issue({ principal, expiresAt })).rejects.toMatchObject({ code: 'invalid_parameter' })
  await expect(keys.issue({ principal, expiresAt: 'soon' })).rejects.toMatchObject({ code: 'invalid_time' })
  await expect(keys.revoke({ keyId: 'nope', reason: 'x' })).rejects.toMatchObject({ code: 'key_missing' })
})

test('the operations record who issued and revoked; neither log nor audit trail has the secret', async () => {
  const running = startSystem(defineSystem({ name: 'keys', commands: [] }))
  onTestFinished(() => running.close())
  const by = { principal: { actor: 'ann' } }
  const { keyId, key } = await operations.issueKey.run(running, { principal }, by)
  for (let count = 0; count < 4; count++) await operations.issueKey.run(running, { principal }, by)
  expect(await operations.revokeKey.run(running, { keyId, reason: 'lost' }, by)).toEqual({ keyId, revoked: true })
  const page = await operations.listKeys.run(running, { limit: 2 }, by)
  expect(page).toMatchObject({ keys: [{ issuedBy: 'ann' }, { status: 'active' }], next: 3 })
  expect(await operations.listKeys.run(running, { limit: 2, from: 3 }, by)).toMatchObject({ next: null })
  expect((await operations.listKeys.run(running, { status: 'all' })).keys).toHaveLength(5)
  const { entries } = await auditPage(running.store, {})
  expect(entries.map(({ action, actor }) => [action, actor])).toEqual([
    ...Array(5).fill(['$ApiKeyIssued', 'ann']),
    ['$ApiKeyRevoked', 'ann'],
  ])
  const { verifier } = (await Array.fromAsync(running.store.read([{ types: ['$ApiKeyIssued'] }])))[0]!.events[0]!
    .data as { readonly verifier: { readonly hash: string } }
  const told = JSON.stringify([entries, page])
  const secret = key.slice(21)
  for (const kept of [secret, verifier.hash]) expect(told).not.toContain(kept)
  const log = JSON.stringify(await Array.fromAsync(running.store.read('all', { reserved: true })))
  expect(log).not.toContain(secret)
})
