// One flipped bit or one truncation, anywhere in a small log, its indexes and its snapshots, is found, repaired or harmless; wrong data is never used.
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { draws, hours, long, seed } from '../../../../scripts/campaign.ts'
import { fileStore } from '../../src/file/event-store.ts'
import { fileSnapshots } from '../../src/file/snapshots.ts'
import { type IndelibleError, isIndelibleError } from '../../src/kernel/errors.ts'
import type { NewEvent } from '../../src/kernel/events.ts'
import type { Query } from '../../src/kernel/queries.ts'
import type { StreamName } from '../../src/kernel/streams.ts'
import { claimedLength, frameHeaderBytes } from '../../src/log/format/frame.ts'
import { segmentHeaderBytes } from '../../src/log/format/segment-header.ts'
import { rebuildIndex } from '../../src/log/maintenance/rebuild-index.ts'
import type { EventStore } from '../../src/store/port.ts'
import { sequentialIds } from '../../src/testing/clock.ts'
import { type DiskImage, simulatedDisk } from '../crash/simulated-disk.ts'
import { read, replayed, withFile } from './support.ts'

const limits = {
  segmentEventsMax: 8,
  reserveBytes: 128,
  readBytesMax: 4096,
  unindexedEventsMax: 1,
  frameCacheBytesMax: 4096,
  recordCacheBytesMax: 4096,
}
const streams = ['a-1', 'a-2', 'b-ü', 'c-1'] as const
const commandIds = Array.from({ length: 14 }, (_, n) => `c-${n}`)
const queries: readonly Query[] = [
  ...streams.map((stream) => [{ streams: [stream] }]),
  [{ types: ['Moved'] }],
  [{ tags: ['x'] }],
  [{ correlationIds: ['r-1'] }],
  [{ categories: ['a'] }],
]

test('every flipped bit in a log or its indexes is found or harmless', hours, async () => {
  const { image, answers } = await written()
  const next = draws()
  const counts = newCounts()
  for (const [name, whole] of image) {
    if (name.endsWith('.json')) continue
    // Pages of an index and sections of columns are alike and long, so a sample of them is enough for the short run.
    const step = long ? 1 : name.endsWith('.idx') ? 379 : name.endsWith('.col') ? 71 : 6
    for (let at = long ? 0 : next(step); at < whole.length; at += step) {
      for (const bit of long ? [0, 1, 2, 3, 4, 5, 6, 7] : [next(8)]) {
        const damaged = Buffer.from(whole)
        damaged[at]! ^= 1 << bit
        const mayFail = name.endsWith('.log') && at < acknowledgedEnd(whole)
        const context = `bit ${bit} of byte ${at} of ${name}`
        await check(withFile(image, name, damaged), { image, answers, name, mayFail, context, counts })
      }
    }
  }
  console.log(`bit flips: ${summary(counts)}, seed ${seed}`)
  expect(counts.found).toBeGreaterThan(300)
  expect(counts.remade).toBeGreaterThan(long ? 500 : 150)
})

test('every truncation of a file of a log is found, or loses no event', hours, async () => {
  const { image, answers } = await written()
  const next = draws(seed + 1)
  const counts = newCounts()
  for (const [name, whole] of image) {
    if (name.endsWith('.json')) continue
    const step = long ? 1 : name.endsWith('.idx') ? 769 : name.endsWith('.col') ? 149 : 5
    for (let length = long ? 0 : next(step); length < whole.length; length += step) {
      const mayFail = name.endsWith('.log') && length < acknowledgedEnd(whole)
      const context = `${name} cut to ${length} bytes`
      const damaged = withFile(image, name, Buffer.from(whole.subarray(0, length)))
      await check(damaged, { image, answers, name, mayFail, context, counts })
    }
  }
  console.log(`truncations: ${summary(counts)}, seed ${seed}`)
})

test('in a log without indexes, which is read frame by frame, damage is found in the same places', hours, async () => {
  const { image: indexed, answers } = await written()
  const image = new Map([...indexed].filter(([name]) => name.endsWith('.log')))
  const last = [...image.keys()].at(-1)
  const next = draws(seed + 2)
  const counts = newCounts()
  for (const [name, whole] of image) {
    const end = acknowledgedEnd(whole)
    const [flipStep, cutStep] = long ? [1, 1] : [3, 7]
    for (let at = long ? 0 : next(flipStep); at < whole.length; at += flipStep) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 1 << next(8)
      const context = `byte ${at} of ${name}, without indexes`
      await check(withFile(image, name, damaged), { image, answers, name, mayFail: at < end, context, counts })
    }
    // Without an index it cannot be known that there were frames at the very end.
    const from = name === last ? end : 0
    for (let length = from + (long ? 0 : next(cutStep)); length < whole.length; length += cutStep) {
      const context = `${name} cut to ${length} bytes, without indexes`
      const damaged = withFile(image, name, Buffer.from(whole.subarray(0, length)))
      await check(damaged, { image, answers, name, mayFail: length < end, context, counts })
    }
  }
  console.log(`without indexes: ${summary(counts)}, seed ${seed}`)
  expect(counts.found).toBeGreaterThan(300)
})

test('a snapshot with any flipped bit or truncation counts as missing', hours, async () => {
  const { image } = await written()
  const expected = await snapshotsIn(image)
  expect(expected.every((snapshot) => snapshot !== undefined)).toBe(true)
  let [flips, cuts, gone] = [0, 0, 0]
  const checkSnapshots = async (damaged: DiskImage, context: string) => {
    const found = await snapshotsIn(damaged)
    const missing = found.filter((snapshot) => snapshot === undefined).length
    expect(missing, context).toBe(1)
    found.forEach((snapshot, index) => {
      if (snapshot !== undefined) expect(snapshot, context).toEqual(expected[index])
    })
    gone++
  }
  for (const [name, whole] of image) {
    if (!name.endsWith('.json') || name.endsWith('/syncs.json')) continue
    for (let at = 0; at < whole.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Buffer.from(whole)
        damaged[at]! ^= 1 << bit
        await checkSnapshots(withFile(image, name, damaged), `bit ${bit} of byte ${at} of ${name}`)
        flips++
      }
      await checkSnapshots(withFile(image, name, whole.subarray(0, at)), `${name} cut to ${at}`)
      cuts++
    }
  }
  console.log(`snapshots: ${flips} bit flips, ${cuts} truncations, ${gone} not taken for one, 0 failures`)
})

interface Answers {
  readonly [question: string]: readonly string[]
}

/** Sealed segments with indexes, and an open one whose index covers what it had when it was closed. */
async function written(): Promise<{ image: DiskImage; answers: Answers }> {
  const simulated = simulatedDisk()
  let now = 0
  const clock = { now: () => Date.UTC(2026, 0, 1) + ++now * 1000 }
  const store = await fileStore({ dir: '/log', disk: simulated.disk, limits, clock, ids: sequentialIds() })
  const expected = new Map<StreamName, number>()
  for (const [n, commandId] of commandIds.entries()) {
    // Lengths differ so that frames end before, at and after multiples of eight; some commits have several streams.
    const events = Array.from({ length: 1 + (n % 4) }, (_, index) => eventOf(n, index))
    const outcome = await store.append({ events, commandId, expected: Object.fromEntries(expected) })
    if (outcome.status !== 'written') throw new Error(outcome.status)
    for (const [stream, version] of Object.entries(outcome.versions)) expected.set(stream as StreamName, version)
  }
  await store.close()
  await rebuildIndex({ dir: '/log', disk: simulated.disk })
  const snapshots = fileSnapshots({ dir: '/snapshots', disk: simulated.disk })
  for (const stream of streams.slice(0, 2)) await snapshots.save(snapshotOf(stream))
  const image = simulated.image()
  const segments = [...image.keys()].filter((name) => name.endsWith('.log')).length
  const indexes = [...image.keys()].filter((name) => name.endsWith('.idx')).length
  expect(segments).toBeGreaterThanOrEqual(4)
  expect(indexes).toBe(segments)
  expect([...image.keys()].filter((name) => name.endsWith('.col'))).toHaveLength(segments - 1)
  const answers = await answersOf(await open(image).then(({ store }) => store), [])
  expect(Object.values(answers).every((answer) => answer.length > 0)).toBe(true)
  return { image, answers }
}

function eventOf(n: number, index: number): NewEvent {
  return {
    stream: streams[(n + index) % streams.length]!,
    type: n % 3 === 0 ? 'Moved' : 'Größe',
    data: n % 5 === 0 ? new Uint8Array([n, index, 255]) : { n, text: 'ü'.repeat(n) },
    ...(n % 2 === 0 ? { tags: ['x', `n:${n}`] } : {}),
    ...(n % 4 === 1 ? { metadata: { correlationId: `r-${n % 3}`, actor: 'ann' } } : {}),
    ...(n % 6 === 0 ? { validAt: '1993-01-31' } : {}),
  }
}

function snapshotOf(stream: StreamName) {
  return {
    stream,
    fingerprint: 'f',
    code: 'c',
    version: 3,
    position: 7,
    history: 'h',
    state: { text: 'ü\uFFFD', list: [1, 2.5, null] },
  }
}

async function snapshotsIn(image: DiskImage) {
  const snapshots = fileSnapshots({ dir: '/snapshots', disk: simulatedDisk(image).disk })
  return await Promise.all(streams.slice(0, 2).map((stream) => snapshots.load(stream, 'f')))
}

async function open(image: DiskImage) {
  const simulated = simulatedDisk(image)
  return { simulated, store: await fileStore({ dir: '/log', disk: simulated.disk, limits }) }
}

/** Where the frames end that hold events. */
function acknowledgedEnd(segment: Buffer): number {
  let end = segmentHeaderBytes
  for (let at = end; ; ) {
    const length = claimedLength(segment.subarray(at, at + frameHeaderBytes))
    if (length === undefined) return end
    at += length
    if (length > frameHeaderBytes) end = at
  }
}

/** The answers of a store to every question. An expected fault goes to the list instead. */
async function answersOf(store: EventStore, faults: IndelibleError[]): Promise<Answers> {
  const answers: Record<string, readonly string[]> = {}
  const ask = async (question: string, run: () => Promise<readonly string[]>) => {
    try {
      answers[question] = await run()
    } catch (error) {
      faults.push(error as IndelibleError)
    }
  }
  await ask('all', () => read(store))
  for (const query of queries) await ask(JSON.stringify(query), () => read(store, query))
  await ask('backwards', () => read(store, 'all', { direction: 'backwards' }))
  await ask('replay', () => replayed(store, ['Größe', 'Moved']))
  // A conflict reports the version of a stream and writes nothing.
  for (const stream of streams) {
    await ask(`version of ${stream}`, async () => [
      JSON.stringify(await store.append({ events: [{ stream, type: 'T', data: 0 }], expected: { [stream]: 1000 } })),
    ])
  }
  for (const id of commandIds) await ask(id, async () => [JSON.stringify(await store.findCommit(id))])
  return answers
}

interface Damage {
  /** The answers without the damage. */
  readonly image: DiskImage
  readonly answers: Answers
  /** The file that is damaged. */
  readonly name: string
  /** Whether the file holds something acknowledged that is stored nowhere else. */
  readonly mayFail: boolean
  readonly context: string
  readonly counts: Counts
}

const newCounts = () => ({ states: 0, harmless: 0, found: 0, remade: 0, elsewhere: 0 })
type Counts = ReturnType<typeof newCounts>

function summary({ states, harmless, found, remade, elsewhere }: Counts): string {
  return `${states} states, ${found} found (${elsewhere} named at the next file), ${harmless} harmless, ${remade} indexes made anew, 0 failures`
}

/** Opens, asks everything, closes, and does this twice. */
async function check(damaged: DiskImage, { image, answers, name, mayFail, context, counts }: Damage): Promise<void> {
  counts.states++
  const faults: IndelibleError[] = []
  let left = damaged
  try {
    const { store, simulated } = await open(damaged)
    compare(await answersOf(store, faults), answers, context)
    await store.close()
    left = simulated.image()
  } catch (error) {
    if (!isIndelibleError(error)) throw error
    faults.push(error)
  }
  for (const fault of faults) {
    if (!mayFail || !isIndelibleError(fault, 'log_corrupt')) {
      throw new Error(`${context}: ${fault.code} ${fault.stack}`, { cause: fault })
    }
    const { file, offset } = fault.details
    const path = join(dirname(name), file as string)
    expect(image.has(path) && typeof offset === 'number', `${context}: ${fault.message}`).toBe(true)
    if (path !== name) counts.elsewhere++
  }
  if (faults.length > 0) {
    counts.found++
    return
  }
  counts.harmless++
  if (name.endsWith('.idx')) {
    expect(left.get(name)?.equals(image.get(name)!), `${context}: it was not made anew`).toBe(true)
    counts.remade++
  }
  // After a rebuild all files are as they were before the damage, and the log opens.
  if ([...image].every(([file, bytes]) => file.endsWith('/syncs.json') || left.get(file)?.equals(bytes))) return
  const again = await open(left)
  compare(await answersOf(again.store, faults), answers, `${context}, opened again`)
  expect(faults, context).toEqual([])
  const expected = { [streams[0]]: versionIn(answers, streams[0]) }
  const appended = await again.store.append({ events: [{ stream: streams[0], type: 'T', data: 0 }], expected })
  expect(appended.status, context).toBe('written')
  await again.store.close()
}

function versionIn(answers: Answers, stream: StreamName): number {
  return JSON.parse(answers[`version of ${stream}`]![0]!).conflict.actual
}

function compare(found: Answers, answers: Answers, context: string): void {
  for (const [question, answer] of Object.entries(found)) {
    const expected = answers[question]!
    const same = answer.length === expected.length && answer.every((each, index) => each === expected[index])
    if (!same) expect.fail(`${context}: another answer to ${question}: ${answer} instead of ${expected}`)
  }
}
