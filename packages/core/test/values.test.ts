// What code sees of an event and of a state is the same whether it was just made, read again from the log, or loaded from a snapshot.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import {
  aggregate,
  type DomainEvent,
  defineSystem,
  event,
  type RunningSystem,
  refusal,
  type SnapshotStore,
  type SystemNotice,
  startSystem,
} from 'indelible'
import { fileSnapshots, fileStore } from 'indelible/file'
import { stateAsOf } from 'indelible/history'
import { memorySnapshots, memoryStore } from 'indelible/memory'
import { stateAfter } from 'indelible/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parts } from './till.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'indelible-values-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const Noted = event('Noted', z.any())
/** What an evolve handler sees of events, as text that shows every difference. */
const seen = (data: unknown, { data: _, ...rest }: DomainEvent) => `${kinds(data)} ${JSON.stringify(rest)}`

/** JSON, with the type of values that are not JSON. */
function kinds(value: unknown): string {
  return value instanceof Uint8Array ? `${value.constructor.name} ${[...value]}` : JSON.stringify(value)
}

const notes = aggregate('notes', { initialState: { seen: [] as string[] } }).on(Noted, (state, data, event) => ({
  seen: [...state.seen, seen(data, event)],
}))
const tags = z.array(z.string())
const Note = notes.command('Note', {
  input: z.object({ data: z.any(), tags: tags.optional(), validAt: z.string().optional() }),
  emits: [Noted],
  decide: (_state, { data, tags, validAt }) =>
    Noted(data, { ...(tags ? { tags } : {}), ...(validAt ? { validAt } : {}) }),
})
const Told = refusal('Told', z.object({ seen: z.array(z.string()) }))
const Tell = notes.command('Tell', { input: z.object({}), emits: [], refuses: [Told], decide: (state) => Told(state) })
const system = defineSystem({ name: 'notes', commands: [Note, Tell] })

const told = async (running: RunningSystem) => {
  const outcome = await running.send(Tell('1', {}))
  return outcome.status === 'refused' ? outcome.details.seen : outcome
}

describe('live, replayed and snapshot values are equal', () => {
  const json = fc.jsonValue({ depthSize: 'small' })
  const bytes = fc.uint8Array({ maxLength: 5 })
  const odd = fc.constantFrom<unknown>({ gone: undefined }, [-0], Buffer.from('ü'), { toJSON: 'text' }, '\ud800')
  const note = fc.record(
    {
      data: fc.oneof(json, bytes, odd),
      tags: fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }),
      validAt: fc.constantFrom('1993-01-31', '2020-02-29T10:00:00+01:00'),
    },
    { requiredKeys: ['data'] },
  )
  const options = fc.constantFrom({}, { validAt: '1987-11-07' })

  for (const domainCode of ['watched', 'trusted'] as const) {
    test(`for any data, bytes, tags and times: ${domainCode}`, async () => {
      let run = 0
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(note, options), { minLength: 1, maxLength: 6 }), async (given) => {
          const log = join(dir, `log-${++run}`)
          const snapshots = memorySnapshots()
          const open = async (also = {}) =>
            startSystem(system, parts({ store: await fileStore({ dir: log }), domainCode, ...also }))
          let running = await open({ snapshots })
          for (const [input, options] of given) await running.send(Note('1', input), options)
          const live = await told(running)
          // Up to the event at which a snapshot is made.
          for (let n = given.length; n < 100; n++) await running.send(Note('1', { data: n }))
          const whole = await told(running)
          await running.close()

          running = await open()
          const replayed = (await told(running)) as string[]
          expect(replayed.slice(0, given.length)).toEqual(live)
          expect(replayed).toEqual(whole)
          expect((await stateAsOf(running.store, notes, { id: '1' })).state.seen).toEqual(whole)
          await running.close()

          running = await open({ snapshots })
          expect(await told(running)).toEqual(whole)
          await running.close()
        }),
        { numRuns: 15 },
      )
    })
  }

  test('bytes are bytes in decisions, also in specifications of the domain', async () => {
    await using running = startSystem(system, parts())
    await running.send(Note('1', { data: new Uint8Array([1, 255]) }))
    const bytes = ['Uint8Array 1,255 {"type":"Noted","schemaVersion":1,"tags":[]}']
    expect(await told(running)).toEqual(bytes)
    expect(stateAfter(notes, [Noted(new Uint8Array([1, 255]))]).seen).toEqual(bytes)
  })
})

describe('a state that JSON would change', () => {
  const Added = event('Added', z.object({ n: z.int() }))
  type State = Record<string, unknown>

  /** Sends 120 commands to a thing, restarts, and returns what was stored and reported. */
  async function tried(initial: unknown, evolve: (state: State, n: number) => unknown) {
    const thing = aggregate('thing', { initialState: initial as State }).on(
      Added,
      (state, { n }) => evolve(state, n) as State,
    )
    const Add = thing.command('Add', { input: Added.schema, emits: [Added], decide: (_state, data) => Added(data) })
    const Seen = refusal('Seen', z.object({ state: z.string() }))
    const Look = thing.command('Look', {
      input: z.object({}),
      emits: [],
      refuses: [Seen],
      decide: (state) => Seen({ state: inspect(state, { depth: 4, showHidden: true }) }),
    })
    const things = defineSystem({ name: 'things', commands: [Add, Look] })
    const notices: SystemNotice[] = []
    const kept: unknown[] = []
    const files = fileSnapshots({ dir: join(dir, 'snapshots') })
    const snapshots: SnapshotStore = {
      ...files,
      async save(snapshot) {
        kept.push(snapshot)
        await files.save(snapshot)
      },
    }
    const store = memoryStore()
    const shared = { store, snapshots, onNotice: (notice: SystemNotice) => notices.push(notice) }
    const first = startSystem(things, parts(shared))
    for (let n = 1; n <= 220; n++)
      expect(await first.send(Add('1', { n }))).toMatchObject({ status: 'accepted', version: n })
    const live = await first.send(Look('1', {}))
    const again = await startSystem(things, parts(shared)).send(Look('1', {}))
    expect(live.status === 'refused' && live.details).toEqual(again.status === 'refused' && again.details)
    return { kept: kept.length, reasons: notices.map((notice) => ('reason' in notice ? notice.reason : notice.kind)) }
  }
  class Money {
    readonly cents: number
    constructor(cents: number) {
      this.cents = cents
    }
  }

  test.each<[string, unknown, (state: State, n: number) => unknown]>([
    ['holes in a list', {}, (_state, n) => ({ seats: Object.assign([], { [n]: n }) })],
    ['a list with a member', {}, (_state, n) => ({ list: Object.assign([n], { total: n }) })],
    ['a list of a class of its own', {}, (_state, n) => ({ list: new (class Line extends Array {})(n) })],
    ['a dictionary without prototype', {}, (_state, n) => ({ by: Object.assign(Object.create(null), { [n]: n }) })],
    ['a member that is undefined', {}, (_state, n) => ({ n, gone: undefined })],
    ['a member named by a symbol', {}, (_state, n) => ({ n, [Symbol.for('t')]: n })],
    ['a member that is not enumerable', {}, (_state, n) => Object.defineProperty({ n }, 'hidden', { value: n })],
    ['a member that is computed', {}, (_state, n) => ({ n, get twice() { return 2 * n } })], // biome-ignore format: one line a case
    ['a Map', {}, (_state, n) => ({ by: new Map([[n, n]]) })],
    ['a Date', {}, (_state, n) => ({ at: new Date(n) })],
    ['an object of a class', {}, (_state, n) => ({ money: new Money(n) })],
    ['minus zero', {}, () => ({ n: -0 })],
    ['NaN', {}, () => ({ n: Number.NaN })],
    ['a BigInt', { cents: 0n }, (state, n) => ({ cents: (state.cents as bigint) + BigInt(n) })],
    ['itself', {}, (_state, n) => { const state: State = { n }; state.self = state; return state }], // biome-ignore format: one line a case
    [
      'a state that grows deeper with each event',
      {},
      (state, n) => ({ before: n % 2000 === 0 ? null : nested(state, 12) }),
    ],
  ])('gets no snapshot, every command succeeds, and it is told once: %s', async (_what, initial, evolve) => {
    const { kept, reasons } = await tried(initial, evolve)
    expect(kept).toBe(0)
    expect(reasons).toHaveLength(1)
    expect(reasons[0]).toMatch(/^the state (contains|refers to itself|has)/)
  })

  /** The state this many levels deeper. */
  function nested(state: unknown, levels: number): unknown {
    let outer = state
    for (let level = 0; level < levels; level++) outer = { inner: outer }
    return outer
  }

  test.each<[string, (state: State, n: number) => unknown]>([
    ['a member called __proto__', (_state, n) => ({ by: JSON.parse(`{"__proto__":${n}}`) })],
    ['half of a surrogate pair', (_state, n) => ({ t: `\ud800${n}` })],
    ['lists in lists, and null', (_state, n) => ({ list: [[n], null, [[]], {}] })],
  ])('but one that JSON gives back as it was has its snapshots: %s', async (_what, evolve) => {
    expect(await tried({}, evolve)).toEqual({ kept: 2, reasons: [] })
  })

  test('a snapshot that cannot be saved fails no command, however it fails, and neither does the observer', async () => {
    const { store, snapshots } = parts()
    for (const [failing, save] of Object.entries({
      rejects: async () => Promise.reject(new Error('no space')),
      throws: () => {
        throw new Error('no space')
      },
    })) {
      const notices: SystemNotice[] = []
      const running = startSystem(
        system,
        parts({
          store,
          snapshots: { ...snapshots, save },
          onNotice: (notice) => {
            notices.push(notice)
            throw new Error('whoever is told fails too')
          },
        }),
      )
      for (let n = 0; n < 250; n++) {
        expect(await running.send(Note(failing, { data: n }))).toMatchObject({ status: 'accepted' })
      }
      expect(notices).toEqual([{ kind: 'no snapshot', name: 'notes', stream: `notes-${failing}`, reason: 'no space' }])
    }
  })
})

test('snapshots that cannot be loaded, or never load, block no command', async () => {
  const never = new Promise<never>(() => {})
  const { store } = parts()
  const { save, load } = memorySnapshots()
  const failing: SnapshotStore[] = [
    { save, load: () => never },
    { save, load: async () => Promise.reject(new Error('no access')) },
    { save: () => never, load },
  ]
  for (const snapshots of failing) {
    const notices: SystemNotice[] = []
    const kept = { ...store, close: async () => {} }
    const running = startSystem(system, parts({ store: kept, snapshots, onNotice: (notice) => notices.push(notice) }))
    for (let n = 0; n < 101; n++)
      expect(await running.send(Note('slow', { data: n }))).toMatchObject({ status: 'accepted' })
    expect(notices).toMatchObject([{ kind: 'no snapshot', reason: expect.stringMatching(/did not answer|no access/) }])
    await running.close()
  }
})

test('an input that cannot be copied is refused before anything is written', async () => {
  await using running = startSystem(system, parts())
  await expect(running.send(Note('1', { data: () => {} }))).rejects.toMatchObject({ code: 'invalid_command' })
  expect((await running.store.head()).position).toBe(0)
})

test.each(['memory', 'file'])(
  'recorded data does not change with the Buffer that was given: %s store',
  async (kind) => {
    const store = kind === 'memory' ? memoryStore() : await fileStore({ dir: join(dir, 'log') })
    const [data, metadata] = [Buffer.from([1, 2]), Buffer.from('{"a":1}')]
    const appended = store.append({ events: [{ stream: 'notes-1', type: 'Noted', data, metadata }] })
    data.fill(9)
    metadata.fill(9)
    await appended
    data.fill(8)
    const [batch] = await Array.fromAsync(store.read('all'))
    expect(kinds(batch!.events[0]!.data)).toBe('Uint8Array 1,2')
    expect(batch!.events[0]!.metadata).toEqual({ a: 1 })
    await store.close?.()
  },
)

class Point {
  readonly x = 1
}

test.each<[string, unknown, string]>([
  ['a Date', new Date(0), 'they are a Date'],
  ['a Date in an object', { at: new Date(0) }, '"at" is a Date'],
  ['NaN', { list: [1, Number.NaN] }, '"list[1]" is NaN'],
  ['an infinite number', Number.POSITIVE_INFINITY, 'they are Infinity'],
  ['a Map', { by: new Map() }, '"by" is a Map'],
  ['a Set', [new Set([1])], '"[0]" is a Set'],
  ['an object of a class', { at: [{ point: new Point() }] }, '"at[0].point" is a Point'],
  ['bytes that are not all of it', { nested: new Uint8Array([1, 2]) }, '"nested" is a Uint8Array'],
  ['numbers in an array of theirs', new Float64Array([1]), 'they are a Float64Array'],
  ['a BigInt', { n: 1n }, '"n" is a bigint'],
  ['a function', { n: { toJSON: () => 1 } }, '"n.toJSON" is a function'],
  ['a symbol', { n: Symbol('n') }, '"n" is a symbol'],
])('data that JSON would change are refused when the event is made: %s', async (_what, data, told) => {
  const message = `The data of Noted are not JSON: ${told}. Use text or finite numbers, such as an ISO date.`
  expect(() => Noted(data)).toThrow(expect.objectContaining({ code: 'invalid_event', message }))
  const Make = notes.command('Make', { input: z.object({}), emits: [Noted], decide: () => Noted(data) })
  await using running = startSystem({ ...system, commands: [Make] }, parts())
  await expect(running.send(Make('1', {}))).rejects.toMatchObject({ code: 'invalid_event', message })
  expect((await running.store.head()).position).toBe(0)
})

let asked = 0
const answering: [string, () => DomainEvent][] = [
  ['by a getter', () => Noted({ get n() { return ++asked } })], // biome-ignore format: one line a case
  // Made by hand, past the checks of its type.
  ['by toJSON', () => ({ ...Noted({}), data: { n: { toJSON: () => ++asked } } })],
]
test.each(answering)('data that change with each access are recorded as they were folded: %s', async (_how, decide) => {
  const Count = notes.command('Count', { input: z.object({}), emits: [Noted], decide: decide as () => never })
  await using running = startSystem({ ...system, commands: [Count, Tell] }, parts())
  await running.send(Count('1', {}))
  const live = await told(running)
  expect((await stateAsOf(running.store, notes, { id: '1' })).state.seen).toEqual(live)
})

test.each(['watched', 'trusted'] as const)(
  'an input that its caller changes while the command waits is decided as it was validated: %s',
  async (domainCode) => {
    // Some schemas return the value that they were given.
    const positive = z.custom<{ amount: number }>((given) => (given as { amount: number }).amount > 0)
    const Pay = notes.command('Pay', { input: positive, emits: [Noted], decide: (_state, data) => Noted(data) })
    await using running = startSystem({ ...system, commands: [Pay, Tell] }, parts({ domainCode }))
    const input = { amount: 5 }
    const sent = running.send(Pay('1', input))
    input.amount = -5
    await sent
    expect(await told(running)).toEqual([expect.stringContaining('{"amount":5}')])
  },
)

test('an impossible stream name in a query is an error', async () => {
  const store = memoryStore()
  for (const stream of ['notes-', 'notes- ', 'notes'] as never[]) {
    await expect(Array.fromAsync(store.read([{ streams: [stream] }]))).rejects.toMatchObject({
      code: 'invalid_stream_name',
    })
  }
})

test('options and metadata that are not objects are refused', async () => {
  await using running = startSystem(system, parts())
  for (const odd of [null, 5, 'text', [], () => {}] as never[]) {
    for (const options of [odd, { metadata: odd }])
      await expect(running.send(Note('1', { data: 1 }), options)).rejects.toMatchObject({ code: 'invalid_command' })
  }
})
