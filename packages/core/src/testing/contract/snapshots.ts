// What every store of snapshots promises, as cases to run.
import assert from 'node:assert/strict'
import { type Snapshot, type SnapshotStore, snapshotsKeptMax } from '../../store/snapshots.ts'
import type { ContractCase } from './contract-case.ts'

/** A store of snapshots, and the same snapshots as another process would see them. */
export interface SnapshotsSubject {
  readonly snapshots: SnapshotStore
  again(): Promise<SnapshotStore>
}

/** Each case needs a new, empty store. */
export const snapshotsContract: readonly ContractCase<SnapshotsSubject>[] = [
  {
    name: 'a snapshot is found again as it was saved, by others too, and only of its stream and fingerprint',
    async run({ snapshots, again }) {
      assert.equal(await snapshots.load(full.stream, 'f1'), undefined)
      await snapshots.save(full)
      for (const each of [snapshots, await again()]) {
        assert.deepEqual(await each.load(full.stream, 'f1'), full)
        assert.equal(await each.load(full.stream, 'f2'), undefined)
        assert.equal(await each.load('a-other', 'f1'), undefined)
      }
    },
  },
  {
    name: 'the newest is found, or the newest up to a version and a position',
    async run({ snapshots }) {
      for (const version of [100, 200, 300]) await snapshots.save(at(version))
      assert.deepEqual(await snapshots.load(full.stream, 'f1'), at(300))
      assert.deepEqual(await snapshots.load(full.stream, 'f1', { version: 299 }), at(200))
      assert.deepEqual(await snapshots.load(full.stream, 'f1', { position: 2 * 200 }), at(200))
      assert.deepEqual(await snapshots.load(full.stream, 'f1', { version: 250, position: 2 * 199 }), at(100))
      assert.equal(await snapshots.load(full.stream, 'f1', { version: 99 }), undefined)
    },
  },
  {
    name: 'one that is saved removes those of the stream that are not older, and those of another fingerprint',
    async run({ snapshots, again }) {
      for (const version of [100, 200, 300]) await snapshots.save(at(version))
      await snapshots.save({ ...at(200), state: 'anew' })
      assert.deepEqual(await (await again()).load(full.stream, 'f1'), { ...at(200), state: 'anew' })
      await snapshots.save({ ...at(400), fingerprint: 'f2' })
      assert.equal(await snapshots.load(full.stream, 'f1'), undefined)
      assert.equal((await snapshots.load(full.stream, 'f2'))?.version, 400)
    },
  },
  {
    name: 'a stream keeps a limited number, spread over its versions',
    async run({ snapshots }) {
      for (let version = 100; version <= 200 * 100; version += 100) await snapshots.save(at(version))
      const found: number[] = []
      for (let version = Number.MAX_SAFE_INTEGER; ; version = found.at(-1)! - 1) {
        const next = await snapshots.load(full.stream, 'f1', { version })
        if (!next) break
        found.push(next.version)
      }
      assert.equal(found.length, snapshotsKeptMax)
      assert.deepEqual([found[0], found.at(-1)], [20_000, 100])
    },
  },
]

const full: Snapshot = {
  stream: "a-ü/../x'",
  fingerprint: 'f1',
  code: 'c1',
  version: 100,
  position: 250,
  history: 'the log and its 250th event',
  state: { balance: 'ü\u0000\ud800', list: [1, null, { deep: true }] },
}

function at(version: number): Snapshot {
  return { ...full, version, position: 2 * version }
}
