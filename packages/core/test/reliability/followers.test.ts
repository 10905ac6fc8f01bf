// Readers in another process and another thread follow a writer over many segments: they see everything once, soon, and at low cost.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { hours, long, seed } from '../../../../scripts/campaign.ts'
import { fileStore } from '../../src/file/event-store.ts'
import type { Disk } from '../../src/log/disk/disk.ts'
import { logLimits } from '../../src/log/limits.ts'
import { simulatedDisk } from '../crash/simulated-disk.ts'
import type { Idle, Question, State } from './following-child.ts'
import { soon } from './support.ts'

const child = new URL('following-child.ts', import.meta.url)
const limits = { segmentEventsMax: 1000, segmentBytesMax: 256 * 1024, unindexedEventsMax: 100 }
const some = 10_000
const many = long ? 1_000_000 : 60_000
/** The texts alone of this many kept events would need more. */
const grownBytesMax = 3 * 1024 * 1024

interface Follower {
  ask<Answer>(question: Question): Promise<Answer>
}

test(
  'followers in a process and in a thread see every event once, in order, by notification, with little memory',
  hours,
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'indelible-follow-'))
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    const store = await fileStore({ dir, limits })
    onTestFinished(() => store.close())
    let appended = 0
    const append = async (count: number, timed = false) => {
      const events = Array.from({ length: count }, (_, index) => {
        const sentMs = timed ? { sentMs: performance.timeOrigin + performance.now() } : {}
        const data = { n: ++appended, ...sentMs, text: 'x'.repeat(60) }
        return { stream: `s-${(appended + index) % 997}` as const, type: 'Happened', data }
      })
      await store.append({ events })
    }
    await append(1)
    const followers = { process: await inProcess(dir), thread: await inThread(dir) }

    for (let n = 0; n < 200; n++) {
      await append(1, true)
      if (n % 4 === 0) await pause(4)
    }
    const medians: Record<string, number> = {}
    for (const [name, follower] of Object.entries(followers)) {
      const { latencies } = await arrived(follower, appended)
      expect(latencies).toHaveLength(200)
      medians[name] = latencies.toSorted((a, b) => a - b)[100]!
      // A reader without notifications looks only now and then.
      expect(medians[name]).toBeLessThan(logLimits.followMs / 5)
    }

    while (appended < some) await append(500)
    const before = await Promise.all(Object.values(followers).map((follower) => settled(follower, appended)))
    while (appended < many) await append(500)
    const after = await Promise.all(Object.values(followers).map((follower) => settled(follower, appended)))
    const grown = after.map((held, index) => held - before[index]!)
    for (const bytes of grown) expect(bytes).toBeLessThan(grownBytesMax)

    // It has processed what the writer left, such as its index.
    await pause(1500)
    const idle = await Promise.all(Object.values(followers).map((follower) => follower.ask<Idle>('idle')))
    const looksMax = 2000 / logLimits.followMs + 2
    for (const { cpuMs, looks } of idle) {
      expect(cpuMs).toBeLessThan(0.05 * 2000)
      expect(looks).toBeLessThanOrEqual(looksMax)
    }
    const indexes = readdirSync(dir).filter((name) => name.endsWith('.idx')).length
    expect(indexes).toBeGreaterThan(many / 1000 - 5)
    const each = (values: readonly (number | string)[]) => values.join(' and ')
    console.log(
      `followers in a process and a thread: ${appended} events over ${indexes} indexed segments, each seen once in order; ` +
        `append to seen p50 ${each(Object.values(medians).map((ms) => ms.toFixed(2)))} ms; idle for 2 s: ` +
        `${each(idle.map(({ cpuMs }) => cpuMs.toFixed(1)))} ms of CPU, ${each(idle.map(({ looks }) => looks))} looks; ` +
        `grown by ${each(grown.map((bytes) => (bytes / 1024).toFixed(0)))} KiB over the last ${many - some} events, seed ${seed}`,
    )
  },
)

test('events of a frame that is larger than all caches are read with one read of the frame', async () => {
  const { disk } = simulatedDisk()
  let bytesRead = 0
  const counted: Disk = {
    ...disk,
    openNow(path) {
      const file = disk.openNow(path)
      return {
        ...file,
        read(into, at) {
          const read = file.read(into, at)
          bytesRead += read
          return read
        },
      }
    },
  }
  const store = await fileStore({ dir: '/log', disk: counted, limits: { frameCacheBytesMax: 1000, reserveBytes: 8 } })
  const events = Array.from({ length: 500 }, () => ({ stream: 's-1' as const, type: 'T', data: 'x'.repeat(100) }))
  await store.append({ events })
  bytesRead = 0
  const found = await Array.fromAsync(store.read([{ streams: ['s-1'] }]))
  expect(found.flatMap(({ events }) => events)).toHaveLength(500)
  expect(bytesRead).toBeGreaterThan(50_000)
  expect(bytesRead).toBeLessThan(200_000)
  await store.close()
})

/** Waits until a follower has seen this many events. */
async function arrived(follower: Follower, count: number): Promise<State> {
  const latencies: number[] = []
  for (const untilMs = performance.now() + 60_000; performance.now() < untilMs; await pause(20)) {
    const state = await follower.ask<State>('state')
    latencies.push(...state.latencies)
    expect(state.wrong).toBeUndefined()
    if (state.seen >= count) return { ...state, latencies }
  }
  throw new Error(`${count} events did not come within a minute.`)
}

/** The memory of a follower after it has seen this many events and read their indexes. */
async function settled(follower: Follower, count: number): Promise<number> {
  await arrived(follower, count)
  // Released memory is counted some time later.
  let heldBytes = Number.POSITIVE_INFINITY
  for (let look = 0; look < 6; look++) {
    await pause(250)
    heldBytes = Math.min(heldBytes, (await arrived(follower, count)).heldBytes)
  }
  return heldBytes
}

async function inProcess(dir: string): Promise<Follower> {
  const follower = fork(child, [dir], { execArgv: ['--conditions=@indelible/source'] })
  onTestFinished(() => void follower.kill('SIGKILL'))
  await soon('A process', once(follower, 'message'))
  return {
    async ask<Answer>(question: Question) {
      const answer = once(follower, 'message')
      follower.send(question)
      return (await soon('An answer', answer))[0] as Answer
    },
  }
}

async function inThread(dir: string): Promise<Follower> {
  const follower = new Worker(child, { workerData: dir, execArgv: ['--conditions=@indelible/source'] })
  onTestFinished(() => void follower.terminate())
  await soon('A thread', once(follower, 'message'))
  return {
    async ask<Answer>(question: Question) {
      const answer = once(follower, 'message')
      follower.postMessage(question)
      return (await soon('An answer', answer))[0] as Answer
    },
  }
}
