import { readdirSync, symlinkSync } from 'node:fs'
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { draws, long } from '../../../../../scripts/campaign.ts'
import { crashAfter, type DiskImage, type SimulatedDisk, simulatedDisk } from '../../../test/crash/simulated-disk.ts'
import { fileStore } from '../../file/event-store.ts'
import {
  all,
  allFields,
  diskBroken,
  fact,
  observedDisk,
  openStore,
  temporaryDirectory,
} from '../../file/test-support.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import { type Disk, nodeDisk } from '../disk/disk.ts'
import { backupLog } from './backup.ts'
import { verifyLog } from './verify.ts'

const limits = { segmentEventsMax: 4 }

async function append(dir: string, count: number, { category = 'a' } = {}): Promise<void> {
  const store = await fileStore({ dir, limits })
  for (let n = 0; n < count; n++) {
    const events = [fact(`${category}-${n % 3}`, 'Moved', { n }), fact(`${category}-9`, 'Counted', { n })]
    await store.append({ events: events.slice(n % 2), commandId: crypto.randomUUID() })
  }
  await store.close()
}

async function log(count: number): Promise<string> {
  const dir = temporaryDirectory()
  await append(dir, count)
  return dir
}

/** Every file of a log except those of its writer. */
async function files(dir: string): Promise<Record<string, string>> {
  const names = (await readdir(dir)).filter((name) => /\.(log|idx|new)$/.test(name)).sort()
  const read = names.map(async (name) => [name, (await readFile(join(dir, name))).toString('hex')] as const)
  return Object.fromEntries(await Promise.all(read))
}

test('a backup equals the log, file by file, and opens for reading and for writing', async () => {
  const from = await log(12)
  const to = join(temporaryDirectory(), 'new', 'backup')
  const told: { bytesDone: number; bytesTotal: number }[] = []
  const made = await backupLog({ from, to, onProgress: (progress) => told.push(progress) })
  const source = await openStore({ dir: from, access: 'read' })
  const { position, recordedAt } = await source.head()
  const segments = readdirSync(from).filter((name) => name.endsWith('.log')).length
  expect(made).toEqual({
    head: position,
    recordedAt,
    segmentsCopied: segments,
    segmentsSkipped: 0,
    bytesCopied: made.bytesTotal,
    bytesTotal: expect.any(Number),
    indexesCopied: segments - 1,
  })
  expect(await files(to)).toEqual(await files(from))
  expect(told.at(-1)!.bytesDone).toBe(told.at(-1)!.bytesTotal)
  expect(await verifyLog({ dir: to })).toMatchObject({
    bytes: made.bytesTotal,
    indexes: { checked: segments - 1, missing: 0 },
  })
  const events = await allFields(source)
  expect(await allFields(await openStore({ dir: to, access: 'read' }))).toEqual(events)
  const restored = temporaryDirectory()
  await cp(to, restored, { recursive: true })
  const store = await openStore({ dir: restored, limits })
  expect(await allFields(store)).toEqual(events)
  await store.append({ events: [fact('a-0')] })
  expect((await store.head()).position).toBe(position + 1)
})

describe('run again', () => {
  test('it copies only what is new, and nothing if nothing is new', async () => {
    const from = await log(11)
    const to = temporaryDirectory()
    const first = await backupLog({ from, to })
    const nothing = await backupLog({ from, to })
    expect(nothing).toEqual({
      ...first,
      segmentsCopied: 0,
      segmentsSkipped: first.segmentsCopied,
      bytesCopied: 0,
      indexesCopied: 0,
    })
    await append(from, 7)
    const more = await backupLog({ from, to })
    // The last segment was not full.
    expect(more.segmentsSkipped).toBe(first.segmentsCopied - 1)
    expect(more.bytesCopied).toBeLessThan(more.bytesTotal)
    expect(more.head).toBeGreaterThan(first.head)
    expect(await files(to)).toEqual(await files(from))
    await verifyLog({ dir: to })
  })

  test('it continues a backup that was opened for writing and closed', async () => {
    const from = await log(3)
    const [to, opened] = [temporaryDirectory(), temporaryDirectory()]
    const store = await openStore({ dir: from, limits })
    await store.append({ events: [fact('a-1')] })
    await backupLog({ from, to })
    await backupLog({ from, to: opened })
    await (await fileStore({ dir: opened, limits })).close()
    expect(await files(opened)).not.toEqual(await files(to))
    await store.append({ events: [fact('a-1')] })
    await backupLog({ from, to })
    await backupLog({ from, to: opened })
    expect(await files(opened)).toEqual(await files(to))
    expect(await all(await openStore({ dir: opened, access: 'read' }))).toHaveLength((await store.head()).position)
  })

  test('it restores a missing index and the missing seal of a segment', async () => {
    const from = await log(12)
    const to = temporaryDirectory()
    await backupLog({ from, to })
    await rm(join(to, '00000001.idx'))
    await truncate(join(to, '00000002.log'), (await readFile(join(to, '00000002.log'))).length - 24)
    await writeFile(
      join(to, '00000003.log'),
      Buffer.concat([await readFile(join(to, '00000003.log')), Buffer.alloc(9, 1)]),
    )
    expect(await backupLog({ from, to })).toMatchObject({ segmentsCopied: 1, indexesCopied: 1 })
    expect(await files(to)).toEqual(await files(from))
  })
})

test('a backup makes indexes that are missing or damaged in the log', async () => {
  const from = await log(12)
  const whole = await files(from)
  await rm(join(from, '00000001.idx'))
  await truncate(join(from, '00000002.idx'), 5000)
  const bytes = await readFile(join(from, '00000003.idx'))
  bytes[5000]! ^= 1
  await writeFile(join(from, '00000003.idx'), bytes)
  const to = temporaryDirectory()
  await backupLog({ from, to })
  expect(await files(to)).toEqual(whole)
})

test('a backup beside a writer is each time a prefix of the log with whole commits', async () => {
  const from = temporaryDirectory()
  const store = await openStore({ dir: from, limits: { segmentEventsMax: 40, reserveBytes: 1000 } })
  const to = temporaryDirectory()
  let writing = true
  await store.append({ events: [fact('a-1')] })
  const writer = (async () => {
    for (let n = 0; n < 400; n++) await store.append({ events: [fact('a-1'), fact(`b-${n}`), fact('c-1')] })
    writing = false
  })()
  let head = 0
  while (writing) {
    const made = await backupLog({ from, to })
    expect(made.head).toBeGreaterThanOrEqual(head)
    expect(made.head % 3).toBe(1)
    head = made.head
    expect(await verifyLog({ dir: to })).toMatchObject({ head, events: head, ending: 'open' })
  }
  await writer
  await backupLog({ from, to })
  expect(await allFields(await openStore({ dir: to, access: 'read' }))).toEqual(await allFields(store))
})

test('the backup of an empty log is an empty log', async () => {
  const from = await log(0)
  const to = temporaryDirectory()
  expect(await backupLog({ from, to })).toMatchObject({ head: 0, recordedAt: null, segmentsCopied: 1 })
  expect(await backupLog({ from, to })).toMatchObject({ head: 0, segmentsCopied: 0, segmentsSkipped: 1 })
  expect((await (await openStore({ dir: to })).head()).position).toBe(0)
})

describe('it refuses, and changes nothing', () => {
  const refused = async (from: string, to: string, reason: string) => {
    const before = await files(to)
    await expect(backupLog({ from, to })).rejects.toMatchObject({ code: 'backup_mismatch', details: { reason } })
    expect(await files(to)).toEqual(before)
  }

  test('a backup of another log', async () => {
    await refused(await log(3), await log(3), 'other-log')
    await refused(await log(3), await log(12), 'other-log')
  })

  test('a backup that was appended to', async () => {
    const from = await log(12)
    const to = temporaryDirectory()
    await backupLog({ from, to })
    await append(to, 1)
    await refused(from, to, 'diverged')
    await append(from, 1)
    await refused(from, to, 'diverged')
    await append(to, 12)
    await refused(from, to, 'diverged')
    await append(from, 12)
    await refused(from, to, 'diverged')
  })

  test('a backup of a log that was later set back to an earlier state', async () => {
    const from = await log(3)
    const earlier = temporaryDirectory()
    await cp(from, earlier, { recursive: true })
    await append(from, 12)
    const to = temporaryDirectory()
    await backupLog({ from, to })
    await refused(earlier, to, 'diverged')
  })

  test('a directory with other files, and the log itself under any name', async () => {
    const from = await log(3)
    const to = temporaryDirectory()
    await writeFile(join(to, 'notes.txt'), 'mine')
    await refused(from, to, 'no-log')
    expect(await readdir(to)).toEqual(['notes.txt'])
    await refused(from, from, 'same')
    const link = join(temporaryDirectory(), 'link')
    symlinkSync(from, link)
    await refused(from, link, 'same')
  })

  test('a damaged backup, and names the damage', async () => {
    const from = await log(3)
    const to = temporaryDirectory()
    await backupLog({ from, to })
    const file = join(to, '00000001.log')
    const bytes = await readFile(file)
    bytes[70]! ^= 1
    await writeFile(file, bytes)
    const error = { code: 'log_corrupt', details: { dir: to, file: '00000001.log', offset: 64 } }
    await expect(backupLog({ from, to })).rejects.toMatchObject(error)
  })

  test('a missing log, and makes no directory for the backup', async () => {
    const dir = temporaryDirectory()
    const to = join(dir, 'to')
    await expect(backupLog({ from: join(dir, 'from'), to })).rejects.toMatchObject({ code: 'store_missing' })
    expect(readdirSync(dir)).toEqual([])
  })

  test('a backup that is open elsewhere', async () => {
    const from = await log(3)
    const to = temporaryDirectory()
    await backupLog({ from, to })
    await openStore({ dir: to })
    await expect(backupLog({ from, to })).rejects.toMatchObject({ code: 'store_locked' })
  })
})

test('damage to the log is reported, and what was copied before it is a valid backup', async () => {
  const from = await log(12)
  const file = '00000003.log'
  const bytes = await readFile(join(from, file))
  const whole = Buffer.from(bytes)
  bytes[70]! ^= 1
  await writeFile(join(from, file), bytes)
  const to = temporaryDirectory()
  await expect(backupLog({ from, to })).rejects.toMatchObject({ code: 'log_corrupt', details: { file, offset: 64 } })
  expect(await verifyLog({ dir: to })).toMatchObject({ ending: 'open' })
  await writeFile(join(from, file), whole)
  await backupLog({ from, to })
  expect(await files(to)).toEqual(await files(from))
})

test('a write that stores other bytes than it was given is noticed', async () => {
  const from = await log(3)
  const to = temporaryDirectory()
  const disk: Disk = {
    ...nodeDisk,
    async open(path, mode) {
      const file = await nodeDisk.open(path, mode)
      if (mode !== 'create') return file
      return {
        ...file,
        write: (bytes, at) =>
          file.write(
            bytes.map((byte, n) => (n === 90 ? byte ^ 1 : byte)),
            at,
          ),
      }
    },
  }
  await expect(backupLog({ from, to, disk })).rejects.toMatchObject({ code: 'io_failed' })
  expect(Object.keys(await files(to))).toEqual([])
})

test('after any failed disk call there is the earlier backup or none, and the next run completes it', async () => {
  const from = await log(3)
  const earlier = temporaryDirectory()
  await backupLog({ from, to: earlier })
  await append(from, 6)
  const step = long ? 1 : 3
  const next = draws()
  for (const start of [undefined, earlier]) {
    for (let fails = 1 + next(step), done = false; !done; fails += step) {
      const to = temporaryDirectory()
      if (start) await cp(start, to, { recursive: true })
      let calls = 0
      const disk = observedDisk({
        before() {
          if (++calls === fails) throw diskBroken()
        },
      })
      const result = await backupLog({ from, to, disk }).catch((error) => error)
      done = !(result instanceof IndelibleError)
      const state = await verifyLog({ dir: to }).catch((error) => error)
      if (start || state.code !== 'store_missing')
        expect(state).toMatchObject({ ending: expect.stringMatching(/open|closed/) })
      await backupLog({ from, to })
      expect(await files(to)).toEqual(await files(from))
    }
  }
}, 180_000)

test('after a machine stop at any moment there is the earlier backup or none, and the next run completes it', async () => {
  const from = await log(3)
  const earlier = await imageOf(from, '/copy')
  await append(from, 6)
  const source = await imageOf(from, '/log')
  const whole = await imageOf(from, '/copy')
  let states = 0
  for (const copy of [new Map(), earlier] as DiskImage[]) {
    const start = new Map([...source, ...copy])
    const { operations } = await backedUp(start)
    for (let count = 0; count <= operations.length; count++) {
      const crash = crashAfter(start, operations.slice(0, count))
      for (const kept of [[], crash.pending, ...crash.pending.map((operation) => [operation])]) {
        states++
        const left = crash.with(kept)
        const found = await verifyLog({ dir: '/copy', disk: simulatedDisk(left).disk }).catch((error) => error)
        const isNone = copy.size === 0 && found.code === 'store_missing'
        if (!isNone) expect(found.events).toBeGreaterThanOrEqual(copy.size > 0 ? 5 : 0)
        const image = (await backedUp(left)).image()
        for (const [name, bytes] of whole) expect(image.get(name)?.equals(bytes), name).toBe(true)
      }
    }
  }
  expect(states).toBeGreaterThan(100)
}, 180_000)

async function imageOf(dir: string, as: string): Promise<DiskImage> {
  const names = (await readdir(dir)).filter((name) => /\.(log|idx)$/.test(name)).sort()
  return new Map(
    await Promise.all(names.map(async (name) => [`${as}/${name}`, await readFile(join(dir, name))] as const)),
  )
}

/** Backs up /log to /copy on a simulated disk. */
async function backedUp(start: DiskImage): Promise<SimulatedDisk> {
  const simulated = simulatedDisk(start)
  await backupLog({ from: '/log', to: '/copy', disk: simulated.disk })
  return simulated
}
