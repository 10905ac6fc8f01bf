// What every store of consumer records promises, as cases to run.
import assert from 'node:assert/strict'
import type { ConsumerRecord, ConsumerRecords } from '../../store/consumers.ts'
import type { ContractCase } from './contract-case.ts'

/** A store of records, and the same records as another process would see them. */
export interface ConsumerRecordsSubject {
  readonly records: ConsumerRecords
  again(): Promise<ConsumerRecords>
}

/** Each case needs a new, empty store. */
export const consumerRecordsContract: readonly ContractCase<ConsumerRecordsSubject>[] = [
  {
    name: 'of a consumer that was never saved there is nothing',
    async run({ records }) {
      assert.equal(await records.load('mail'), undefined)
      await records.save(record('index'))
      assert.equal(await records.load('mail'), undefined)
    },
  },
  {
    name: 'a record is found again as it was saved, by others too',
    async run({ records, again }) {
      await records.save(full)
      assert.deepEqual(await records.load('mail'), full)
      assert.deepEqual(await (await again()).load('mail'), full)
    },
  },
  {
    name: 'a record replaces the one before it, whole, and no other',
    async run({ records, again }) {
      const other = record('index')
      await records.save(other)
      await records.save(full)
      const next = record('mail')
      await records.save(next)
      for (const each of [records, await again()]) {
        assert.deepEqual(await each.load('mail'), next)
        assert.deepEqual(await each.load('index'), other)
      }
    },
  },
  {
    name: 'a later change of an object does not change the saved or the loaded record',
    async run({ records }) {
      const changing = { ...full, parked: [...full.parked] }
      await records.save(changing)
      changing.parked.pop()
      const found = (await records.load('mail')) as unknown as { parked: unknown[] }
      found.parked.pop()
      assert.deepEqual(await records.load('mail'), full)
    },
  },
  {
    name: 'records of many names and of any text are kept side by side, saved at the same time',
    async run({ records, again }) {
      const names = Array.from({ length: 30 }, (_, n) => `Consumer_${n}`.padEnd(n % 2 ? 60 : 0, 'x'))
      await Promise.all(names.map((name) => records.save({ ...full, name })))
      for (const name of names) assert.deepEqual(await (await again()).load(name), { ...full, name })
    },
  },
  {
    name: 'of saves one after the other the last counts',
    async run({ records, again }) {
      for (let position = 1; position <= 20; position++)
        await records.save({ ...full, checkpoint: { position, history: `the ${position}th` } })
      assert.equal((await (await again()).load('mail'))?.checkpoint.position, 20)
    },
  },
]

/** What a store of records promises besides, which many processes share. */
export const sharedRecordsContract: readonly ContractCase<ConsumerRecordsSubject>[] = [
  {
    name: 'a record with a revision replaces only the revision before it',
    async run({ records, again }) {
      const other = await again()
      const of = (revision: number, token: number) => ({ ...full, revision, token })
      assert.equal(await records.save(of(2, 1)), 'superseded')
      assert.equal(await records.load('mail'), undefined)
      assert.equal(await records.save(of(1, 1)), 'saved')
      assert.equal(await other.save(of(1, 2)), 'superseded')
      assert.equal(await other.save(of(2, 2)), 'saved')
      assert.equal(await records.save(of(2, 1)), 'superseded')
      assert.equal(await records.save(of(4, 1)), 'superseded')
      assert.deepEqual(await (await again()).load('mail'), of(2, 2))
    },
  },
  {
    name: 'a record without a revision counts as revision 0 for those that have one',
    async run({ records }) {
      assert.equal(await records.save(full), 'saved')
      assert.equal(await records.save({ ...full, revision: 2 }), 'superseded')
      assert.equal(await records.save({ ...full, revision: 1 }), 'saved')
    },
  },
  {
    name: 'of many who save the same revision at the same time one succeeds',
    async run({ records, again }) {
      const others = await Promise.all(Array.from({ length: 8 }, again))
      for (let revision = 1; revision <= 10; revision++) {
        const saved = await Promise.all(others.map((each, token) => each.save({ ...full, revision, token })))
        assert.equal(saved.filter((outcome) => outcome === 'saved').length, 1)
        assert.equal((await records.load('mail'))?.token, saved.indexOf('saved'))
      }
    },
  },
]

function record(name: string): ConsumerRecord {
  const checkpoint = { position: 0, history: 'an empty log' }
  return { name, checkpoint, isPaused: false, parked: [], updatedAt: '2026-01-01T00:00:00.000Z' }
}

const full: ConsumerRecord = {
  name: 'mail',
  checkpoint: { position: Number.MAX_SAFE_INTEGER, history: 'a log "and" its\nlast event' },
  isPaused: true,
  parked: [
    {
      position: 7,
      eventId: '00000000-0000-7000-8000-000000000001',
      type: 'ParcelPacked',
      stream: 'parcel-ü/../x',
      message: 'No such street: "\u0000\ud800Straße"\n😀',
      code: 'wait_timeout',
      at: '2026-01-01T00:00:00.000Z',
    },
    { position: 9, eventId: 'b', type: 'ParcelSent', stream: 'parcel-2', message: '', at: '2026-01-02T00:00:00.000Z' },
  ],
  updatedAt: '2026-01-03T00:00:00.000Z',
}
