// What a store reports while it cannot write, and how it finds out by itself that it can write again.
import { expect, test } from 'vitest'
import { type Disk, nodeDisk } from '../log/disk/disk.ts'
import {
  all,
  type DiskCall,
  diskBroken,
  diskFull,
  fact,
  isOfLog,
  noMoreFiles,
  observedDisk,
  openStore,
  temporaryDirectory,
} from './test-support.ts'

const clock = { now: () => Date.UTC(2026, 0, 31) }
/** With such a short reserve, half of a write is less than its first frame. */
const waiting = { blockingWriteBytesMax: 0, writeProbeMs: 0, reserveBytes: 64 }
const event = { events: [fact('thing-1')] }

/** A disk on which calls of one kind to the log fail or wait while `trouble.now` is set. */
function troubledDisk(call: DiskCall['call']) {
  const trouble: { now: (() => unknown) | undefined; tries: number } = { now: undefined, tries: 0 }
  const disk = observedDisk({
    async before(told) {
      if (!trouble.now || told.call !== call || !isOfLog(told)) return
      trouble.tries++
      const error = await trouble.now()
      if (error) throw error
    },
  })
  return { disk, trouble }
}

test('health reports a full disk until there is space, even if nothing is appended', async () => {
  const { disk, trouble } = troubledDisk('write')
  const store = await openStore({ disk, clock, limits: waiting })
  await store.append(event)
  trouble.now = diskFull
  await Promise.allSettled([store.append(event), store.append(event)])
  await expect(store.append(event)).rejects.toMatchObject({ code: 'store_full' })
  const full = {
    canWrite: false,
    error: { code: 'store_full', message: 'There is no space left (injected).' },
    since: '2026-01-31T00:00:00.000Z',
    refusedAppends: { store_full: 3 },
  }
  expect(await store.health()).toMatchObject(full)
  expect(await store.health()).toMatchObject(full)
  trouble.now = undefined
  expect(await store.health()).toMatchObject({ canWrite: true, refusedAppends: { store_full: 3 } })
  expect(await all(store)).toHaveLength(1)
  expect(await store.append(event)).toMatchObject({ status: 'written', firstPosition: 2 })
  expect(await all(store)).toHaveLength(2)
})

test('the health check creates a segment that could not be created before, and appends continue in it', async () => {
  const { disk, trouble } = troubledDisk('open')
  const store = await openStore({ disk, limits: { ...waiting, segmentEventsMax: 1 } })
  await store.append(event)
  trouble.now = noMoreFiles
  await expect(store.append(event)).rejects.toMatchObject({ code: 'io_failed' })
  expect(await store.health()).toMatchObject({ canWrite: false, error: { code: 'io_failed' } })
  trouble.now = undefined
  expect(await store.health()).toMatchObject({ canWrite: true })
  expect(await store.append(event)).toMatchObject({ firstPosition: 2 })
})

test('a successful append is enough to report a healthy store', async () => {
  const { disk, trouble } = troubledDisk('write')
  const store = await openStore({ disk, limits: { ...waiting, writeProbeMs: 3_600_000 } })
  trouble.now = diskFull
  await expect(store.append(event)).rejects.toMatchObject({ code: 'store_full' })
  expect(await store.health()).toMatchObject({ canWrite: false })
  trouble.now = undefined
  await store.append(event)
  expect(await store.health()).toMatchObject({ canWrite: true })
})

test('many health checks try the disk only as often as the limit allows', async () => {
  const { disk, trouble } = troubledDisk('write')
  const store = await openStore({ disk, limits: { ...waiting, writeProbeMs: 3_600_000 } })
  trouble.now = diskFull
  await expect(store.append(event)).rejects.toMatchObject({ code: 'store_full' })
  await store.health()
  const { tries } = trouble
  await Promise.all(Array.from({ length: 100 }, () => store.health()))
  expect(trouble.tries).toBe(tries)
})

test('a poisoned store stays poisoned and names what failed', async () => {
  const { disk, trouble } = troubledDisk('sync')
  const store = await openStore({ disk, clock, limits: waiting })
  trouble.now = diskBroken
  await expect(store.append(event)).rejects.toMatchObject({ code: 'store_poisoned' })
  trouble.now = undefined
  await expect(store.append(event)).rejects.toMatchObject({ code: 'store_poisoned' })
  expect(await store.health()).toMatchObject({
    canWrite: false,
    error: { code: 'store_poisoned', message: expect.stringContaining('The disk is broken (injected).') },
    since: '2026-01-31T00:00:00.000Z',
    refusedAppends: { store_poisoned: 2 },
  })
})

test('a health check on a hanging disk returns, and later appends still work', async () => {
  const { disk, trouble } = troubledDisk('write')
  const store = await openStore({ disk, limits: { ...waiting, writeProbeWaitMs: 1 } })
  trouble.now = diskFull
  await expect(store.append(event)).rejects.toMatchObject({ code: 'store_full' })
  const hanging = Promise.withResolvers<void>()
  trouble.now = () => hanging.promise
  expect(await store.health()).toMatchObject({ canWrite: false })
  const appended = store.append(event)
  trouble.now = undefined
  hanging.resolve()
  expect(await appended).toMatchObject({ status: 'written', firstPosition: 1 })
  expect(await store.health()).toMatchObject({ canWrite: true })
})

test('closing waits for a disk check in progress', async () => {
  const { disk, trouble } = troubledDisk('write')
  const dir = temporaryDirectory()
  const store = await openStore({ dir, disk, limits: { ...waiting, writeProbeWaitMs: 1 } })
  trouble.now = diskFull
  await expect(store.append(event)).rejects.toMatchObject({ code: 'store_full' })
  const hanging = Promise.withResolvers<void>()
  trouble.now = () => hanging.promise
  await store.health()
  const closing = store.close()
  trouble.now = undefined
  hanging.resolve()
  await closing
  expect(await all(await openStore({ dir }))).toEqual([])
})

test('an append that is refused because no index can be opened leaves no trace, is reported, and does not count the index as damaged', async () => {
  let none: 'now' | 'at all' | undefined
  let made = 0
  const disk: Disk = {
    ...nodeDisk,
    openNow(path) {
      if (none) throw noMoreFiles()
      return nodeDisk.openNow(path)
    },
    open(path, mode) {
      if (path.includes('.idx') && mode === 'create') made++
      return none === 'at all' ? Promise.reject(noMoreFiles()) : nodeDisk.open(path, mode)
    },
  }
  const dir = temporaryDirectory()
  const before = await openStore({ dir, limits: { segmentEventsMax: 2 } })
  for (let n = 1; n <= 5; n++) await before.append({ ...event, commandId: `c-${n}` })
  await before.close()
  const store = await openStore({ dir, disk, limits: { ...waiting, indexCacheBytesMax: 0, openFilesMax: 1 } })
  none = 'now'
  await expect(store.append({ ...event, commandId: 'c-1' })).rejects.toMatchObject({ code: 'io_failed' })
  await expect(store.append({ ...event, commandId: 'c-6' })).rejects.toMatchObject({ code: 'io_failed' })
  none = 'at all'
  expect(await store.health()).toMatchObject({ canWrite: false, refusedAppends: { io_failed: 2 } })
  none = undefined
  expect(await store.health()).toMatchObject({ canWrite: true })
  expect(await store.append({ ...event, commandId: 'c-6' })).toMatchObject({ status: 'written', firstPosition: 6 })
  expect(await store.append({ ...event, commandId: 'c-1' })).toMatchObject({ status: 'duplicate', firstPosition: 1 })
  expect((await all(store)).map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6])
  expect(made).toBe(0)
})

test('a store that was opened for reading reports that it cannot write', async () => {
  const dir = temporaryDirectory()
  await openStore({ dir })
  const reader = await openStore({ dir, access: 'read', clock })
  await expect(reader.append(event)).rejects.toMatchObject({ code: 'store_read_only' })
  expect(await reader.health()).toEqual({
    canWrite: false,
    error: { code: 'store_read_only', message: `The log in ${dir} was opened for reading only.` },
    since: '2026-01-31T00:00:00.000Z',
    refusedAppends: {},
  })
})

test('durable writes are counted, with the time that they took', async () => {
  const store = await openStore({})
  const before = (await store.health()).syncs!
  await store.append(event)
  const after = (await store.health()).syncs!
  expect(after.count).toBe(before.count + 1)
  expect(after.ms).toBeGreaterThan(before.ms)
})
