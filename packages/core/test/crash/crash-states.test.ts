// Whatever a crash leaves of the writes that were under way: all that was acknowledged is there, nothing is half there, and opening mends it for good.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fileStore } from '../../src/file/event-store.ts'
import type { EventStore } from '../../src/index.ts'
import { crashAfter, type DiskImage, type DiskOperation, type SimulatedDisk, simulatedDisk } from './simulated-disk.ts'

const statesMin = process.env.INDELIBLE_LONG ? 1_000_000 : 40_000
const sectorBytes = 512
const limits = { segmentBytesMax: 4096, reserveBytes: 1024, readBytesMax: 2048, cacheBytesMax: 4096 }

/** One commit of a workload: the sizes of its events. */
const commit = fc.array(fc.nat(700), { minLength: 1, maxLength: 3 })
/** Commits that are appended at the same moment, or a close and reopening. */
const action = fc.oneof(
  { weight: 6, arbitrary: fc.array(commit, { minLength: 1, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
)
const workload = fc.array(action, { minLength: 4, maxLength: 14 })

test(`at least ${statesMin} crash states lose nothing that was acknowledged`, {
  timeout: 6 * 60 * 60_000,
}, async () => {
  const seed = Number(process.env.INDELIBLE_SEED)
  const random = fc.sample(fc.noShrink(fc.integer({ min: 0, max: 2 ** 31 - 1 })), { seed, numRuns: 1 })[0]!
  const next = generator(random)
  const count = { states: 0, workloads: 0, recoveries: 0 }
  while (count.states < statesMin) {
    const [actions] = fc.sample(workload, { seed: seed + count.workloads++, numRuns: 1 })
    const run = await perform(actions!)
    for (let crash = 0; crash <= run.operations.length; crash++) {
      for (const image of imagesAfter(new Map(), run.operations.slice(0, crash), next)) {
        count.states++
        const recovery = await recovered(image, run, crash)
        if (next(40) > 0) continue
        // A crash inside the recovery, at each of its steps.
        for (let again = 1; again <= recovery.operations.length; again++) {
          for (const second of imagesAfter(image, recovery.operations.slice(0, again), next)) {
            count.states++
            count.recoveries++
            await recovered(second, run, crash)
          }
        }
      }
    }
  }
  console.log(
    `crash states: ${count.states} (${count.recoveries} inside a recovery) of ${count.workloads} workloads, 0 failures, seed ${seed}`,
  )
})

interface Run {
  readonly operations: readonly DiskOperation[]
  /** Of each commit, in order: its last position and how many operations the disk had seen when it was acknowledged. */
  readonly commits: readonly { readonly lastPosition: number; readonly acknowledgedAt: number }[]
  /** What each event says, by position - 1. */
  readonly contents: readonly string[]
}

async function perform(actions: readonly (readonly (readonly number[])[] | 'reopen')[]): Promise<Run> {
  const { disk, operations } = simulatedDisk()
  const open = () => fileStore({ dir: '/log', disk, limits })
  let store = await open()
  const commits: { lastPosition: number; acknowledgedAt: number }[] = []
  let serial = 0
  for (const next of actions) {
    if (next === 'reopen') {
      await store.close()
      store = await open()
      continue
    }
    await Promise.all(
      next.map(async (sizes) => {
        const events = sizes.map((size) => ({
          stream: `s-${serial % 5}` as const,
          type: 'T',
          data: `${serial++}:${'x'.repeat(size)}`,
        }))
        const outcome = await store.append({ events })
        if (outcome.status !== 'written') throw new Error(outcome.status)
        commits.push({ lastPosition: outcome.lastPosition, acknowledgedAt: operations.length })
      }),
    )
  }
  const contents = await contentsOf(store)
  await store.close()
  return { operations, commits: commits.sort((a, b) => a.lastPosition - b.lastPosition), contents }
}

/** Opens the log on what a crash left, checks it, goes on with it, closes it, and opens it again. */
async function recovered(image: DiskImage, run: Run, crash: number): Promise<SimulatedDisk> {
  const simulated = simulatedDisk(image)
  const store = await fileStore({ dir: '/log', disk: simulated.disk, limits })
  const found = await contentsOf(store)
  const acknowledged = run.commits.filter(({ acknowledgedAt }) => acknowledgedAt <= crash).at(-1)?.lastPosition ?? 0
  const boundaries = [0, ...run.commits.map(({ lastPosition }) => lastPosition)]
  if (
    found.length < acknowledged ||
    !boundaries.includes(found.length) ||
    found.some((text, at) => text !== run.contents[at])
  ) {
    expect.fail(
      `After a crash at operation ${crash}: ${found.length} events, ${acknowledged} acknowledged, commits end at ${boundaries}.`,
    )
  }
  const operations = [...simulated.operations]
  await goesOn(image, found)
  await store.close()

  const before = simulated.image()
  const again = simulatedDisk(before)
  await (await fileStore({ dir: '/log', disk: again.disk, limits })).close()
  const changed = [...again.image()].some(([name, bytes]) => !before.get(name)?.equals(bytes))
  if (changed || again.image().size !== before.size)
    expect.fail(`A second recovery changed the disk (crash at operation ${crash}).`)
  return { ...simulated, operations }
}

/** Appends behind what was recovered and "crashes" with everything on the disk: what the first crash left behind must not come up again. */
async function goesOn(image: DiskImage, found: readonly string[]): Promise<void> {
  const first = simulatedDisk(image)
  const store = await fileStore({ dir: '/log', disk: first.disk, limits })
  await store.append({ events: [{ stream: 's-new', type: 'T', data: 'new' }] })
  const second = await fileStore({ dir: '/log', disk: simulatedDisk(first.image()).disk, limits })
  expect(await contentsOf(second)).toEqual([...found, 'new'])
  await Promise.all([store.close(), second.close()])
}

async function contentsOf(store: EventStore): Promise<string[]> {
  const batches = await Array.fromAsync(store.read('all'))
  return batches.flatMap(({ events }) => events.map(({ data }) => data as string))
}

/** What a crash after these operations may leave: every subset of what was not synced (a sample of many), and the last write torn. */
function* imagesAfter(
  start: DiskImage,
  operations: readonly DiskOperation[],
  next: (below: number) => number,
): Generator<DiskImage> {
  const { pending, with: keeping, durableBytes } = crashAfter(start, operations)
  const subsets = pending.length <= 6 ? 2 ** pending.length : 64
  for (let subset = 0; subset < subsets; subset++) {
    const bits = pending.length <= 6 ? subset : next(2 ** 30)
    yield keeping(pending.filter((_, index) => bits & (1 << (index % 30))))
  }
  const last = pending.at(-1)
  if (last?.kind !== 'write') return
  const before = pending.slice(0, -1)
  for (const torn of tears(last, next)) yield keeping([...before, ...torn])
  // A sector that is written again with what it holds stays as it is; anywhere else there may be garbage.
  if (durableBytes(last.inode, last.at, last.bytes.length).equals(last.bytes)) return
  for (const torn of garbage(last, next)) yield keeping([...before, ...torn])
}

/** Parts of a write: its first bytes, or any of its sectors with what was there before between them. */
function* tears(
  { inode, at, bytes }: Extract<DiskOperation, { kind: 'write' }>,
  next: (below: number) => number,
): Generator<DiskOperation[]> {
  const piece = (from: number, to: number, content = bytes): DiskOperation => ({
    kind: 'write',
    inode,
    at: at + from,
    bytes: Buffer.from(content.subarray(from, to)),
  })
  const cuts = bytes.length <= 8 ? [1, 4] : [1, 4, 8, 23, 24, bytes.length - 1, next(bytes.length), next(bytes.length)]
  for (const cut of cuts) yield [piece(0, cut)]

  const edges = [0]
  for (let edge = sectorBytes - (at % sectorBytes); edge < bytes.length; edge += sectorBytes) edges.push(edge)
  const sectors = edges.map((from, index) => piece(from, edges[index + 1] ?? bytes.length))
  const subsets = sectors.length <= 4 ? 2 ** sectors.length - 1 : 12
  for (let subset = 1; subset < subsets; subset++) {
    const bits = sectors.length <= 4 ? subset : next(2 ** 30)
    yield sectors.filter((_, index) => bits & (1 << (index % 30)))
  }
}

/** The write with garbage in place of all of it, or of its second half. */
function* garbage(
  write: Extract<DiskOperation, { kind: 'write' }>,
  next: (below: number) => number,
): Generator<DiskOperation[]> {
  const half = Math.ceil(write.bytes.length / 2)
  const noise = Buffer.from(write.bytes.map(() => next(256)))
  yield [{ ...write, bytes: noise }]
  yield [{ ...write, bytes: Buffer.concat([write.bytes.subarray(0, half), noise.subarray(half)]) }]
}

/** Mulberry32 (public domain): small, seeded, good enough to draw samples. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
