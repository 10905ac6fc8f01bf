// For any state that a crash may leave of the writes in progress: everything acknowledged is there, nothing is there in part, every index agrees with the
// log, and opening repairs the log permanently.
import { dirname } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Draw, draws, long, seed } from '../../../../scripts/campaign.ts'
import { fileStore } from '../../src/file/event-store.ts'
import { fileSnapshots } from '../../src/file/snapshots.ts'
import { isIndelibleError, type RecordedEvent, type StreamName } from '../../src/index.ts'
import { verifyLog } from '../../src/log/maintenance/verify.ts'
import type { Commit, EventStore } from '../../src/store/port.ts'
import type { Snapshot } from '../../src/store/snapshots.ts'
import { sequentialIds } from '../../src/testing/clock.ts'
import { crashAfter, type DiskImage, type DiskOperation, type SimulatedDisk, simulatedDisk } from './simulated-disk.ts'

const statesMin = long ? 1_000_000 : 2_000
/** A long campaign prints its progress after this many. */
const saidEvery = 100_000
/** How many subsets of the writes in progress are tried at each moment. */
const subsetsMax = 16
/** A workload has thousands of states. A short campaign tries one moment in this many of each workload, so that it can try more workloads. */
const momentEvery = long ? 1 : 8
/** One recovery in this many is interrupted at each of its steps, which gives hundreds of states. */
const interruptedEvery = long ? 100 : 300
/** The most expensive checks run in one state out of this many. */
const costlyEvery = 6
const sectorBytes = 512
const limits = {
  segmentBytesMax: 4096,
  segmentEventsMax: 12,
  reserveBytes: 1024,
  blockingWriteBytesMax: 800,
  earlyWriteBytesMin: 600,
  readBytesMax: 2048,
  frameCacheBytesMax: 4096,
  recordCacheBytesMax: 4096,
  indexCacheBytesMax: 16 * 4096,
  unindexedSegmentsMax: 1,
  // Closing then makes an index of a segment that is not full, and a later index replaces it.
  unindexedEventsMax: 3,
  openFilesMax: 3,
}
/** The same, but closing makes no index. */
const fewIndexes = { ...limits, unindexedEventsMax: 1000 }
const [dir, snapshotsDir] = ['/log', '/snapshots']
const streams = ['s-0', 's-1', 's-2', 't-3', 't-4'] as const
const types = ['Opened', 'Moved'] as const

/** One commit of a workload: the sizes and streams of its events, whether it has a command id, and which versions it expects. */
const commit = fc.record({
  events: fc.array(fc.record({ size: fc.nat(700), stream: fc.nat(streams.length - 1), type: fc.nat(1) }), {
    minLength: 1,
    maxLength: 4,
  }),
  withId: fc.boolean(),
  expecting: fc.boolean(),
})
/** Commits that are appended at the same moment, a snapshot of a stream, or a close and reopen. */
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ commits: fc.array(commit, { minLength: 1, maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ snapshot: fc.nat(streams.length - 1) }) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
)
type Arbitrated<Given> = Given extends fc.Arbitrary<infer Value> ? Value : never
type Action = Arbitrated<typeof action>
type CommitPlan = Arbitrated<typeof commit>
const workload = fc.array(action, { minLength: 4, maxLength: 14 })

type Kind = 'whole' | 'partial' | 'lost entry' | 'torn' | 'garbage' | 'stale'

test(`at least ${statesMin} crash states lose no acknowledged event`, {
  timeout: 12 * 60 * 60_000,
}, async () => {
  const count = { states: 0, workloads: 0, recoveries: 0, events: 0, indexes: 0, columns: 0, snapshots: 0 }
  const kinds: Partial<Record<Kind, number>> = {}
  let said = 0
  while (count.states < statesMin) {
    if (count.states >= said + saidEvery) {
      said = count.states
      console.log(`crash states: ${count.states} of ${statesMin} so far, seed ${seed}`)
    }
    const workloadSeed = seed + count.workloads++
    const [actions] = fc.sample(workload, { seed: workloadSeed, numRuns: 1 })
    const run = await perform(actions!)
    count.events += run.events.length
    const first = draws(workloadSeed)(momentEvery)
    for (let crash = first; crash <= run.operations.length; crash += momentEvery) {
      const draw = draws(workloadSeed * 100_003 + crash)
      for (const { image, kind } of imagesAfter(new Map(), run.operations.slice(0, crash), draw)) {
        count.states++
        kinds[kind] = (kinds[kind] ?? 0) + 1
        const where = `workload ${workloadSeed}, operation ${crash} (${kind}), state ${count.states}`
        const recovery = await recovered(image, { run, crash, draw, where, count })
        if (draw(interruptedEvery) > 0) continue
        // A crash during the recovery, at each of its steps.
        for (let again = 1; again <= recovery.operations.length; again++) {
          for (const second of imagesAfter(image, recovery.operations.slice(0, again), draw)) {
            count.states++
            count.recoveries++
            kinds[second.kind] = (kinds[second.kind] ?? 0) + 1
            await recovered(second.image, {
              run,
              crash,
              draw,
              where: `${where}, then step ${again} of recovery`,
              count,
            })
          }
        }
      }
    }
  }
  console.log(
    `crash states: ${count.states} (${count.recoveries} inside a recovery) of ${count.workloads} workloads with ${count.events} events, ` +
      `kinds ${JSON.stringify(kinds)}, ${count.indexes} with an index, ${count.columns} with columns, ${count.snapshots} snapshots loaded, 0 failures, seed ${seed}`,
  )
  for (const kind of ['whole', 'partial', 'lost entry', 'torn', 'garbage', 'stale'] as const) {
    expect(kinds[kind], kind).toBeGreaterThan(statesMin / 1000)
  }
  expect(count.indexes).toBeGreaterThan(statesMin / 4)
  expect(count.columns).toBeGreaterThan(statesMin / 8)
  expect(count.snapshots).toBeGreaterThan(statesMin / 100)
})

/** A commit that was made, and how many disk operations had been done when it was acknowledged. */
interface Made {
  readonly commandId: string | undefined
  readonly firstPosition: number
  readonly lastPosition: number
  readonly acknowledgedAt: number
}

interface Run {
  readonly operations: readonly DiskOperation[]
  /** In order. */
  readonly commits: readonly Made[]
  /** The events at the end, at index position - 1. */
  readonly events: readonly RecordedEvent[]
  readonly texts: readonly string[]
  readonly snapshots: readonly Snapshot[]
}

async function perform(actions: readonly Action[]): Promise<Run> {
  const { disk, operations } = simulatedDisk()
  let now = 0
  const given = { clock: { now: () => ++now }, ids: sequentialIds() }
  const open = () => fileStore({ dir, disk, limits, ...given })
  let store = await open()
  const kept = fileSnapshots({ dir: snapshotsDir, disk })
  const commits: Made[] = []
  const snapshots: Snapshot[] = []
  const versions = new Map<StreamName, number>()
  let serial = 0

  const commitOf = ({ events, withId, expecting }: CommitPlan): Commit => {
    const names = events.map(({ stream }) => streams[stream]!)
    const expected = Object.fromEntries(names.map((stream) => [stream, versions.get(stream) ?? 0]))
    for (const stream of names) versions.set(stream, (versions.get(stream) ?? 0) + 1)
    return {
      events: events.map(({ size, type }, index) => {
        return {
          stream: names[index]!,
          type: types[type]!,
          data: `${serial++}:${'x'.repeat(size)}`,
          tags: [`n:${serial % 3}`],
        }
      }),
      ...(expecting ? { expected } : {}),
      ...(withId ? { commandId: `c-${serial}` } : {}),
    }
  }
  for (const next of actions) {
    if (next === 'reopen') {
      await store.close()
      store = await open()
    } else if ('snapshot' in next) {
      const stream = streams[next.snapshot]!
      const { position } = await store.head()
      const snapshot = {
        stream,
        fingerprint: 'f',
        code: 'c',
        version: versions.get(stream) ?? 0,
        position,
        history: 'h',
        state: 'x'.repeat(serial),
      }
      await kept.save(snapshot)
      snapshots.push(snapshot)
    } else {
      await Promise.all(
        next.commits.map(commitOf).map(async (commit) => {
          const outcome = await store.append(commit)
          if (outcome.status !== 'written') throw new Error(JSON.stringify(outcome))
          const { firstPosition, lastPosition } = outcome
          const { commandId } = commit
          commits.push({ commandId, firstPosition, lastPosition, acknowledgedAt: operations.length })
        }),
      )
    }
  }
  const events = await read(store, 'all')
  await store.close()
  commits.sort((a, b) => a.lastPosition - b.lastPosition)
  return { operations, commits, events, texts: events.map(textOf), snapshots }
}

interface Check {
  readonly run: Run
  readonly crash: number
  readonly draw: Draw
  readonly where: string
  readonly count: { indexes: number; columns: number; snapshots: number }
}

/** Opens the log on what a crash left, checks it, appends to it, closes it, and opens it again. */
async function recovered(image: DiskImage, check: Check): Promise<SimulatedDisk> {
  const { run, crash, draw, where, count } = check
  const acknowledged = run.commits.filter(({ acknowledgedAt }) => acknowledgedAt <= crash).at(-1)?.lastPosition ?? 0
  const costly = draw(costlyEvery) === 0
  if ([...image.keys()].some((name) => name.endsWith('.idx'))) count.indexes++
  if ([...image.keys()].some((name) => name.endsWith('.col'))) count.columns++
  try {
    if (costly) await readsBeside(image, run, acknowledged)
    const simulated = simulatedDisk(image)
    const store = await fileStore({ dir, disk: simulated.disk, limits: costly ? limits : fewIndexes })
    const found = await prefixIn(store, run, acknowledged)
    await answersAsTheLogSays(store, run, found)
    if (costly) {
      expect((await read(store, 'all', 2000)).map(textOf)).toEqual(run.texts.slice(0, found))
      expect(await replayed(store)).toEqual(run.texts.slice(0, found))
    }
    count.snapshots += await snapshotsIn(simulated, run, found)
    // Opened again after an orderly close, or after one more crash.
    const crashes = draw(2) === 0
    if (!crashes) await store.close()
    const before = simulated.image()
    const again = simulatedDisk(before)
    const reopened = await fileStore({ dir, disk: again.disk, limits: costly ? limits : fewIndexes })
    const opened = again.image()
    await reopened.close()
    // Only the log must stay the same. Opening and closing may make indexes (.idx) and columns (.col), and record the durations of syncs (syncs.json).
    const logOf = (files: DiskImage) => [...files].filter(([name]) => dirname(name) === dir && name.endsWith('.log'))
    // Closing marks the end of a log that was not closed in order.
    for (const after of crashes ? [opened] : [opened, again.image()]) {
      const changed = logOf(after).some(([name, bytes]) => !before.get(name)?.equals(bytes))
      if (changed || logOf(after).length !== logOf(before).length) expect.fail('A second recovery changed the log.')
    }
    if (costly) expect(await verifyLog({ dir, disk: again.disk })).toMatchObject({ events: found })
    const operations = [...simulated.operations]
    if (crashes) await goesOn(simulated, { store, run, found })
    return { ...simulated, operations }
  } catch (error) {
    throw new Error(`After a crash at ${where}: ${(error as Error).message}`, { cause: error })
  }
}

/** How many events there are: whole commits only, at least all that were acknowledged, each as it was written. */
async function prefixIn(store: EventStore, run: Run, acknowledged: number): Promise<number> {
  const texts = (await read(store, 'all')).map(textOf)
  const found = texts.length
  const boundaries = [0, ...run.commits.map(({ lastPosition }) => lastPosition)]
  if (found < acknowledged || !boundaries.includes(found) || texts.some((text, at) => text !== run.texts[at])) {
    expect.fail(`${found} events, ${acknowledged} acknowledged, commits end at ${boundaries}.`)
  }
  return found
}

/** Compares versions, command ids and queries, which indexes answer, with the events themselves. */
async function answersAsTheLogSays(store: EventStore, run: Run, found: number): Promise<void> {
  const events = run.events.slice(0, found)
  for (const stream of streams) {
    const mine = events.filter((event) => event.stream === stream)
    await finds(store, [{ streams: [stream] }], mine)
    const wrong = {
      events: [{ stream, type: 'T', data: 0 }],
      expected: { [stream]: mine.length + 1 } as Commit['expected'] & {},
    }
    const outcome = await store.append(wrong)
    if (
      outcome.status !== 'conflict' ||
      outcome.conflict.cause !== 'version' ||
      outcome.conflict.actual !== mine.length
    ) {
      expect.fail(`${stream} has ${mine.length} events, and an append says ${JSON.stringify(outcome)}.`)
    }
  }
  for (const type of types)
    await finds(
      store,
      [{ types: [type] }],
      events.filter((event) => event.type === type),
    )
  const tagged = events.filter(({ category, tags }) => category === 't' && tags.includes('n:1'))
  await finds(store, [{ categories: ['t'], tags: ['n:1'] }], tagged)
  for (const { commandId, firstPosition, lastPosition } of run.commits) {
    if (commandId === undefined) continue
    const commit = await store.findCommit(commandId)
    const right =
      lastPosition <= found ? commit?.firstPosition === firstPosition && commit.lastPosition === lastPosition : !commit
    if (!right)
      expect.fail(
        `${commandId} is at ${firstPosition} to ${lastPosition} of ${found}, found ${JSON.stringify(commit)}.`,
      )
  }
}

async function finds(
  store: EventStore,
  query: Parameters<EventStore['read']>[0],
  expected: readonly RecordedEvent[],
): Promise<void> {
  const events = await read(store, query)
  // It was checked before that the events are right at their positions.
  const same =
    events.length === expected.length && events.every(({ position }, at) => position === expected[at]!.position)
  if (!same) expect.fail(`${JSON.stringify(query)} finds ${events.map(textOf)} instead of ${expected.map(textOf)}.`)
}

/** A reader that opens before the recovery sees the same events, unless it reports missing indexes. */
async function readsBeside(image: DiskImage, run: Run, acknowledged: number): Promise<void> {
  try {
    const reader = await fileStore({ dir, access: 'read', disk: simulatedDisk(image).disk, limits })
    const found = await prefixIn(reader, run, acknowledged)
    for (const stream of streams) {
      await finds(
        reader,
        [{ streams: [stream] }],
        run.events.slice(0, found).filter((event) => event.stream === stream),
      )
    }
    await reader.close()
  } catch (error) {
    const mayRefuse =
      isIndelibleError(error, 'index_missing') || (acknowledged === 0 && isIndelibleError(error, 'store_missing'))
    if (!mayRefuse) throw error
  }
}

/** A snapshot that is there is one that was saved, and not of events that the log has lost. Returns how many there are. */
async function snapshotsIn({ disk }: SimulatedDisk, run: Run, found: number): Promise<number> {
  const kept = fileSnapshots({ dir: snapshotsDir, disk })
  let loaded = 0
  for (const stream of new Set(run.snapshots.map((snapshot) => snapshot.stream))) {
    const snapshot = await kept.load(stream, 'f')
    if (!snapshot) continue
    loaded++
    expect(run.snapshots).toContainEqual(snapshot)
    expect(snapshot.position).toBeLessThanOrEqual(found)
  }
  return loaded
}

/** Appends after the recovery and "crashes" with everything on the disk: what the first crash left must not appear again. */
async function goesOn(
  simulated: SimulatedDisk,
  { store, run, found }: { store: EventStore; run: Run; found: number },
): Promise<void> {
  const earlier = run.commits.find(({ commandId, lastPosition }) => commandId !== undefined && lastPosition <= found)
  const event = { stream: 's-0', type: 'T', data: 'new' } as const
  if (earlier) {
    const again = await store.append({ events: [event], commandId: earlier.commandId! })
    expect(again).toMatchObject({ status: 'duplicate', firstPosition: earlier.firstPosition })
  }
  const versionOf = (stream: StreamName) => run.events.slice(0, found).filter((event) => event.stream === stream).length
  const expected = { 's-0': versionOf('s-0'), 't-4': versionOf('t-4') }
  const written = await store.append({ events: [event, { ...event, stream: 't-4' }], expected, commandId: 'new' })
  expect(written).toMatchObject({ status: 'written', firstPosition: found + 1 })
  const second = await fileStore({ dir, disk: simulatedDisk(simulated.image()).disk, limits: fewIndexes })
  const texts = (await read(second, 'all')).map(textOf)
  expect(texts.slice(0, found)).toEqual(run.texts.slice(0, found))
  expect(texts.slice(found).map((text) => text.split(' ')[0])).toEqual([`${found + 1}`, `${found + 2}`])
  expect(await second.findCommit('new')).toMatchObject({
    firstPosition: found + 1,
    versions: { 's-0': expected['s-0'] + 1, 't-4': expected['t-4'] + 1 },
  })
  await Promise.all([store.close(), second.close()])
}

/** Up to a thousand events are looked up by their places; more are read frame by frame. */
async function read(
  store: EventStore,
  query: Parameters<EventStore['read']>[0],
  limit = 1000,
): Promise<RecordedEvent[]> {
  const batches = await Array.fromAsync(store.read(query, { limit }))
  return batches.flatMap(({ events }) => events)
}

/** From columns, if there are any. */
async function replayed(store: EventStore): Promise<string[]> {
  const batches = await Array.fromAsync(store.replay(types, { after: 0 }))
  return batches.flatMap((batch) => Array.from({ length: batch.length }, (_, index) => textOf(batch.event(index))))
}

function textOf({ position, id, stream, version, type, tags, recordedAt, data }: RecordedEvent): string {
  return `${position} ${id} ${stream} ${version} ${type} ${tags} ${recordedAt} ${data}`
}

/** What a crash after these operations may leave: every subset of what was not synced (a sample if there are many), and the last write damaged. */
function* imagesAfter(
  start: DiskImage,
  operations: readonly DiskOperation[],
  draw: Draw,
): Generator<{ image: DiskImage; kind: Kind }> {
  const { pending, with: keeping, durableBytes } = crashAfter(start, operations)
  const all = 2 ** pending.length
  const sampled = all > subsetsMax
  for (let subset = 0; subset < Math.min(all, subsetsMax); subset++) {
    // All and nothing are always included.
    const bits = sampled && subset > 1 ? draw(2 ** 30) : -subset
    const kept = pending.filter((_, index) => (sampled ? bits : subset) & (1 << (index % 30)))
    const lost = pending.filter((operation) => !kept.includes(operation))
    const entry = lost.some(({ kind }) => kind === 'rename' || kind === 'create' || kind === 'remove')
    yield { image: keeping(kept), kind: lost.length === 0 ? 'whole' : entry ? 'lost entry' : 'partial' }
  }
  const last = pending.at(-1)
  // An operation that was not synced may be there in part although all later ones are complete.
  for (const write of pending) {
    if (write.kind !== 'write' || write === last) continue
    const cut = { ...write, bytes: write.bytes.subarray(0, draw(write.bytes.length)) }
    const noise = {
      ...write,
      bytes: Buffer.concat([cut.bytes, Buffer.alloc(write.bytes.length - cut.bytes.length, draw(256))]),
    }
    const instead = (other: DiskOperation) => keeping(pending.map((each) => (each === write ? other : each)))
    yield { image: instead(cut), kind: 'torn' }
    yield { image: instead(noise), kind: 'garbage' }
  }
  if (last?.kind !== 'write') return
  const before = pending.slice(0, -1)
  for (const torn of tears(last, draw)) yield { image: keeping([...before, ...torn]), kind: 'torn' }
  // A sector that is written again with the same content stays; elsewhere there may be garbage, or older content of the disk.
  if (durableBytes(last.inode, last.at, last.bytes.length).equals(last.bytes)) return
  for (const bytes of garbage(last, draw)) yield { image: keeping([...before, { ...last, bytes }]), kind: 'garbage' }
  for (const bytes of stale(last, operations)) yield { image: keeping([...before, { ...last, bytes }]), kind: 'stale' }
}

type Write = Extract<DiskOperation, { kind: 'write' }>

/** Parts of a write: its first bytes, or any of its sectors with the earlier content between them. */
function* tears({ inode, at, bytes }: Write, draw: Draw): Generator<DiskOperation[]> {
  const piece = (from: number, to: number, content = bytes): DiskOperation => ({
    kind: 'write',
    inode,
    at: at + from,
    bytes: Buffer.from(content.subarray(from, to)),
  })
  // An index is complete before it gets its name.
  const isLong = bytes.length > 16 * sectorBytes
  const cuts = isLong
    ? [draw(bytes.length)]
    : bytes.length <= 8
      ? [1, 4]
      : [1, 4, 8, 23, 24, bytes.length - 1, draw(bytes.length), draw(bytes.length)]
  for (const cut of cuts) yield [piece(0, cut)]

  const edges = [0]
  for (let edge = sectorBytes - (at % sectorBytes); edge < bytes.length; edge += sectorBytes) edges.push(edge)
  const sectors = edges.map((from, index) => piece(from, edges[index + 1] ?? bytes.length))
  const subsets = isLong ? 3 : sectors.length <= 4 ? 2 ** sectors.length - 1 : 12
  for (let subset = 1; subset < subsets; subset++) {
    const bits = sectors.length <= 4 ? subset : draw(2 ** 30)
    yield sectors.filter((_, index) => bits & (1 << (index % 30)))
  }
}

/** The write with garbage in place of all of it, or of its second half. */
function* garbage({ bytes }: Write, draw: Draw): Generator<Buffer> {
  const half = Math.ceil(bytes.length / 2)
  const noise = Buffer.from(bytes.map(() => draw(256)))
  yield noise
  yield Buffer.concat([bytes.subarray(0, half), noise.subarray(half)])
}

/** Whole frames of the same log that were written elsewhere before: in place of the whole write, or from its second sector on. */
function* stale(write: Write, operations: readonly DiskOperation[]): Generator<Buffer> {
  const others = operations.filter((each): each is Write => each.kind === 'write' && each.at > 0 && each !== write)
  for (const other of [others.at(-1), others.at(-2)]) {
    if (!other) return
    const old = Buffer.alloc(write.bytes.length)
    other.bytes.copy(old)
    yield old
    const edge = sectorBytes - (write.at % sectorBytes)
    if (edge < write.bytes.length)
      yield Buffer.concat([write.bytes.subarray(0, edge), old.subarray(0, write.bytes.length - edge)])
  }
}
