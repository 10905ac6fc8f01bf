// What differs between two points of history, and who made a value what it is: of states and of rows.
import { bigint, event, projection, text } from 'indelible'
import { blame, diffRows, diffStates, historyOf } from 'indelible/history'
import { memoryStore } from 'indelible/memory'
import { manualClock } from 'indelible/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { aggregate, defineSystem, startSystem } from '../src/index.ts'

const Moved = event('Moved', z.object({ street: z.string(), city: z.string() }))
const Renamed = event('Renamed', z.object({ name: z.string(), reason: z.string().optional() }))
const initialState = { name: '', address: null as { street: string; city: string } | null }
const person = aggregate('person', { initialState })
  .on(Moved, (state, address) => ({ ...state, address }))
  .on(Renamed, (state, { name }) => ({ ...state, name }))
const Move = person.command('Move', { input: Moved.schema, emits: [Moved], decide: (_state, data) => Moved(data) })
const Rename = person.command('Rename', {
  input: Renamed.schema,
  emits: [Renamed],
  decide: (_state, data) => Renamed(data),
})
const people = projection('people', { table: { id: text().key(), name: text(), moves: bigint() } })
  .on(Renamed, { initial: (_key, _data, { streamId }) => ({ id: streamId, name: '', moves: 0 }) }, (row, { name }) =>
    name === 'gone' ? null : { ...row, name },
  )
  .on(Moved, (row) => ({ ...row, moves: row.moves + 1 }))

async function town() {
  const clock = manualClock('2026-01-10T00:00:00Z')
  const store = memoryStore({ clock })
  const running = startSystem(defineSystem({ name: 'town', commands: [Move, Rename], projections: [people] }), {
    store,
    clock,
  })
  const day = () => clock.advance(86_400_000)
  await running.send(Rename('a', { name: 'Ann' }), { actor: 'clerk', commandId: 'c-1', correlationId: 'r-1' })
  day()
  await running.send(Move('a', { street: 'Lane 1', city: 'Brno' }), { actor: 'ann' })
  day()
  await running.send(Move('a', { street: 'Road 2', city: 'Brno' }), {
    actor: 'ann',
    metadata: { reason: 'a larger flat' },
  })
  day()
  // Recorded last, but true before both moves.
  await running.send(Rename('a', { name: 'Anna', reason: 'the papers say so' }), {
    actor: 'clerk',
    validAt: '2026-01-10',
  })
  return { store, running }
}

test('the history of a field, with who changed it and why; a late correction is shown as one', async () => {
  const { store, running } = await town()
  const names = await historyOf(store, { aggregate: person, id: 'a', field: 'name' })
  expect(names.map(({ field, before, after }) => ({ field, before, after }))).toEqual([
    { field: 'name', before: '', after: 'Ann' },
    { field: 'name', before: 'Ann', after: 'Anna' },
  ])
  expect(names[0]!.cause).toMatchObject({
    event: 'Renamed',
    actor: 'clerk',
    commandId: 'c-1',
    correlationId: 'r-1',
    isLate: false,
  })
  expect(names[1]!.cause).toMatchObject({
    reason: 'the papers say so',
    validAt: '2026-01-10',
    isLate: true,
    position: 4,
  })
  const cities = await historyOf(store, { aggregate: person, id: 'a', field: 'address/city' })
  expect(cities.map(({ cause }) => cause.position)).toEqual([2])
  const all = await historyOf(store, { aggregate: person, id: 'a', asOf: { version: 3 } })
  expect(all.map(({ field, cause }) => [field, cause.version])).toEqual([
    ['name', 1],
    ['address', 2],
    ['address/street', 3],
  ])
  await running.close()
})

test('blame names for each field the event that set it, and what it was before', async () => {
  const { store, running } = await town()
  const blamed = await blame(store, { aggregate: person, id: 'a' })
  expect(blamed.map(({ field, value, before, cause }) => [field, value, before, cause.version])).toEqual([
    ['name', 'Anna', 'Ann', 4],
    ['address/street', 'Road 2', 'Lane 1', 3],
    ['address/city', 'Brno', undefined, 2],
  ])
  expect(blamed[1]!.cause).toMatchObject({ actor: 'ann', reason: 'a larger flat' })
  expect(
    await blame(store, { aggregate: person, id: 'a', field: 'name', asOf: { recordedAt: '2026-01-10' } }),
  ).toMatchObject([{ field: 'name', value: 'Ann', before: '', cause: { actor: 'clerk', version: 1 } }])
  expect(await blame(store, { aggregate: person, id: 'nobody' })).toEqual([])
  await running.close()
})

test('the state at two points, and the events between them', async () => {
  const { store, running } = await town()
  const { changes, events } = await diffStates(store, person, {
    id: 'a',
    from: { version: 2 },
    to: { recordedAt: '2026-01-12' },
  })
  expect(changes).toEqual([{ field: 'address/street', before: 'Lane 1', after: 'Road 2' }])
  expect(events).toMatchObject([{ version: 3, isIn: 'to', isLate: false }])
  const back = await diffStates(store, person, { id: 'a', from: { version: 4 }, to: { version: 3 } })
  expect([back.changes, back.events]).toMatchObject([
    [{ before: 'Anna', after: 'Ann' }],
    [{ version: 4, isIn: 'from' }],
  ])
  await running.close()
})

test('what we knew then about a day, and what we know now about it, differ by the late correction', async () => {
  const { store, running } = await town()
  const about = { validAt: '2026-01-10' }
  const { from, to, changes, events } = await diffStates(store, person, {
    id: 'a',
    from: { recordedAt: '2026-01-11', ...about },
    to: about,
  })
  expect([from.state, to.state]).toEqual([
    { name: 'Ann', address: null },
    { name: 'Anna', address: null },
  ])
  expect(changes).toEqual([{ field: 'name', before: 'Ann', after: 'Anna' }])
  expect(events).toMatchObject([{ version: 4, isLate: true, reason: 'the papers say so' }])
  expect(await running.select(people, { asOf: { recordedAt: '2026-01-11', ...about } })).toEqual([
    { id: 'a', name: 'Ann', moves: 0 },
  ])
  expect(await running.select(people, { asOf: about })).toEqual([{ id: 'a', name: 'Anna', moves: 0 }])
  await running.close()
})

test('rows have a history, a blame and a diff too', async () => {
  const { store, running } = await town()
  const key = { id: 'a' }
  const changes = await historyOf(store, { projection: people, key, field: 'moves' })
  expect(changes.map(({ before, after, cause }) => [before, after, cause.event])).toEqual([
    [undefined, 0, 'Renamed'],
    [0, 1, 'Moved'],
    [1, 2, 'Moved'],
  ])
  const blamed = await blame(store, { projection: people, key })
  expect(blamed.map(({ field, value, before, cause }) => [field, value, before, cause.position])).toEqual([
    ['id', 'a', undefined, 1],
    ['name', 'Anna', 'Ann', 4],
    ['moves', 2, 1, 3],
  ])
  await running.send(Rename('b', { name: 'Ben' }))
  await running.send(Rename('a', { name: 'gone' }))
  expect(await diffRows(store, people, { from: { position: 1 }, to: { position: 5 } })).toEqual({
    added: [{ id: 'b', name: 'Ben', moves: 0 }],
    removed: [],
    changed: [
      {
        key,
        changes: [
          { field: 'name', before: 'Ann', after: 'Anna' },
          { field: 'moves', before: 0, after: 2 },
        ],
      },
    ],
  })
  expect(await diffRows(store, people, { from: { position: 4 } })).toMatchObject({
    removed: [{ id: 'a', name: 'Anna' }],
  })
  expect(await blame(store, { projection: people, key })).toEqual([])
  await running.close()
})

test('the command and its code are found at the first event of the commit', async () => {
  const store = memoryStore()
  const metadata = { commandId: 'c-1', command: { type: 'Rename', code: 'abc' } }
  await store.append({
    commandId: 'c-1',
    events: [
      { stream: 'person-b', type: 'Renamed', data: { name: 'Ben' }, metadata },
      { stream: 'person-a', type: 'Renamed', data: { name: 'Ann' }, metadata: { commandId: 'c-1' } },
    ],
  })
  const [name] = await blame(store, { aggregate: person, id: 'a', field: 'name' })
  expect(name!.cause).toMatchObject({ command: 'Rename', code: 'abc', commandId: 'c-1', position: 2 })
})

test('who takes the last field out of a list or an object made it empty; what objects inherit is no field', async () => {
  const Kept = event('Kept', z.object({ list: z.array(z.string()), words: z.record(z.string(), z.int()) }))
  const shelf = aggregate('shelf', { initialState: { list: ['a'], words: {} as Record<string, number> } }).on(
    Kept,
    (_state, data) => data,
  )
  const store = memoryStore()
  const kept = (list: readonly string[], words: object) =>
    store.append({ events: [{ stream: 'shelf-a', ...Kept({ list: [...list], words: { ...words } as never }) }] })
  await kept(['a'], { constructor: 1 })
  await kept([], { constructor: 1 })
  await kept([], {})
  const fields = await blame(store, { aggregate: shelf, id: 'a' })
  expect(fields.map(({ field, value, before, cause }) => [field, value, before, cause.position])).toEqual<unknown>([
    ['list', [], ['a'], 2],
    ['words', {}, { constructor: 1 }, 3],
  ])
  const words = await historyOf(store, { aggregate: shelf, id: 'a', field: 'words' })
  expect(words.map(({ field, before, after }) => [field, before, after])).toEqual([
    ['words/constructor', undefined, 1],
    ['words/constructor', 1, undefined],
  ])
})
