// An index of many pages, and segments of more than one read: long and short lists, hashes with equal upper halves, and event numbers beyond small logs.
import { expect, test } from 'vitest'
import { type Draw, draws, hours, long, seed } from '../../../../scripts/campaign.ts'
import { fileStore } from '../../src/file/event-store.ts'
import type { NewEvent } from '../../src/kernel/events.ts'
import type { Query } from '../../src/kernel/queries.ts'
import type { StreamName } from '../../src/kernel/streams.ts'
import { hashTerm, kindCodes } from '../../src/log/index/terms.ts'
import { memoryStore } from '../../src/memory/event-store.ts'
import type { Commit, EventStore, ReadOptions } from '../../src/store/port.ts'
import { simulatedDisk } from '../crash/simulated-disk.ts'

const events = long ? 120_000 : 24_000
const questions = long ? 40_000 : 4_000
const limits = {
  segmentEventsMax: long ? 70_000 : 15_000,
  unindexedEventsMax: 1,
  indexCacheBytesMax: 64 * 1024,
  recordCacheBytesMax: 0,
}

test(`an index of ${events} events gives the same answers as a list of them`, hours, async () => {
  const next = draws()
  const alike = streamsAlike()
  const streams = [...Array.from({ length: events / 6 }, (_, n) => `s-${n}` as const), ...alike]
  const { disk } = simulatedDisk()
  const model = memoryStore()
  let store = await fileStore({ dir: '/log', disk, limits })
  let appended = 0
  for (let commit = 0; appended < events; commit++) {
    const made = Array.from({ length: 1 + next(20) }, () => eventOf(streams, next))
    const given: Commit = { events: made, ...(next(3) === 0 ? { commandId: `c-${commit}` } : {}) }
    appended += made.length
    const [written] = await Promise.all([store.append(given), model.append(given)])
    if (written.status !== 'written') expect.fail(written.status)
    // Some queries are made before it has an index on disk.
    if (commit % 100 === 0) await ask(store, model, queryOf(streams, next), next)
  }
  await store.close()
  const names = await disk.list('/log')
  const indexes = names.filter((name) => name.endsWith('.idx')).length
  expect(indexes).toBe(names.filter((name) => name.endsWith('.log')).length)
  expect(indexes).toBeGreaterThan(1)
  store = await fileStore({ dir: '/log', disk, limits })
  for (let question = 0; question < questions; question++) await ask(store, model, queryOf(streams, next), next)
  for (const stream of alike) await ask(store, model, [{ streams: [stream] }], next)
  // Read by frames, many of which cross from one piece of the file into the next.
  for (let reading = 0; reading < 12; reading++) {
    const range = { from: reading === 0 ? 1 : 1 + next(appended), to: reading === 0 ? appended : 1 + next(appended) }
    expect(await places(store, 'all', range), JSON.stringify(range)).toBe(await places(model, 'all', range))
  }
  for (let commit = 0; commit < events / 12; commit += 1 + next(40)) {
    const [found, expected] = await Promise.all([store.findCommit(`c-${commit}`), model.findCommit(`c-${commit}`)])
    expect(found?.lastPosition).toBe(expected?.lastPosition)
    expect(found?.versions).toEqual(expected?.versions)
  }
  await store.close()
  console.log(
    `large index: ${appended} events, ${streams.length} streams (${alike.length} with hashes that begin alike), ` +
      `${questions} questions, 0 failures, seed ${seed}`,
  )
})

function eventOf(streams: readonly StreamName[], next: Draw): NewEvent {
  // A few streams are long, most have only some events.
  const stream = streams[next(4) === 0 ? next(5) : next(streams.length)]!
  const metadata = next(3) === 0 ? { metadata: { correlationId: `r-${next(4000)}` } } : {}
  return { stream, type: `T${next(next(2) === 0 ? 3 : 500)}`, data: 0, tags: [`t:${next(9000)}`, 'all'], ...metadata }
}

function queryOf(streams: readonly StreamName[], next: Draw): Query {
  const [stream, other] = [streams[next(streams.length)]!, streams[next(8)]!]
  const queries: readonly Query[] = [
    [{ streams: [stream] }],
    [{ streams: [other] }],
    [{ streams: [stream, other] }],
    [{ types: [`T${next(600)}`] }],
    [{ types: ['T1'], streams: [other] }],
    [{ tags: [`t:${next(10_000)}`] }],
    [{ tags: ['all'], streams: [stream] }],
    [{ correlationIds: [`r-${next(5000)}`] }],
    [{ categories: ['s'], tags: [`t:${next(9000)}`] }],
  ]
  return queries[next(queries.length)]!
}

async function ask(store: EventStore, model: EventStore, query: Query, next: Draw): Promise<void> {
  const { position: head } = await model.head()
  const options: ReadOptions = {
    limit: 1 + next(200),
    direction: next(2) === 0 ? 'forwards' : 'backwards',
    ...(next(3) === 0 ? { from: 1 + next(head) } : {}),
    ...(next(3) === 0 ? { to: 1 + next(head) } : {}),
  }
  const [found, expected] = [await places(store, query, options), await places(model, query, options)]
  if (found !== expected) expect(found, JSON.stringify({ query, options })).toBe(expected)
}

async function places(store: EventStore, query: Query, options: ReadOptions): Promise<string> {
  const found: string[] = []
  for await (const { events } of store.read(query, options)) {
    for (const { position, stream, version, type } of events) found.push(`${position} ${stream} ${version} ${type}`)
  }
  return found.join('\n')
}

/** Pairs of streams whose hashes have the same upper half, by which the directory is ordered. */
function streamsAlike(): StreamName[] {
  const byHash = new Map<number, StreamName>()
  const found: StreamName[] = []
  for (let n = 0; found.length < 8; n++) {
    const stream = `alike-${n}` as const
    const bytes = Buffer.from(stream)
    const hash = { high: 0, low: 0 }
    hashTerm(kindCodes.stream, bytes, 0, bytes.length, hash)
    const other = byHash.get(hash.high)
    if (other) found.push(other, stream)
    byHash.set(hash.high, stream)
  }
  return found
}
