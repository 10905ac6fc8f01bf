// The record of a table: the list, leases, pauses, why it is parked.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReadTables } from '../../store/read-tables.ts'
import type { ContractCase } from './contract-case.ts'
import {
  account,
  accounts,
  at,
  entries,
  filledBy,
  parked,
  range,
  refilled,
  reshaped,
  saved,
  staging,
  unavailable,
} from './table-samples.ts'

export const tableLeasesContract: readonly ContractCase<ReadTables>[] = [
  {
    name: 'a table is dropped with everything that is stored about it, and is empty when it is created again',
    async run(tables) {
      await tables.drop('never_there')
      await tables.open(entries)
      await tables.drop('never_there')
      await tables.open(accounts)
      await saved(tables, { table: accounts, upserts: [account('a-1')], to: 5 })
      await tables.setPaused(accounts.name, true)
      await tables.setParked(accounts.name, parked)
      await tables.drop(accounts.name)
      await tables.drop(accounts.name)
      await assert.rejects(tables.state(accounts), unavailable)
      await assert.rejects(tables.select(accounts), unavailable)
      assert.deepEqual(
        (await tables.list()).map(({ name }) => name),
        ['entries'],
      )
      assert.deepEqual(filledBy(await tables.open(reshaped)), { fingerprint: 'accounts-3', position: 0 })
      const [record] = await tables.list()
      assert.deepEqual([record!.name, record!.isPaused, record!.parked], ['accounts', false, null])
      assert.deepEqual(await tables.select(reshaped), [])
    },
  },
  {
    name: 'the list shows for every table which code filled it, how far and when',
    async run(tables) {
      assert.deepEqual(await tables.list(), [])
      const begun = new Date(Date.now() - 60_000).toISOString()
      await tables.open(entries)
      await tables.open(accounts)
      const [record] = await tables.list()
      assert.deepEqual(
        { ...record, updatedAt: '', generation: 0 },
        {
          name: 'accounts',
          fingerprint: 'accounts-1',
          code: 'code',
          position: 0,
          history: '',
          generation: 0,
          isDiverged: false,
          updatedAt: '',
          isPaused: false,
          parked: null,
          holder: null,
        },
      )
      assert.match(record!.updatedAt, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
      assert.ok(record!.updatedAt > begun)
      await sleep(5)
      await saved(tables, { table: accounts, upserts: [account('a-1')], to: 2 ** 40 })
      const [updated, other] = await tables.list()
      assert.equal(updated!.position, 2 ** 40)
      assert.ok(updated!.updatedAt > record!.updatedAt)
      assert.equal(other!.name, 'entries')
      await sleep(5)
      await tables.setPaused(accounts.name, true)
      await tables.lease(accounts.name, { holder: 'one', ms: 1_000 })
      assert.equal((await tables.list())[0]!.updatedAt, updated!.updatedAt)
    },
  },
  {
    name: 'a lease has one holder, who can renew and release it',
    async run(tables) {
      await assert.rejects(tables.lease(accounts.name, { holder: 'one', ms: 60_000 }), unavailable)
      await tables.release(accounts.name, 'one')
      await tables.open(accounts)
      await tables.open(entries)
      const taken = { isHeld: true, holder: 'one', isPaused: false, isParked: false }
      const refused = { ...taken, isHeld: false }
      const ask = (holder: string) => tables.lease(accounts.name, { holder, ms: 60_000 })
      assert.deepEqual(await ask('one'), taken)
      assert.deepEqual(await ask('two'), refused)
      assert.deepEqual(await ask('one'), taken)
      await tables.release(accounts.name, 'two')
      assert.deepEqual(await ask('two'), refused)
      assert.equal((await tables.lease(entries.name, { holder: 'two', ms: 60_000 })).isHeld, true)
      assert.deepEqual(
        (await tables.list()).map(({ holder }) => holder),
        ['one', 'two'],
      )
      await tables.release(accounts.name, 'one')
      assert.equal((await tables.list())[0]!.holder, null)
      assert.deepEqual(await ask('two'), { ...taken, holder: 'two' })
    },
  },
  {
    name: 'a lease that is not renewed ends by itself, and one that is renewed does not',
    async run(tables) {
      await tables.open(accounts)
      const [ms, begunMs] = [400, performance.now()]
      const ask = (holder: string) => tables.lease(accounts.name, { holder, ms })
      await ask('one')
      while (performance.now() - begunMs < 2 * ms) {
        await sleep(20)
        const askedMs = performance.now()
        assert.equal((await ask('one')).isHeld, true)
        const other = await ask('two')
        // If the machine was blocked for that long, this proves nothing.
        if (performance.now() - askedMs < ms) assert.deepEqual([other.isHeld, other.holder], [false, 'one'])
        else return
      }
      await sleep(ms + 50)
      assert.equal((await tables.list())[0]!.holder, null)
      assert.deepEqual(await ask('two'), { isHeld: true, holder: 'two', isPaused: false, isParked: false })
    },
  },
  {
    name: 'of many requests for a lease at the same moment one gets it, and all get the name of the holder',
    async run(tables) {
      await tables.open(accounts)
      const leases = await Promise.all(
        range(1, 8).map((n) => tables.lease(accounts.name, { holder: `h-${n}`, ms: 60_000 })),
      )
      assert.equal(leases.filter(({ isHeld }) => isHeld).length, 1)
      assert.equal(new Set(leases.map(({ holder }) => holder)).size, 1)
      const winner = leases.findIndex(({ isHeld }) => isHeld)
      assert.equal(leases[0]!.holder, `h-${winner + 1}`)
    },
  },
  {
    name: 'a lease shows that the projection is paused or parked',
    async run(tables) {
      await tables.open(accounts)
      const ask = async (holder: string) => {
        const { isPaused, isParked } = await tables.lease(accounts.name, { holder, ms: 60_000 })
        return [isPaused, isParked]
      }
      await tables.setPaused(accounts.name, true)
      assert.deepEqual(
        [await ask('one'), await ask('two')],
        [
          [true, false],
          [true, false],
        ],
      )
      await tables.setParked(accounts.name, parked)
      await tables.setPaused(accounts.name, false)
      assert.deepEqual(
        [await ask('one'), await ask('two')],
        [
          [false, true],
          [false, true],
        ],
      )
    },
  },
  {
    name: 'a pause lasts until it is ended, and only a table that exists can be paused',
    async run(tables) {
      assert.equal(await tables.setPaused(accounts.name, true), false)
      await tables.open(entries)
      assert.equal(await tables.setPaused(accounts.name, true), false)
      await tables.open(accounts)
      assert.equal(await tables.setPaused(accounts.name, true), true)
      await tables.open(accounts)
      await saved(tables, { table: accounts, to: 1 })
      const isPaused = async () => (await tables.list()).map(({ isPaused }) => isPaused)
      assert.deepEqual(await isPaused(), [true, false])
      assert.equal(await tables.setPaused(accounts.name, false), true)
      assert.deepEqual(await isPaused(), [false, false])
    },
  },
  {
    name: 'the reason why a projection is parked is stored exactly, until it is cleared',
    async run(tables) {
      await assert.rejects(tables.setParked(accounts.name, parked), unavailable)
      await tables.open(accounts)
      const { code, ...uncoded } = parked
      for (const each of [
        parked,
        { ...uncoded, row: null },
        null,
        { ...parked, row: { doc: { a: [1e-7, 'ü😀'] } } },
        null,
      ]) {
        await tables.setParked(accounts.name, each)
        assert.deepEqual((await tables.list())[0]!.parked, each)
      }
    },
  },
  {
    name: 'every method of closed tables throws tables_unavailable',
    async run(tables) {
      await tables.open(accounts)
      await tables.close()
      const calls = [
        () => tables.state(accounts),
        () => tables.bulkLoad(accounts, [], at(1)),
        () => tables.scan(accounts, () => {}),
        () => tables.replace(refilled, staging),
        () => tables.drop(accounts.name),
        () => tables.list(),
        () => tables.lease(accounts.name, { holder: 'one', ms: 1_000 }),
        () => tables.release(accounts.name, 'one'),
        () => tables.setPaused(accounts.name, true),
        () => tables.setDiverged(accounts.name, { generation: 1 }),
        () => tables.setParked(accounts.name, null),
      ]
      for (const call of calls) await assert.rejects(call(), unavailable)
    },
  },
]
