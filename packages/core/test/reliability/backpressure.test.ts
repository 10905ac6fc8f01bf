// More is appended than the disk takes: callers wait in order, and may stop waiting.
import { expect, test } from 'vitest'
import { draws, long, seed } from '../../../../scripts/campaign.ts'
import { fileStore } from '../../src/file/event-store.ts'
import type { Disk } from '../../src/log/disk/disk.ts'
import type { LogLimits } from '../../src/log/limits.ts'
import type { EventStore } from '../../src/store/port.ts'
import { simulatedDisk } from '../crash/simulated-disk.ts'

/** A disk whose writes to segments wait until they are released. */
function heldDisk() {
  const { disk, operations } = simulatedDisk()
  let gate: PromiseWithResolvers<void> | undefined
  let isWriting = false
  const written: number[] = []
  const held: Disk = {
    ...disk,
    async open(path, mode) {
      const file = await disk.open(path, mode)
      // A segment has its temporary name while it is created.
      if (mode !== 'write') return file
      return {
        ...file,
        async write(bytes, at) {
          // A frame is written only after the one before it is durable (docs/decisions/0002-group-frames.md).
          if (isWriting) throw new Error('Two writes of the log are under way at once.')
          isWriting = true
          await gate?.promise
          written.push(bytes.length)
          await file.write(bytes, at)
          isWriting = false
        },
      }
    },
  }
  return {
    disk: held,
    operations,
    written,
    hold: () => {
      gate ??= Promise.withResolvers()
    },
    letGo() {
      gate?.resolve()
      gate = undefined
    },
  }
}

const turns = async (count = 5) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

async function held(limits: Partial<LogLimits>) {
  const disk = heldDisk()
  const store = await fileStore({
    dir: '/log',
    disk: disk.disk,
    limits: { reserveBytes: 8, blockingWriteBytesMax: 0, ...limits },
  })
  disk.hold()
  /** The outcome of each append, in the order of the calls. */
  const ends: string[] = []
  const append = (n: number, given: { signal?: AbortSignal; bytes?: number; commandId?: string } = {}) => {
    const { signal, bytes = 10, commandId = `c-${n}` } = given
    const events = [{ stream: `s-${n}` as const, type: 'T', data: 'x'.repeat(bytes) }]
    return store.append({ events, commandId }, signal ? { signal } : {}).then(
      (outcome) => void ends.push(`${n} ${outcome.status}`),
      (error) => void ends.push(`${n} ${error.code}`),
    )
  }
  return { ...disk, store, append, ends }
}

async function streamsOf(store: EventStore): Promise<string[]> {
  const batches = await Array.fromAsync(store.read('all'))
  return batches.flatMap(({ events }) => events.map(({ stream }) => stream))
}

test.each([
  { limits: { queuedAppendsMax: 3 }, groups: 3 },
  { limits: { queuedBytesMax: 400 }, groups: 4 },
])('appends beyond $limits wait, and are written in the order in which they came', async ({ limits, groups }) => {
  const { store, append, ends, letGo, written, hold } = await held(limits)
  letGo()
  await append(0)
  written.length = 0
  hold()
  const first = append(1)
  await turns()
  const others = Array.from({ length: 40 }, (_, n) => append(n + 2))
  await turns()
  expect(ends).toEqual(['0 written'])
  expect(written).toEqual([])
  letGo()
  await Promise.all([first, ...others])
  const order = Array.from({ length: 42 }, (_, n) => n)
  expect(await streamsOf(store)).toEqual(order.map((n) => `s-${n}`))
  expect(ends).toEqual(order.map((n) => `${n} written`))
  expect(written.length).toBeGreaterThanOrEqual(40 / groups / 2)
  if (limits.queuedBytesMax !== undefined) {
    // The append that reaches the limit may exceed it.
    expect(Math.max(...written)).toBeLessThan(limits.queuedBytesMax + 200)
  }
  await store.close()
})

test('an append that is aborted while it waits is rejected and writes nothing, and those behind it keep their places', async () => {
  const { store, append, ends, letGo } = await held({ queuedAppendsMax: 1 })
  const stop = new AbortController()
  const appends = [append(0)]
  await turns()
  appends.push(append(1), append(2), append(3, { signal: stop.signal }), append(4))
  await turns()
  stop.abort()
  await turns()
  expect(ends).toEqual(['3 aborted'])
  letGo()
  await Promise.all(appends)
  expect(await streamsOf(store)).toEqual(['s-0', 's-1', 's-2', 's-4'])
  expect(await store.findCommit('c-3')).toBeUndefined()
  await append(3)
  expect(ends.at(-1)).toBe('3 written')
  await store.close()
})

test('an append that is aborted after it was admitted still gets its outcome', async () => {
  const { store, append, ends, letGo } = await held({ queuedAppendsMax: 2 })
  const stops = Array.from({ length: 5 }, () => new AbortController())
  const appends = [append(0, { signal: stops[0]!.signal })]
  await turns()
  // Two are in the next group, two wait.
  for (let n = 1; n < 5; n++) appends.push(append(n, { signal: stops[n]!.signal }))
  await turns()
  for (const stop of stops) stop.abort()
  await turns()
  expect(ends).toEqual(['3 aborted', '4 aborted'])
  letGo()
  await Promise.all(appends)
  expect(ends.slice(2)).toEqual(['0 written', '1 written', '2 written'])
  expect(await streamsOf(store)).toEqual(['s-0', 's-1', 's-2'])
  await store.close()
})

test('an append that was aborted before the call writes nothing', async () => {
  const { store, append, ends, letGo } = await held({})
  letGo()
  await append(1, { signal: AbortSignal.abort() })
  expect(ends).toEqual(['1 aborted'])
  expect((await store.head()).position).toBe(0)
  await store.close()
})

test('a commit larger than the bound on bytes is written alone, and the others continue', async () => {
  const { store, append, ends, letGo, written } = await held({ queuedBytesMax: 500 })
  const appends = [append(0)]
  await turns()
  appends.push(append(1), append(2, { bytes: 5000 }), append(3), append(4))
  await turns()
  letGo()
  await Promise.all(appends)
  expect(ends).toEqual([0, 1, 2, 3, 4].map((n) => `${n} written`))
  expect(written.filter((length) => length > 5000)).toHaveLength(1)
  await store.close()
})

test('closing while appends wait ends, and each append is written or rejected because the store is closed', async () => {
  const { store, append, ends, letGo } = await held({ queuedAppendsMax: 1 })
  const appends = Array.from({ length: 6 }, (_, n) => append(n))
  await turns()
  const closed = store.close()
  await turns()
  letGo()
  await Promise.all([closed, ...appends])
  expect(ends).toHaveLength(6)
  for (const end of ends) expect(end).toMatch(/ (written|store_closed)$/)
})

test('for an abort at any moment, the reported outcome agrees with the log', async () => {
  const next = draws()
  const rounds = long ? 5000 : 300
  const counts = { appends: 0, aborted: 0 }
  for (let round = 0; round < rounds; round++) {
    const { store, append, ends, letGo, hold } = await held({
      queuedAppendsMax: 1 + next(3),
      earlyWriteBytesMin: 100 * next(4),
      segmentEventsMax: 7,
    })
    const appends: Promise<void>[] = []
    const expected: number[] = []
    for (let n = 0; n < 20; n++) {
      const stop = new AbortController()
      appends.push(append(n, { signal: stop.signal }))
      counts.appends++
      const after = next(6)
      if (after < 3) void turns(after).then(() => stop.abort())
      if (next(4) === 0) letGo()
      if (next(4) === 0) await turns(next(3))
      if (next(6) === 0) hold()
    }
    letGo()
    await turns()
    letGo()
    await Promise.all(appends)
    for (const end of ends) {
      const [n, result] = end.split(' ')
      if (result === 'written') expected.push(Number(n))
      else if (result === 'aborted') counts.aborted++
      else expect.fail(end)
    }
    // No append overtook another.
    expect(await streamsOf(store)).toEqual(expected.toSorted((a, b) => a - b).map((n) => `s-${n}`))
    await store.close()
  }
  expect(counts.aborted).toBeGreaterThan(counts.appends / 20)
  console.log(`backpressure: ${counts.appends} appends, ${counts.aborted} given up, 0 failures, seed ${seed}`)
})
