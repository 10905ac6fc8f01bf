// The registry of event types in the log: what a start writes, what a restart does not, and what a log says without its code.
import { aggregate, command, defineSystem, event, type System } from 'indelible'
import { memoryStore } from 'indelible/memory'
import {
  countVersions,
  eventSchemaOf,
  knownEventType,
  knownEventTypes,
  readRegistry,
  registerEventTypes,
} from 'indelible/schema'
import { expect, test } from 'vitest'
import { z } from 'zod'

const opened = z.object({ owner: z.string() })
const Closed = event('Closed', z.object({}), { description: 'The jar is empty and put away.' })

/** A system with one aggregate; `Opened` as it is given. */
function jars(Opened = event('Opened', opened, { personal: ['owner'], tags: { owner: 'owner' } })): System {
  const jar = aggregate('jar', { initialState: {} })
    .on(Opened, (state) => state)
    .on(Closed, (state) => state)
  const Open = jar.command('Open', {
    input: opened,
    emits: [Opened],
    decide: (_state, input) => Opened(input as never),
  })
  const Close = jar.command('Close', { input: z.object({}), emits: [Closed], decide: () => Closed({}) })
  return defineSystem({ name: 'jars', commands: [Open, Close] })
}

const withLid = event('Opened', opened.extend({ lid: z.string().optional() }), {
  personal: ['owner'],
  tags: { owner: 'owner' },
})

test('the first start registers every type in one commit, with everything that is known of it', async () => {
  const store = memoryStore()
  expect(await registerEventTypes(store, jars())).toBe(2)
  const { types } = await readRegistry(store)
  expect(types.get('Opened')).toMatchObject({
    system: 'jars',
    registrations: 1,
    event: {
      type: 'Opened',
      version: 1,
      personal: ['owner'],
      tags: { owner: 'owner' },
      emittedBy: [{ category: 'jar', type: 'Open' }],
      handledBy: [{ kind: 'aggregate', name: 'jar' }],
    },
  })
  expect(types.get('Closed')?.event.description).toBe('The jar is empty and put away.')
  expect([...types.values()].map(({ position }) => position).sort()).toEqual([1, 2])
})

test('large descriptions are registered in several commits', async () => {
  const large = Array.from({ length: 30_000 }, (_, at) => `${at} ${'x'.repeat(80)}`)
  const events = Array.from({ length: 5 }, (_, at) => event(`Large${at}`, z.object({ of: z.enum(large) })))
  const Fill = command('Fill', { category: 'jar', input: z.object({}), consults: {}, emits: events, decide: () => [] })
  const system = defineSystem({ name: 'jars', commands: [Fill] })
  const store = memoryStore()
  const commits: number[] = []
  const append: typeof store.append = async (commit, options) => {
    commits.push(commit.events.length)
    return await store.append(commit, options)
  }
  expect(await registerEventTypes({ read: store.read.bind(store), append }, system)).toBe(5)
  expect(commits).toEqual([3, 2])
  expect((await readRegistry(store)).types.size).toBe(5)
  expect(await registerEventTypes(store, system)).toBe(0)
})

test('a restart with the same code writes nothing, and a changed type alone is registered again', async () => {
  const store = memoryStore()
  await registerEventTypes(store, jars())
  expect(await registerEventTypes(store, jars())).toBe(0)
  expect(await registerEventTypes(store, jars(withLid as never))).toBe(1)
  expect((await store.head()).position).toBe(3)
  const { types } = await readRegistry(store)
  expect(types.get('Opened')?.registrations).toBe(2)
  expect(types.get('Closed')?.registrations).toBe(1)
})

test('of two systems that start at the same time, one registers', async () => {
  const store = memoryStore()
  const written = await Promise.all([registerEventTypes(store, jars()), registerEventTypes(store, jars())])
  expect([...written].sort()).toEqual([0, 2])
  expect((await store.head()).position).toBe(2)
})

test('code that goes back to an older version leaves the newer one in the registry', async () => {
  const store = memoryStore()
  const second = event('Opened', opened)
    .next(opened.extend({ lid: z.string() }))
    .upcast((old) => ({ ...old, lid: 'none' }))
  await registerEventTypes(store, jars())
  await registerEventTypes(store, jars(second as never))
  await registerEventTypes(store, jars())
  const { types } = await readRegistry(store)
  expect(types.get('Opened')).toMatchObject({
    event: { version: 1 },
    versions: [
      { version: 1, position: 1 },
      { version: 2, position: 3 },
    ],
  })
})

test('a log explains itself without the code: types, counts, first and last, also of types that nobody registered', async () => {
  const store = memoryStore()
  await registerEventTypes(store, jars())
  const opening = (id: string) => ({ stream: `jar-${id}`, type: 'Opened', data: { owner: id } }) as const
  await store.append({ events: [opening('1'), opening('2')] })
  await store.append({ events: [{ stream: 'shelf-1', type: 'Dusted', data: {} }] })
  await store.append({ events: [opening('3')] })
  const listed = await knownEventTypes({ store })
  expect(listed.map(({ type, status, count }) => [type, status, count])).toEqual([
    ['Closed', 'registered', 0],
    ['Dusted', 'unknown', 1],
    ['Opened', 'registered', 3],
  ])
  expect(listed[2]).toMatchObject({
    first: { position: 3 },
    last: { position: 6 },
    owners: ['jar'],
    personal: ['owner'],
  })
  expect(await knownEventType({ store }, 'Opened')).toMatchObject({ versions: [{ version: 1 }], system: 'jars' })
  expect(await knownEventType({ store }, 'Dusted')).toMatchObject({ declared: null, versions: [], count: 1 })
  await expect(knownEventType({ store }, 'Opend')).rejects.toMatchObject({ code: 'unknown_event_type' })
})

test('with the code, it says where they differ', async () => {
  const store = memoryStore()
  await registerEventTypes(store, jars())
  const statuses = async (system: System) =>
    (await knownEventTypes({ store, system })).map(({ type, status }) => [type, status])
  expect(await statuses(jars(withLid as never))).toEqual([
    ['Closed', 'registered'],
    ['Opened', 'changed'],
  ])
  const Poured = event('Poured', opened)
  expect(await statuses(jars(Poured as never))).toEqual([
    ['Closed', 'registered'],
    ['Opened', 'retired'],
    ['Poured', 'new'],
  ])
  expect(await knownEventType({ store, system: jars(withLid as never) }, 'Opened')).toMatchObject({
    differences: ['schema'],
  })
})

test('the events of a type are counted by version, as many as may be read', async () => {
  const store = memoryStore()
  for (const schemaVersion of [1, 1, 2, 1])
    await store.append({ events: [{ stream: 'jar-1', type: 'Opened', schemaVersion, data: {} }] })
  expect(await countVersions(store, 'Opened')).toMatchObject({
    counts: [
      { version: 1, count: 3, first: { position: 1 }, last: { position: 4 } },
      { version: 2, count: 1, first: { position: 3 }, last: { position: 3 } },
    ],
    isComplete: true,
  })
  expect(await countVersions(store, 'Opened', { max: 2 })).toMatchObject({
    counts: [{ version: 1, count: 2 }],
    isComplete: false,
  })
})

test('the JSON Schema of a type is a document of its own', async () => {
  const store = memoryStore()
  await registerEventTypes(store, jars())
  const shown = await knownEventType({ store }, 'Opened')
  expect(eventSchemaOf(shown)).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:indelible:event:jars:Opened:1',
    title: 'Opened, version 1',
    type: 'object',
    required: ['owner'],
  })
  expect(() => eventSchemaOf(shown, 2)).toThrow('Its versions are 1, and not 2')
})
