import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileStore } from '../../file/event-store.ts'
import { all, fact, openStore, temporaryDirectory } from '../../file/test-support.ts'
import { rebuildIndex } from './rebuild-index.ts'
import { verifyLog } from './verify.ts'

const limits = { segmentEventsMax: 3, unindexedSegmentsMax: 1 }

async function writtenLog(): Promise<string> {
  const dir = temporaryDirectory()
  const store = await fileStore({ dir, limits })
  for (let n = 0; n < 20; n++) await store.append({ events: [fact(`a-${n % 4}`, 'Moved', { n })] })
  await store.close()
  return dir
}

async function indexes(dir: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(dir)).filter((name) => name.includes('.idx')).sort()
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name))] as const)))
}

test('a lost or damaged index is made again, byte for byte', async () => {
  const dir = await writtenLog()
  const before = await indexes(dir)
  expect(before.size).toBe(6)
  await rm(join(dir, '00000001.idx'))
  await truncate(join(dir, '00000003.idx'), 100)
  await writeFile(join(dir, '00000004.idx'), 'no index')
  const bytes = [...before.values()].reduce((sum, { length }) => sum + length, 0)
  expect(await rebuildIndex({ dir })).toEqual({
    segments: 6,
    events: 18,
    bytes,
    columnBytes: expect.any(Number),
    ms: expect.any(Number),
  })
  expect(await indexes(dir)).toEqual(before)
  expect(await verifyLog({ dir })).toMatchObject({
    indexes: { checked: 6, missing: 0 },
    columns: { checked: 6, missing: 0 },
  })
})

test('a log without indexes opens for reading again after a rebuild', async () => {
  const dir = await writtenLog()
  for (const name of (await indexes(dir)).keys()) await rm(join(dir, name))
  await expect(fileStore({ dir, access: 'read', limits })).rejects.toMatchObject({ code: 'index_missing' })
  await rebuildIndex({ dir })
  expect(await all(await openStore({ dir, access: 'read', limits }))).toHaveLength(20)
})

test('only the requested segments get an index, and progress ends at the total', async () => {
  const dir = await writtenLog()
  for (const name of (await indexes(dir)).keys()) await rm(join(dir, name))
  const told: { bytesDone: number; bytesTotal: number }[] = []
  expect(
    await rebuildIndex({ dir, segments: [2, 5, 7, 99], onProgress: (progress) => told.push(progress) }),
  ).toMatchObject({
    segments: 2,
    events: 6,
  })
  expect([...(await indexes(dir)).keys()]).toEqual(['00000002.idx', '00000005.idx'])
  expect(told.at(-1)!.bytesDone).toBe(told.at(-1)!.bytesTotal)
})

test('a damaged index of the current segment is deleted, and an intact one stays', async () => {
  const dir = temporaryDirectory()
  const store = await fileStore({ dir, limits: { unindexedEventsMax: 0 } })
  await store.append({ events: [fact('a-1')] })
  await store.close()
  await rebuildIndex({ dir })
  expect([...(await indexes(dir)).keys()]).toEqual(['00000001.idx'])
  await truncate(join(dir, '00000001.idx'), 5000)
  await rebuildIndex({ dir })
  expect((await indexes(dir)).size).toBe(0)
  expect(await verifyLog({ dir })).toMatchObject({ events: 1, indexes: { checked: 0, missing: 0 } })
})

test('rebuilding works beside a writer', async () => {
  const dir = temporaryDirectory()
  const store = await openStore({ dir, limits })
  const write = async () => {
    for (let n = 0; n < 1000; n++) await store.append({ events: [fact(`a-${n % 4}`, 'Moved', { n })] })
  }
  let writing = true
  const writer = write().finally(() => {
    writing = false
  })
  while (writing) {
    await rebuildIndex({ dir })
    await verifyLog({ dir })
  }
  await writer
  const { position } = await store.head()
  expect((await all(store)).length).toBe(position)
})

test('rebuilding reports a missing log, and makes no index for a damaged segment', async () => {
  await expect(rebuildIndex({ dir: temporaryDirectory() })).rejects.toMatchObject({ code: 'store_missing' })
  const dir = await writtenLog()
  const file = join(dir, '00000002.log')
  const bytes = await readFile(file)
  bytes[100]! ^= 1
  await writeFile(file, bytes)
  await expect(rebuildIndex({ dir })).rejects.toMatchObject({ code: 'log_corrupt', details: { file: '00000002.log' } })
  expect((await readdir(dir)).filter((name) => name.endsWith('.new'))).toEqual([])
})

test('a log opens for writing although a segment in its middle has an outdated index', async () => {
  const dir = temporaryDirectory()
  const first = await fileStore({ dir, limits: { ...limits, unindexedEventsMax: 0 } })
  await first.append({ events: [fact('a-1')] })
  await first.close()
  const old = await readFile(join(dir, '00000001.idx'))
  const second = await fileStore({ dir, limits })
  for (let n = 0; n < 20; n++) await second.append({ events: [fact('a-1')] })
  await second.close()
  for (const name of (await indexes(dir)).keys()) await rm(join(dir, name))
  await writeFile(join(dir, '00000001.idx'), old)
  expect((await (await openStore({ dir, limits })).head()).position).toBe(21)
})
