// Whatever has become of the events: what is decided on, replayed, continued from a snapshot, looked up in the past and projected is the same, and is what the model says.
import { readdirSync } from 'node:fs'
import { type EventStore, liveModel, startSystem } from 'indelible'
import { fileStore, rebuildIndex } from 'indelible/file'
import { historyOf, stateAsOf, viewAsOf } from 'indelible/history'
import { memorySnapshots, memoryStore, memoryTables } from 'indelible/memory'
import { expect, test } from 'vitest'
import { draws, long, seed } from '../../../scripts/campaign.ts'
import { temporaryDirectory } from '../src/file/test-support.ts'
import { EvolvingSystem, type Seen } from './evolving-systems.ts'
import { patience } from './patience.ts'
import { parts } from './till.ts'

const rounds = long ? 300 : 3
const streams = ['a', 'b', 'c']

test.each(['memory', 'file with columns'] as const)(
  'states, snapshots, the past and tables agree with the model: %s',
  async (kind) => {
    console.log(`evolution, ${kind}: ${rounds} systems, seed ${seed}`)
    for (let round = 0; round < rounds; round++) await oneSystem(kind, seed + round)
  },
  long ? 60 * 60_000 : 60_000,
)

async function oneSystem(kind: 'memory' | 'file with columns', from: number): Promise<void> {
  const draw = draws(from)
  const drawn = EvolvingSystem.drawn(draw, { changes: 2 + draw(6), events: 100 + draw(150) })
  const { history } = drawn
  const streamOf = history.map(() => streams[draw(streams.length)]!)
  const dir = temporaryDirectory()
  const hasColumns = kind === 'file with columns'
  const limits = { segmentEventsMax: 40, columnsShareMax: 0 }
  let store = hasColumns ? await fileStore({ dir, limits }) : memoryStore()
  for (let at = 0; at < history.length; ) {
    const to = Math.min(history.length, at + 1 + draw(9))
    const events = history
      .slice(at, to)
      .map((each, index) => ({ ...each, stream: `thing-${streamOf[at + index]}` as const }))
    await store.append({ events })
    at = to
  }
  if (hasColumns) {
    await store.close()
    await rebuildIndex({ dir })
    const columns = readdirSync(dir).filter((file) => file.endsWith('.col'))
    if (history.length > 100) expect(columns.length, `seed ${from}`).toBeGreaterThan(0)
    store = await fileStore({ dir })
  }
  const { thing, things, byType, Do, system } = drawn.declare()
  /** What the model says of a stream, up to a position. */
  const seenIn = (id: string, to = history.length) =>
    drawn.seen.slice(0, to).flatMap((seen, index) => (streamOf[index] === id ? seen : []))
  const rowsAt = (to: number) =>
    streams.map((id) => ({ id, seen: seenIn(id, to) })).filter(({ seen }) => seen.length > 0)
  const sumsAt = (to: number) => {
    const sums = new Map<string, number>()
    for (const [type, n, ...steps] of drawn.seen.slice(0, to).flat())
      sums.set(type, (sums.get(type) ?? 0) + n * (1 + steps.length))
    return [...sums].map(([type, sum]) => ({ type, sum })).sort((a, b) => (a.type < b.type ? -1 : 1))
  }
  const what = `seed ${from}, ${kind}`

  const snapshots = memorySnapshots()
  const shared = { ...parts({ store: kept(store), snapshots }), tables: memoryTables() }
  const running = startSystem(system, { ...shared, readChecks: { oneIn: 1, onInvalid: 'error' } })
  for (const each of [things, byType]) await running.waitFor(each, history.length, patience)
  expect(await running.select(things), what).toEqual(rowsAt(history.length))
  expect(await running.select(byType), what).toEqual(sumsAt(history.length))
  for (const each of [things, byType]) {
    expect(await running.verifyTable(each), what).toMatchObject({ differing: 0 })
    await running.rebuild(each)
  }
  expect(await running.select(things), what).toEqual(rowsAt(history.length))
  expect(await running.select(byType), what).toEqual(sumsAt(history.length))
  const model = await liveModel(byType, store)
  expect(
    [...model.rows()].sort((a, b) => (a.type < b.type ? -1 : 1)),
    what,
  ).toEqual(sumsAt(history.length))
  await model.close()

  // The past, at every version of one stream, and of the tables at some positions.
  const id = streams[draw(3)]!
  const positions = streamOf.flatMap((each, index) => (each === id ? [index + 1] : []))
  for (const [index, position] of positions.entries()) {
    const asOf = draw(2) ? { version: index + 1 } : { position }
    const past = await stateAsOf(store, thing, { id, asOf })
    expect(past, what).toMatchObject({ state: { seen: seenIn(id, position) }, version: index + 1, position })
  }
  for (const to of [draw(history.length), draw(history.length)].filter(Boolean)) {
    expect(await viewAsOf(store, things, { asOf: { position: to } }), what).toEqual(rowsAt(to))
    expect(await viewAsOf(store, byType, { asOf: { position: to } }), what).toEqual(sumsAt(to))
  }
  const told = await historyOf(store, { aggregate: thing as never, id })
  expect(told.length, what).toBe(seenIn(id).length)

  // A decision is on the replayed state. Its snapshot is then where others begin.
  const own: Seen[] = []
  const [first] = system.events
  const wanted = 100 - (positions.length % 100)
  for (let n = 0; n < wanted; n++) {
    expect(await running.send(Do(id, {})), what).toMatchObject({
      status: 'accepted',
      version: positions.length + n + 1,
    })
    own.push([Do.emits[0]!.type, 0])
  }
  expect(first).toBeDefined()
  const state = { seen: [...seenIn(id), ...own] }
  expect((await stateAsOf(store, thing, { id, snapshots })).state, what).toEqual(state)
  expect((await stateAsOf(store, thing, { id })).state, what).toEqual(state)
  await running.close()
  const again = startSystem(system, shared)
  expect(await again.send(Do(id, {})), what).toMatchObject({ version: positions.length + wanted + 1 })
  expect((await stateAsOf(store, thing, { id, snapshots })).state, what).toEqual({ seen: [...state.seen, own[0]!] })
  await again.close()
  await store.close()
}

/** The store outlives the system. */
function kept(store: EventStore): EventStore {
  const methods = ['append', 'findCommit', 'read', 'replay', 'subscribe', 'head', 'positionAt', 'historyAt', 'health']
  const bound = methods.map((name) => {
    const method = (store as unknown as Record<string, (...given: unknown[]) => unknown>)[name]!
    return [name, (...given: unknown[]) => method.apply(store, given)] as const
  })
  return { ...Object.fromEntries(bound), close: async () => {} } as never
}
