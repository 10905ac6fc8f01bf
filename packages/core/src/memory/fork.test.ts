import type { EventStore, StreamName } from 'indelible'
import { forkOf, memoryStore } from 'indelible/memory'
import { describe, expect, test } from 'vitest'
import { eventStoreContract } from '../testing/contract/event-store.ts'

describe('a fork of an empty log keeps the contract of a store', () => {
  test.each(eventStoreContract)('$name', async ({ run }) => {
    const log = memoryStore()
    const fork = await forkOf(log)
    await run(fork).finally(() => fork.close())
    expect(await log.head()).toEqual({ position: 0, recordedAt: null })
  })
})

const noted = (stream: StreamName, tags: readonly string[] = []) => ({ stream, type: 'Noted', data: { stream }, tags })

async function logOfSix(): Promise<EventStore> {
  const log = memoryStore()
  for (let n = 1; n <= 6; n++) {
    await log.append({ events: [noted(`note-${n % 2 ? 'a' : 'b'}`, [`n:${n}`])], commandId: `c${n}` })
  }
  return log
}

async function positions(store: EventStore, options: Parameters<EventStore['read']>[1] = {}) {
  const found: string[] = []
  for await (const { events } of store.read('all', options))
    for (const { position, stream, version } of events) found.push(`${position} ${stream} ${version}`)
  return found
}

test('a fork has what the log had up to a position, and goes on by itself; the log does not change', async () => {
  const log = await logOfSix()
  const fork = await forkOf(log, { at: 3 })
  expect(await fork.append({ events: [noted('note-b'), noted('note-c')] })).toMatchObject({
    status: 'written',
    firstPosition: 4,
    versions: { 'note-b': 2, 'note-c': 1 },
  })
  const all = ['1 note-a 1', '2 note-b 1', '3 note-a 2', '4 note-b 2', '5 note-c 1']
  expect(await positions(fork)).toEqual(all)
  expect(await positions(fork, { direction: 'backwards', limit: 3 })).toEqual(all.slice(2).reverse())
  expect(await positions(fork, { from: 2, to: 4, limit: 2 })).toEqual(all.slice(1, 3))
  expect((await fork.head()).position).toBe(5)
  expect((await log.head()).position).toBe(6)
  expect(await fork.historyAt(3)).toBe(await log.historyAt(3))
  expect(await fork.historyAt(4)).not.toBe(await log.historyAt(4))
  const replayed: number[] = []
  for await (const batch of fork.replay(['Noted'], { after: 1 }))
    for (let at = 0; at < batch.length; at++) replayed.push(batch.event(at).position)
  expect(replayed).toEqual([2, 3, 4, 5])
})

test('commits on a fork meet what the log had before it, and nothing that came after', async () => {
  const fork = await forkOf(await logOfSix(), { at: 3 })
  const events = [noted('note-a')]
  expect(await fork.append({ events, expected: { 'note-a': 1 } })).toMatchObject({
    status: 'conflict',
    conflict: { cause: 'version', actual: 2 },
  })
  expect(await fork.append({ events, commandId: 'c3' })).toMatchObject({ status: 'duplicate', firstPosition: 3 })
  const met = (tag: string, after = 0) =>
    fork.append({ events, condition: { failIfEventsMatch: [{ tags: [tag] }], after } })
  expect(await met('n:2')).toEqual({ status: 'conflict', conflict: { cause: 'condition', matchedPosition: 2 } })
  expect(await met('n:2', 2)).toMatchObject({ status: 'written', firstPosition: 4 })
  expect(await met('n:5')).toMatchObject({ status: 'written', firstPosition: 5 })
  expect(await fork.findCommit('c5')).toBeUndefined()
  expect(await fork.append({ events, commandId: 'c5', expected: { 'note-a': 4 } })).toMatchObject({
    status: 'written',
    versions: { 'note-a': 5 },
  })
})

test('a fork of a fork, and a follower that begins before the fork', async () => {
  const log = await logOfSix()
  const fork = await forkOf(await forkOf(log, { at: 5 }), { at: 2 })
  await fork.append({ events: [noted('note-d')] })
  const stop = new AbortController()
  const seen: number[] = []
  for await (const { events } of fork.subscribe('all', { after: 0, signal: stop.signal })) {
    seen.push(...events.map(({ position }) => position))
    if (seen.length === 3) await fork.append({ events: [noted('note-e')] })
    if (seen.length === 4) stop.abort()
  }
  expect(seen).toEqual([1, 2, 3, 4])
  await expect(forkOf(log, { at: 7 })).rejects.toMatchObject({ code: 'invalid_position' })
})

test('a follower that finds nothing in the log learns that it has passed it', async () => {
  const fork = await forkOf(await logOfSix(), { at: 5 })
  const stop = new AbortController()
  const passed: number[] = []
  for await (const { events, through } of fork.subscribe([{ types: ['Other'] }], { after: 1, signal: stop.signal })) {
    passed.push(through)
    if (through === 5) await fork.append({ events: [noted('note-d')] })
    if (events.length > 0 || through === 6) stop.abort()
  }
  expect(passed).toEqual([5, 6])
})

test('a fork that is closed answers nothing, and the log goes on', async () => {
  const log = await logOfSix()
  const fork = await forkOf(log, { at: 5 })
  await fork.close()
  const closed = { code: 'store_closed' }
  await expect(fork.positionAt('2020-01-01')).rejects.toMatchObject(closed)
  await expect(fork.historyAt(1)).rejects.toMatchObject(closed)
  await expect(fork.findCommit('c1')).rejects.toMatchObject(closed)
  await expect(positions(fork)).rejects.toMatchObject(closed)
  expect(await positions(log)).toHaveLength(6)
})
