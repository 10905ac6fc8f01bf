// The file store against the memory store: random calls, in any order of disk answers, over reopens, crashes and lost indexes, with limits so small
// that every cache and queue is always full.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hours, long, seed } from '../../../../scripts/campaign.ts'
import { fileStore } from '../../src/file/event-store.ts'
import type { Query } from '../../src/kernel/queries.ts'
import type { StreamName } from '../../src/kernel/streams.ts'
import type { Disk, DiskFile } from '../../src/log/disk/disk.ts'
import type { LogLimits } from '../../src/log/limits.ts'
import { memoryStore } from '../../src/memory/event-store.ts'
import type { AppendOutcome, Commit, EventStore, ReadOptions, WrittenCommit } from '../../src/store/port.ts'
import { sequentialIds } from '../../src/testing/clock.ts'
import { crashAfter, type DiskImage, type SimulatedDisk, simulatedDisk } from '../crash/simulated-disk.ts'
import { read, soon, told } from './support.ts'

const stepsMin = long ? 2_000_000 : 12_000
const commandIds = ['c-1', 'c-2', 'c-ü', 'c-4', 'c-5', 'c-6']

const stream = fc.constantFrom<StreamName>('a-1', 'a-2', 'b-ü', 'c-x', 'c-y-z')
const type = fc.constantFrom('Opened', 'Moved', 'Größe')
const tags = fc.uniqueArray(fc.constantFrom('x', 'y:1', 'ü'), { maxLength: 2 })
const correlationId = fc.constantFrom('r-1', 'r-2')
const data = fc.oneof(
  { weight: 6, arbitrary: fc.nat() },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  { weight: 1, arbitrary: fc.nat(900).map((length) => 'x'.repeat(length)) },
)
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 })
/** Without the keys whose value is left out. */
const record = <Value>(fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc
    .record(fields)
    .map((made) => Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined)) as Value)
const list = <Value>(value: fc.Arbitrary<Value>) => fc.uniqueArray(value, { minLength: 1, maxLength: 2 })

const item = fc.oneof(
  record({ streams: list(stream) }),
  record({ categories: list(fc.constantFrom('a', 'b', 'nobody')) }),
  record({ types: list(type) }),
  record({ tags: list(fc.constantFrom('x', 'y:1', 'nobody')) }),
  record({ correlationIds: list(correlationId) }),
  record({ streams: list(stream), types: list(type) }),
  record({ categories: fc.constant(['a', 'c']), tags: list(fc.constantFrom('x', 'ü')), types: optional(list(type)) }),
  record({ correlationIds: list(correlationId), tags: fc.constant(['x']) }),
  record({ categories: fc.constantFrom(['$s'], ['$'], ['a', '$s']), tags: optional(list(fc.constantFrom('x', 'ü'))) }),
)
const query = fc.oneof(fc.constant('all'), fc.array(item, { minLength: 1, maxLength: 2 })) as fc.Arbitrary<Query>
const names = fc.oneof(
  { weight: 3, arbitrary: fc.record({ stream, type }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom({ stream: '$s-1' as const, type: '$T' }, { stream: '$s-2' as const, type: '$U' }),
  },
)
const facts = record<Omit<Commit['events'][number], 'stream' | 'type'>>({
  data,
  tags,
  metadata: optional(
    fc.oneof(
      fc.constant({ note: 'ü', n: 1 }),
      correlationId.map((correlationId) => ({ correlationId })),
    ),
  ),
  validAt: optional(fc.constantFrom('1993-01-31', '2026-11-23T04:28:43.125Z')),
  schemaVersion: optional(fc.integer({ min: 1, max: 3 })),
})
const event = fc.tuple(names, facts).map(([names, facts]) => ({ ...names, ...facts }))
const expectedVersion = fc.oneof(fc.constantFrom('none', 'exists', 'any'), fc.nat(12))
const commit = record<Commit>({
  events: fc.array(event, { minLength: 1, maxLength: 3 }),
  expected: optional(fc.dictionary(stream, expectedVersion, { maxKeys: 2 })),
  condition: optional(record({ failIfEventsMatch: query, after: optional(fc.nat(60)) })),
  commandId: optional(fc.constantFrom(...commandIds)),
})
const range = record<ReadOptions>({
  from: optional(fc.nat(90)),
  to: optional(fc.nat(90)),
  limit: fc.oneof(fc.nat(5), fc.constant(undefined)),
  direction: optional(fc.constantFrom('forwards', 'backwards')),
  reserved: optional(fc.boolean()),
})
const limits: fc.Arbitrary<Partial<LogLimits>> = fc.record({
  segmentBytesMax: fc.constantFrom(700, 4096),
  segmentEventsMax: fc.constantFrom(5, 17),
  unindexedSegmentsMax: fc.constantFrom(0, 1, 3),
  unindexedEventsMax: fc.constantFrom(0, 3, 1000),
  indexCacheBytesMax: fc.constantFrom(8192, 1_000_000),
  openFilesMax: fc.constantFrom(1, 2, 128),
  reserveBytes: fc.constantFrom(8, 300),
  blockingWriteBytesMax: fc.constantFrom(0, 200, 100_000),
  earlyWriteBytesMin: fc.constantFrom(0, 200, 100_000),
  queuedAppendsMax: fc.constantFrom(1, 2, 1000),
  queuedBytesMax: fc.constantFrom(100, 100_000),
  readBytesMax: fc.constantFrom(32, 4096),
  frameCacheBytesMax: fc.constantFrom(0, 2000),
  recordCacheBytesMax: fc.constantFrom(0, 2000),
  streamCacheBytesMax: fc.constantFrom(0, 2000, 1_000_000),
})

const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ append: commit }) },
  { weight: 3, arbitrary: fc.record({ read: query, range }) },
  { weight: 2, arbitrary: fc.record({ find: fc.constantFrom(...commandIds) }) },
)
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never

let steps = 0

/** Both stores see the same time, however often each asks for it. */
class StepClock {
  ms = 0
  now = () => this.ms
}

interface Model {
  readonly store: EventStore
}

/** Subscribed when the store was opened, or later. */
interface Subscription {
  readonly query: Query
  readonly after: number
  readonly seen: string[]
  readonly stop: AbortController
  readonly ended: Promise<void>
  through: number
}

class Real {
  readonly #limits: Partial<LogLimits>
  readonly #scheduler: fc.Scheduler
  readonly #ids = sequentialIds()
  readonly clock: StepClock
  #start: DiskImage = new Map()
  simulated: SimulatedDisk = simulatedDisk()
  store!: EventStore
  subscriptions: Subscription[] = []
  /** Whether an index was damaged that perhaps no call has met yet. */
  damaged = false
  /** Whether an index was removed while the store was open. */
  lost = false

  constructor(limits: Partial<LogLimits>, scheduler: fc.Scheduler, clock: StepClock) {
    this.#limits = limits
    this.#scheduler = scheduler
    this.clock = clock
  }

  async open(): Promise<void> {
    const disk = scheduledDisk(this.simulated.disk, this.#scheduler)
    const [limits, ids, clock] = [this.#limits, this.#ids, this.clock]
    this.store = await this.does(fileStore({ dir: '/log', disk, limits, ids, clock }))
    this.lost = false
  }

  /** Lets the disk answer in random order until something is done. */
  async does<Value>(done: Promise<Value>): Promise<Value> {
    return await soon('A step', this.#scheduler.waitFor(done))
  }

  /** What a machine that stops now may leave: what is durable, and any part of the rest. */
  crash(choice: number): void {
    const { pending, with: keeping } = crashAfter(this.#start, this.simulated.operations)
    this.#start = keeping(pending.filter((_, index) => choice & (1 << (index % 30))))
    this.simulated = simulatedDisk(this.#start)
  }

  follow(query: Query, after: number): void {
    const stop = new AbortController()
    const subscription = { query, after, seen: [] as string[], stop, ended: Promise.resolve(), through: after }
    const run = async () => {
      for await (const batch of this.store.subscribe(query, { after, signal: stop.signal })) {
        for (const event of batch.events) subscription.seen.push(told(event))
        subscription.through = batch.through
      }
    }
    subscription.ended = run()
    this.subscriptions.push(subscription)
  }
}

type Step = fc.AsyncCommand<Model, Real>

function step(name: string, run: Step['run']): Step {
  return { check: () => true, run, toString: () => name }
}

/** Operations that start at the same moment. */
const together = fc.array(operation, { minLength: 1, maxLength: 4 }).map((operations) =>
  step(JSON.stringify(operations), async (model, real) => {
    // A call that meets a bad index waits until it is remade, and others may be served before it.
    if (real.damaged || real.lost) {
      for (const each of operations) await compareAll([each], model, real)
    } else await compareAll(operations, model, real)
  }),
)
const follow = fc.tuple(query, fc.nat(40)).map(([query, after]) =>
  step(`follow ${JSON.stringify(query)} after ${after}`, async (model, real) => {
    steps++
    if (real.subscriptions.length < 3) real.follow(query, Math.min(after, (await model.store.head()).position))
  }),
)
const followed = fc.constant(step('followed', compareFollowed))
const reopen = fc.constant(
  step('reopen', async (model, real) => {
    steps++
    await endSubscriptions(model, real)
    await real.does(real.store.close())
    await real.open()
    expect(await real.store.head()).toEqual(await model.store.head())
  }),
)
const crash = fc.nat().map((choice) =>
  step(`crash ${choice}`, async (model, real) => {
    steps++
    await endSubscriptions(model, real)
    const before = real.store
    real.crash(choice)
    await real.does(before.close())
    await real.open()
    expect(await real.store.head()).toEqual(await model.store.head())
  }),
)
const loseIndex = fc.tuple(fc.nat(), fc.nat(3), fc.nat()).map(([which, how, at]) =>
  step(`${how === 0 ? 'damage' : 'lose'} index ${which}`, async (_, real) => {
    steps++
    const { disk } = real.simulated
    const indexes = (await disk.list('/log')).filter((name) => name.endsWith('.idx'))
    const name = indexes[which % indexes.length]
    if (name === undefined) return
    const path = `/log/${name}`
    if (how > 0) {
      real.lost = true
      return await disk.remove(path)
    }
    real.damaged = true
    const file = await disk.open(path, 'write')
    const byte = Buffer.alloc(1)
    const place = at % (await file.size())
    await file.read(byte, place)
    byte[0]! ^= 1 << (at % 8)
    await file.write(byte, place)
  }),
)
/** A reader beside the writer. */
const look = query.map((query) =>
  step(`look for ${JSON.stringify(query)}`, async (model, real) => {
    steps++
    const { disk } = real.simulated
    const limits = { unindexedSegmentsMax: 1000, openFilesMax: 2 }
    const reader = await fileStore({ dir: '/log', disk, access: 'read', limits })
    try {
      same(await read(reader, query).catch(whenDamaged(real)), await read(model.store, query))
      for (const id of commandIds.slice(0, 2)) {
        const found = await reader.findCommit(id).then(commitOf, whenDamaged(real))
        same(found, commitOf(await model.store.findCommit(id)))
      }
    } finally {
      await reader.close()
    }
  }),
)

const damagedIndex: readonly string[] = []
/** A reader cannot repair an index; it only reports the damage. */
function whenDamaged(real: Real): (error: { code?: string }) => readonly string[] {
  return (error) => {
    if (!(real.damaged || real.lost) || error.code !== 'index_damaged') throw error
    return damagedIndex
  }
}

const commands = fc.commands<Model, Real, false>(
  [...Array(14).fill(together), follow, followed, followed, reopen, crash, loseIndex, look],
  { maxCommands: 150, size: 'max' },
)

test(`${stepsMin} steps give the same results on a file store and on a memory store`, hours, async () => {
  let runs = 0
  while (steps < stepsMin) {
    await fc.assert(
      fc.asyncProperty(commands, limits, fc.scheduler(), async (commands, limits, scheduler) => {
        runs++
        await fc.asyncModelRun(async () => {
          const clock = new StepClock()
          const real = new Real(limits, scheduler, clock)
          await real.open()
          return { model: { store: memoryStore({ clock, ids: sequentialIds() }) }, real }
        }, commands)
      }),
      { numRuns: 10, seed: seed + runs },
    )
  }
  console.log(`model: ${steps} steps in ${runs} runs, 0 failures, seed ${seed}`)
})

async function compareAll(operations: readonly Operation[], model: Model, real: Real): Promise<void> {
  steps += operations.length
  real.clock.ms += 10
  const before = (await model.store.head()).position
  const running = Promise.all(operations.map((each) => perform(each, real.store)))
  const found = await real.does(running)
  const after: { expected: readonly string[]; at: number }[] = []
  for (const [at, each] of operations.entries()) {
    if ('append' in each) same(found[at]!, await perform(each, model.store))
    else after.push({ expected: found[at]!, at })
  }
  const head = (await model.store.head()).position
  for (const { expected, at } of after) await sameAtSomeTime(operations[at]!, expected, { model, before, head })
}

/** What was read while others wrote is the state at some moment during the read. */
async function sameAtSomeTime(
  operation: Operation,
  found: readonly string[],
  { model, before, head }: { model: Model; before: number; head: number },
): Promise<void> {
  for (let visible = head; visible >= before; visible--) {
    const expected = await perform(operation, model.store, visible)
    if (expected.length === found.length && expected.every((each, index) => each === found[index])) return
  }
  same(found, await perform(operation, model.store, before))
  expect.fail(`${JSON.stringify(operation)} found ${found}`)
}

async function perform(operation: Operation, store: EventStore, visible?: number): Promise<readonly string[]> {
  if ('append' in operation) return [outcomeOf(await store.append(operation.append, { reserved: true }))]
  if ('find' in operation) {
    const found = await store.findCommit(operation.find)
    return commitOf(found && visible !== undefined && found.lastPosition > visible ? undefined : found)
  }
  const { from = 1, to = Number.MAX_SAFE_INTEGER, ...others } = operation.range
  return await read(store, operation.read, { ...others, from, to: Math.min(to, visible ?? to) })
}

function outcomeOf(outcome: AppendOutcome): string {
  if (outcome.status === 'conflict') return JSON.stringify(outcome)
  return `${outcome.status} ${commitOf(outcome)}`
}

function commitOf(commit: WrittenCommit | undefined): string[] {
  if (!commit) return ['none']
  const { firstPosition, lastPosition, versions, recordedAt } = commit
  return [JSON.stringify([firstPosition, lastPosition, Object.entries(versions).sort(), recordedAt])]
}

async function compareFollowed(model: Model, real: Real): Promise<void> {
  steps++
  const { position } = await model.store.head()
  for (const subscription of real.subscriptions) {
    const arrived = async () => {
      while (subscription.through < position) {
        await Promise.race([new Promise((resolve) => setImmediate(resolve)), subscription.ended])
      }
    }
    await real.does(arrived())
    same(subscription.seen, await read(model.store, subscription.query, { from: subscription.after + 1 }))
  }
}

async function endSubscriptions(model: Model, real: Real): Promise<void> {
  await compareFollowed(model, real)
  for (const { stop, ended } of real.subscriptions) {
    stop.abort()
    await real.does(ended)
  }
  real.subscriptions = []
}

function same(found: readonly string[], expected: readonly string[]): void {
  if (found === damagedIndex) return
  if (found.length === expected.length && found.every((each, index) => each === expected[index])) return
  expect(found).toEqual(expected)
}

/** A disk whose answers come in an order drawn by a scheduler. */
function scheduledDisk(disk: Disk, scheduler: fc.Scheduler): Disk {
  const turn = (what: string) => scheduler.schedule(Promise.resolve(), what)
  const inTurn = (what: string, file: DiskFile): DiskFile => ({
    ...file,
    async read(into, at) {
      await turn(`read ${what}`)
      return await file.read(into, at)
    },
    async write(bytes, at) {
      await turn(`write ${what}`)
      await file.write(bytes, at)
    },
  })
  return {
    ...disk,
    async open(path, mode) {
      return inTurn(path, await disk.open(path, mode))
    },
    async rename(from, to) {
      await turn(`rename ${to}`)
      await disk.rename(from, to)
    },
  }
}
