// For each call to the disk that fails, once or always: no acknowledged event is lost or doubled, and every fault has its code.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { draws, hours, long, seed } from '../../../../scripts/campaign.ts'
import { fileStore } from '../../src/file/event-store.ts'
import { nodeDisk } from '../../src/log/disk/disk.ts'
import type { EventStore } from '../../src/store/port.ts'
import { crashAfter, simulatedDisk } from '../crash/simulated-disk.ts'
import { type Fault, failingDisk, faults, passingFaults, type When } from './failing-disk.ts'
import { type FsFault, failingFs } from './failing-fs.ts'
import { closed, Ledger, smallLimits as limits, work } from './workload.ts'

test('the log survives if the k-th disk call fails, for every k, once or always', hours, async () => {
  const stray = strayFaults()
  const next = draws()
  const counts = { runs: 0, ...newCounts() }
  for (const fault of faults) {
    for (const how of ['once', 'forever'] as const) {
      const step = long ? 1 : 211
      for (let k = 1 + (long ? 0 : next(step)); ; k += step) {
        const hit = await run(fault, { k, how }, counts)
        if (!hit) break
        counts.runs++
      }
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(stray).toEqual([])
  console.log(
    `failing disk: ${counts.runs} runs with a fault (${counts.poisoned} poisoned, ${counts.full} went on after a full disk, ` +
      `${counts.reopened} reopened), 0 failures, seed ${seed}`,
  )
})

test(
  'a fault before any byte is written only refuses and never poisons, for the k-th call or one in k',
  hours,
  async () => {
    const stray = strayFaults()
    const next = draws(seed + 2)
    const counts = { runs: 0, ...newCounts() }
    for (const fault of passingFaults) {
      for (const how of ['once', 'each'] as const) {
        const step = long ? 1 : 389
        for (let k = 1 + (long ? 0 : next(step)); ; k += step) {
          if (!(await run(fault, { k, how }, counts, ['written']))) break
          counts.runs++
        }
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(stray).toEqual([])
    expect(counts.poisoned).toBe(0)
    console.log(
      `passing faults: ${counts.runs} runs with a fault (${counts.refusing} refused something), 0 failures, seed ${seed}`,
    )
  },
)

test('an index that was just built and cannot be read refuses to open with the fault of the disk', async () => {
  const beside = passingFaults.find(({ name }) => name === 'EIO beside the bytes')!
  expect(await run(beside, { k: 18, how: 'each' }, newCounts(), ['written'])).toBe(true)
})

test(
  'the log survives if the k-th call to the operating system fails; a short read or write is continued',
  hours,
  async () => {
    const stray = strayFaults()
    const next = draws(seed + 1)
    const counts = { runs: 0, short: 0, ...newCounts() }
    for (const fault of ['EIO', 'ENOSPC', 'EDQUOT', 'EMFILE', 'short write', 'short read'] as const) {
      for (const forever of [false, true]) {
        const step = long ? 7 : 1601
        for (let k = 1 + (forever && fault.startsWith('short') ? 0 : next(step)); ; k += step) {
          if (!(await runOnFiles(fault, { k, forever }, counts))) break
          counts.runs++
          if (fault.startsWith('short')) counts.short++
        }
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(stray).toEqual([])
    console.log(
      `failing node:fs: ${counts.runs} runs with a fault (${counts.short} short reads and writes, ${counts.poisoned} poisoned, ` +
        `${counts.full} went on after a full disk), 0 failures, seed ${seed}`,
    )
  },
)

const newCounts = () => ({ poisoned: 0, full: 0, refusing: 0, reopened: 0 })
type Counts = ReturnType<typeof newCounts>

/** Returns whether the call was ever made. `allowed`: the codes with which an append may fail afterwards. */
async function run(fault: Fault, when: When, counts: Counts, allowed?: readonly string[]): Promise<boolean> {
  const simulated = simulatedDisk()
  const failing = failingDisk(simulated.disk, fault, when)
  let hitBefore = false
  const open = () => {
    hitBefore = failing.hit !== undefined
    return fileStore({ dir: '/log', disk: failing.disk, limits })
  }
  try {
    return await survives(open, counts, {
      hit: () => failing.hit !== undefined,
      repair: () => failing.repair(),
      // If the machine stops before the disk recovers, only durable bytes remain.
      async meanwhile(ledger) {
        const image = crashAfter(new Map(), simulated.operations).with([])
        const left = await fileStore({ dir: '/log', disk: simulatedDisk(image).disk, limits })
        expect(await ledger.reads(left)).toBe(true)
        await left.close()
      },
      afterwards() {
        if (allowed) return allowed
        const { call, file = '' } = failing.hit!
        // After the store said once that the content of the disk is unknown, it says so until the log is opened again.
        const unknown = ['write', 'sync', 'truncate'].includes(call) && file.endsWith('.log')
        if (fault.code === 'io_failed') return unknown && !hitBefore ? ['store_poisoned'] : anything
        // A disk that writes the whole frame and still reports that it is full: a reader may have seen the frame, so it is not refused.
        return fault.calls.includes('sync') || fault.part === 1 ? anything : ['written']
      },
    })
  } catch (error) {
    const { call, file } = failing.hit ?? {}
    const context = `${fault.name} at call ${when.k} (${when.how}): ${call} of ${file}`
    throw new Error(context, { cause: error })
  }
}

/** The same on the real disk. Indexes are made on this thread, where their calls can be made to fail. */
async function runOnFiles(fault: FsFault, when: { k: number; forever: boolean }, counts: Counts): Promise<boolean> {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-fs-'))
  const failing = failingFs(dir, fault, when)
  const isShort = fault.startsWith('short')
  try {
    return await survives(() => fileStore({ dir: join(dir, 'log'), disk: { ...nodeDisk }, limits }), counts, {
      hit: () => failing.hit !== undefined,
      repair: () => failing.repair(),
      afterwards: () => (isShort || fault === 'ENOSPC' || fault === 'EDQUOT' ? ['written'] : anything),
      mustSucceed: isShort,
    })
  } catch (error) {
    const context = `${fault} at call ${when.k}${when.forever ? ' and ever after' : ''}: ${failing.hit}`
    throw new Error(context, { cause: error })
  } finally {
    failing.restore()
    rmSync(dir, { recursive: true, force: true })
  }
}

const anything = ['written', 'store_poisoned']

interface Trouble {
  readonly hit: () => boolean
  readonly repair: () => void
  readonly meanwhile?: (ledger: Ledger) => Promise<void>
  /** The codes with which an append may fail when the disk has recovered and the log was not reopened. */
  readonly afterwards: () => readonly string[]
  readonly mustSucceed?: boolean
}

/** Works while the disk fails, and after it has recovered. Returns whether it ever failed. */
async function survives(open: () => Promise<EventStore>, counts: Counts, trouble: Trouble): Promise<boolean> {
  const ledger = new Ledger()
  const store = await work(ledger, open)
  await trouble.meanwhile?.(ledger)
  trouble.repair()
  if (!trouble.hit() || trouble.mustSucceed) expect(ledger.codes).toEqual([])
  if (!trouble.hit()) {
    await store!.close()
    return false
  }
  if (store) {
    expect(await ledger.reads(store), 'reads go on').toBe(true)
    const health = await store.health()
    const result = await ledger.append(store)
    expect(trouble.afterwards()).toContain(result)
    // This was found without an append.
    expect(health.canWrite).toBe(result === 'written')
    if (result === 'store_poisoned') {
      counts.poisoned++
      expect(await ledger.append(store)).toBe('store_poisoned')
    }
    if (ledger.codes.includes('store_full')) counts.full++
    if (ledger.codes.includes('io_failed')) counts.refusing++
    expect(await ledger.reads(store), 'reads go on').toBe(true)
    await closed(ledger, store)
  }
  // What failed must not prevent this process from opening the log again.
  for (let round = 0; round < 2; round++) {
    const again = await open()
    expect(await ledger.reads(again)).toBe(true)
    for (const id of [...ledger.unknown, ...ledger.refused]) {
      expect(['written', 'duplicate']).toContain(await ledger.append(again, id))
    }
    expect(await ledger.append(again)).toBe('written')
    expect(await ledger.reads(again)).toBe(true)
    await again.close()
    counts.reopened++
  }
  return true
}

function strayFaults(): unknown[] {
  const stray: unknown[] = []
  const note = (error: unknown) => void stray.push(error)
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(event, note)
    onTestFinished(() => void process.off(event, note))
  }
  return stray
}
