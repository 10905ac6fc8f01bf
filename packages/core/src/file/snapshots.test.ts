import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { memorySnapshots } from '../memory/snapshots.ts'
import { type Snapshot, snapshotsKeptMax } from '../store/snapshots.ts'
import { fileSnapshots } from './snapshots.ts'
import { diskFull, observedDisk, temporaryDirectory } from './test-support.ts'

const snapshot: Snapshot = {
  stream: 'a-ü/../x',
  fingerprint: 'f1',
  code: 'c1',
  version: 100,
  position: 250,
  history: 'the log and its 250th event',
  state: { balance: 'ü' },
}

/** Of all streams. */
async function filesIn(dir: string): Promise<readonly string[]> {
  const files = await readdir(dir, { recursive: true, withFileTypes: true })
  return files.filter((each) => each.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}

async function onlyFile(dir: string): Promise<string> {
  const [file, ...others] = await filesIn(dir)
  expect(others).toEqual([])
  return file!
}

test('a saved snapshot is there after a restart, and a newer one replaces it', async () => {
  const dir = join(temporaryDirectory(), 'made', 'anew')
  await fileSnapshots({ dir }).save(snapshot)
  expect(await fileSnapshots({ dir }).load(snapshot.stream, 'f1')).toEqual(snapshot)
  const newer = { ...snapshot, version: 200, position: 300, state: [] }
  await fileSnapshots({ dir }).save(newer)
  expect(await fileSnapshots({ dir }).load(snapshot.stream, 'f1')).toEqual(newer)
  expect(await fileSnapshots({ dir }).load(snapshot.stream, 'f1', { position: 299 })).toEqual(snapshot)
  expect(await fileSnapshots({ dir }).load(snapshot.stream, 'f1', { version: 99 })).toBeUndefined()
})

test.each([
  ['files', () => fileSnapshots({ dir: temporaryDirectory() })],
  ['memory', memorySnapshots],
] as const)(
  'in %s, a stream keeps so many snapshots, spread over its versions, and never one that is not older',
  async (_where, open) => {
    const snapshots = open()
    const found = async () => {
      const versions: number[] = []
      for (let upTo = Number.MAX_SAFE_INTEGER; ; ) {
        const next = await snapshots.load(snapshot.stream, 'f1', { position: upTo })
        if (!next) return versions.reverse()
        versions.push(next.version)
        upTo = next.position - 1
      }
    }
    const save = (version: number, fingerprint = 'f1') =>
      snapshots.save({ ...snapshot, version, position: 2 * version, fingerprint })
    for (let version = 100; version <= 20_000; version += 100) await save(version)
    const versions = await found()
    expect(versions).toHaveLength(snapshotsKeptMax)
    expect([versions[0], versions.at(-1)]).toEqual([100, 20_000])
    const gaps = versions.slice(1).map((version, at) => version - versions[at]!)
    expect(Math.max(...gaps)).toBeLessThanOrEqual((4 * 20_000) / snapshotsKeptMax)
    // A log that was restored from an older copy makes others in their place.
    await save(versions[10]!)
    expect(await found()).toEqual(versions.slice(0, 11))
    await save(30_000, 'f2')
    expect(await found()).toEqual([])
  },
)

test('there is no snapshot for other code, for another stream or before the first save', async () => {
  const dir = join(temporaryDirectory(), 'snapshots')
  const snapshots = fileSnapshots({ dir })
  expect(await snapshots.load(snapshot.stream, 'f1')).toBeUndefined()
  await snapshots.save(snapshot)
  expect(await snapshots.load(snapshot.stream, 'f2')).toBeUndefined()
  expect(await snapshots.load('a-2', 'f1')).toBeUndefined()
  // The file of one stream gets the name of another.
  await snapshots.save({ ...snapshot, stream: 'a-2' })
  const [first, second] = await filesIn(dir)
  const [one, two] = [await readFile(first!), await readFile(second!)]
  await writeFile(first!, two)
  await writeFile(second!, one)
  expect(await snapshots.load(snapshot.stream, 'f1')).toBeUndefined()
})

test('a snapshot file that is damaged or cut anywhere counts as missing', async () => {
  const dir = temporaryDirectory()
  const snapshots = fileSnapshots({ dir })
  await snapshots.save(snapshot)
  const path = await onlyFile(dir)
  const whole = await readFile(path)
  for (let at = 0; at < whole.length; at++) {
    const damaged = Buffer.from(whole)
    damaged[at]! ^= 1 << (at % 8)
    await writeFile(path, damaged)
    expect(await snapshots.load(snapshot.stream, 'f1')).toBeUndefined()
    await writeFile(path, whole.subarray(0, at))
    expect(await snapshots.load(snapshot.stream, 'f1')).toBeUndefined()
  }
  await snapshots.save(snapshot)
  expect(await snapshots.load(snapshot.stream, 'f1')).toEqual(snapshot)
})

test('many snapshots can be saved at once, also of one stream', async () => {
  const dir = temporaryDirectory()
  const snapshots = fileSnapshots({ dir })
  await Promise.all(Array.from({ length: 50 }, (_, version) => snapshots.save({ ...snapshot, version })))
  expect(await snapshots.load(snapshot.stream, 'f1')).toMatchObject({ stream: snapshot.stream })
  expect(await readdir(dir)).toHaveLength(1)
})

test('a full disk is reported and leaves only the older snapshot; a deleted directory is created again', async () => {
  const dir = join(temporaryDirectory(), 'snapshots')
  await fileSnapshots({ dir }).save(snapshot)
  const disk = observedDisk({
    before({ call }) {
      if (call === 'write') throw diskFull()
    },
  })
  const full = fileSnapshots({ dir, disk })
  await expect(full.save({ ...snapshot, version: 200 })).rejects.toMatchObject({ code: 'store_full' })
  expect(await full.load(snapshot.stream, 'f1')).toEqual(snapshot)
  expect(await readdir(dir)).toHaveLength(1)
  await rm(dir, { recursive: true })
  await fileSnapshots({ dir }).save(snapshot)
})
