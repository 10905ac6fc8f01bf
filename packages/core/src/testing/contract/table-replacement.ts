// How the next table replaces the live one.
import assert from 'node:assert/strict'
import { formerTableName, nextTable } from '../../kernel/tables.ts'
import type { ReadTables } from '../../store/read-tables.ts'
import type { ContractCase } from './contract-case.ts'
import {
  account,
  accounts,
  at,
  change,
  filledBy,
  next,
  parked,
  position,
  range,
  refilled,
  reshaped,
  saved,
  scanned,
  unavailable,
} from './table-samples.ts'

const former = { ...accounts, name: formerTableName(accounts.name) }

export const tableReplacementContract: readonly ContractCase<ReadTables>[] = [
  {
    name: 'the next table replaces the live one, which stays under its former name',
    async run(tables) {
      await filledBoth(tables)
      assert.equal(await tables.replace(refilled, next), 'replaced')
      assert.deepEqual(filledBy(await tables.open(refilled)), { fingerprint: 'accounts-2', position: 6 })
      assert.deepEqual(await tables.select(refilled), [account('a-1', 2), account('a-2', 2)])
      assert.deepEqual(filledBy(await tables.state(former)), { fingerprint: 'accounts-1', position: 5 })
      assert.deepEqual(await tables.select(former), [account('a-1', 1)])
      await assert.rejects(tables.state(next), unavailable)
      await assert.rejects(tables.select(next), unavailable)
      assert.equal(
        await tables.save(change({ table: accounts, upserts: [account('a-3')], from: 5, to: 6 })),
        'superseded',
      )
      assert.equal(
        await tables.save(change({ table: accounts, upserts: [account('a-3')], from: 6, to: 7 })),
        'superseded',
      )
      await saved(tables, { table: refilled, upserts: [account('a-3', 2)], from: 6, to: 7 })
      assert.equal((await tables.select(refilled)).length, 3)
      assert.equal((await tables.select(former)).length, 1)
    },
  },
  {
    name: 'the next table may have other columns',
    async run(tables) {
      await tables.open(accounts)
      await saved(tables, { table: accounts, upserts: [account('a-1', 1)], to: 5 })
      await tables.open(nextTable(reshaped))
      await tables.fill(nextTable(reshaped), [{ account_id: 5, open: true }], at(5))
      assert.equal(await tables.replace(reshaped, nextTable(reshaped)), 'replaced')
      assert.deepEqual(await tables.select(reshaped), [{ account_id: 5, open: true }])
      await assert.rejects(tables.select(accounts), { code: 'table_outdated' })
      assert.equal(
        await tables.save(change({ table: accounts, upserts: [account('a-3')], from: 5, to: 6 })),
        'superseded',
      )
    },
  },
  {
    name: 'a change to a table does not go into the one that has taken its place, though that has the same checkpoint',
    async run(tables) {
      const { generation } = await tables.open(accounts)
      await saved(tables, { table: accounts, upserts: [account('a-1', 5)], to: 7, generation })
      const rebuilt = nextTable(accounts)
      await tables.open(rebuilt)
      await tables.fill(rebuilt, [account('a-1', 6)], at(7))
      assert.equal(await tables.replace(accounts, rebuilt), 'replaced')
      const late = change({ table: accounts, upserts: [account('a-1', 8)], from: 7, to: 9, generation })
      assert.equal(await tables.save(late), 'superseded')
      assert.deepEqual(await tables.select(accounts), [account('a-1', 6)])
      const now = await tables.state(accounts)
      assert.notEqual(now.generation, generation)
      assert.equal(await tables.save({ ...late, generation: now.generation }), 'saved')
    },
  },
  {
    name: 'a table that was recreated meanwhile is neither filled nor put in place by a caller that means the earlier one',
    async run(tables) {
      await filledBoth(tables)
      const { generation } = await tables.state(next)
      await tables.drop(next.name)
      await tables.open(next)
      assert.equal(await tables.fill(next, [account('a-1', 3)], at(6), { generation }), 'superseded')
      const rebuilt = await tables.state(next)
      assert.equal(await tables.fill(next, [account('a-1', 4)], at(6), rebuilt), 'saved')
      assert.equal(await tables.replace(refilled, next, { generation }), 'superseded')
      assert.deepEqual(await tables.select(accounts), [account('a-1', 1)])
      assert.equal(await tables.replace(refilled, next, rebuilt), 'replaced')
      assert.deepEqual(await tables.select(refilled), [account('a-1', 4)])
    },
  },
  {
    name: 'a next table that shows less than the live one does not take its place',
    async run(tables) {
      await filledBoth(tables)
      await saved(tables, { table: accounts, upserts: [account('a-1', 7)], from: 5, to: 7 })
      assert.equal(await tables.replace(refilled, next), 'behind')
      assert.deepEqual(filledBy(await tables.state(accounts)), { fingerprint: 'accounts-1', position: 7 })
      assert.deepEqual(filledBy(await tables.state(next)), { fingerprint: 'accounts-2', position: 6 })
      await saved(tables, { table: next, upserts: [account('a-1', 7)], from: 6, to: 7 })
      assert.equal(await tables.replace(refilled, next), 'replaced')
      assert.equal(await position(tables, refilled), 7)
    },
  },
  {
    name: 'a table stores the name of the history that it shows exactly',
    async run(tables) {
      await tables.open(accounts)
      assert.equal((await tables.state(accounts)).history, '')
      const history = `log 'a"\\ ü😀`
      await tables.save({ ...change({ table: accounts, to: 3 }), to: { position: 3, history } })
      assert.equal((await tables.open(accounts)).history, history)
      assert.equal((await scanned(tables, accounts)).state.history, history)
      assert.equal((await tables.list())[0]!.history, history)
      await tables.open(next)
      await tables.fill(next, [], { position: 3, history: 'another' })
      assert.equal(await tables.replace(refilled, next), 'replaced')
      assert.deepEqual(
        (await tables.list()).map(({ history }) => history),
        ['another', history],
      )
    },
  },
  {
    name: 'a table that is diverged stays so and takes no change, until another takes its place',
    async run(tables) {
      await filledBoth(tables)
      const { generation } = await tables.state(accounts)
      await tables.setDiverged(accounts.name, { generation: generation + 1 })
      assert.equal((await tables.state(accounts)).isDiverged, false)
      await tables.setDiverged(accounts.name, { generation })
      assert.equal((await tables.open(accounts)).isDiverged, true)
      assert.deepEqual((await scanned(tables, accounts)).state.isDiverged, true)
      assert.deepEqual(
        (await tables.list()).map(({ isDiverged }) => isDiverged),
        [true, false],
      )
      const late = change({ table: accounts, upserts: [account('a-1', 7)], from: 5, to: 7 })
      assert.equal(await tables.save(late), 'superseded')
      assert.equal(await tables.save({ ...late, generation }), 'superseded')
      assert.deepEqual(await tables.select(accounts), [account('a-1', 1)])
      assert.equal(await tables.replace(refilled, next), 'replaced')
      assert.equal((await tables.state(refilled)).isDiverged, false)
      assert.equal((await tables.state(former)).isDiverged, true)
      await saved(tables, { table: refilled, upserts: [account('a-1', 8)], from: 6, to: 7 })
    },
  },
  {
    name: 'a live table that is diverged is replaced though the next one shows less, and stays paused',
    async run(tables) {
      await filledBoth(tables)
      await saved(tables, { table: accounts, upserts: [account('a-1', 99)], from: 5, to: 99 })
      await tables.setPaused(accounts.name, true)
      assert.equal(await tables.replace(refilled, next), 'behind')
      await tables.setDiverged(accounts.name, await tables.state(accounts))
      assert.equal(await tables.replace(refilled, next), 'replaced')
      assert.equal(await position(tables, refilled), 6)
      assert.equal(await position(tables, former), 99)
      assert.equal((await tables.list()).find(({ name }) => name === accounts.name)?.isPaused, true)
    },
  },
  {
    name: 'tables are replaced any number of times',
    async run(tables) {
      await tables.open(accounts)
      for (const turn of range(1, 12)) {
        const code = { ...accounts, fingerprint: `turn-${turn}` }
        await tables.open(nextTable(code))
        assert.equal(await tables.fill(nextTable(code), [account('a-1', turn)], at(turn)), 'saved')
        assert.equal(await tables.replace(code, nextTable(code)), 'replaced')
        assert.deepEqual(await tables.select(code), [account('a-1', turn)])
      }
      assert.deepEqual(await tables.select(former), [account('a-1', 11)])
      assert.equal((await tables.list()).length, 2)
    },
  },
  {
    name: 'nothing takes the place of a table unless it is there and filled by this code',
    async run(tables) {
      await tables.open(accounts)
      await assert.rejects(tables.replace(refilled, next), unavailable)
      await tables.open(nextTable(accounts))
      await assert.rejects(tables.replace(refilled, next), unavailable)
      await tables.drop(accounts.name)
      await assert.rejects(tables.replace(accounts, nextTable(accounts)), unavailable)
      assert.deepEqual(
        (await tables.list()).map(({ name }) => name),
        ['accounts__next'],
      )
    },
  },
  {
    name: 'of a change and a replacement at the same moment only one succeeds',
    async run(tables) {
      await tables.open(accounts)
      for (const turn of range(1, 15)) {
        const [live, built] = [`turn-${turn - 1}`, `turn-${turn}`].map((fingerprint) => ({ ...accounts, fingerprint }))
        const current = turn === 1 ? accounts : live!
        const { position: from } = await tables.state(current)
        const next = nextTable(built!)
        await tables.open(next)
        assert.equal(await tables.fill(next, [account('a-1', -turn)], at(from)), 'saved')
        const [save, replacement] = await Promise.all([
          tables.save(change({ table: current, upserts: [account('a-1', turn)], from, to: from + 1 })),
          tables.replace(built!, next),
        ])
        const isReplaced = replacement === 'replaced'
        assert.equal(save, isReplaced ? 'superseded' : 'saved')
        assert.deepEqual(await tables.select(built!), [account('a-1', isReplaced ? -turn : turn)])
        if (!isReplaced) {
          await saved(tables, { table: next, upserts: [account('a-1', -turn)], from, to: from + 1 })
          assert.equal(await tables.replace(built!, next), 'replaced')
        }
      }
    },
  },
  {
    name: 'a replaced table stays paused and leased, but no longer parked; its former self is neither',
    async run(tables) {
      await filledBoth(tables)
      await tables.setPaused(accounts.name, true)
      await tables.setParked(accounts.name, parked)
      await tables.lease(accounts.name, { holder: 'one', ms: 60_000 })
      await tables.lease(next.name, { holder: 'builder', ms: 60_000 })
      await tables.replace(refilled, next)
      const facts = (await tables.list()).map(({ name, isPaused, parked, holder }) => [name, isPaused, parked, holder])
      assert.deepEqual(facts, [
        ['accounts', true, null, 'one'],
        ['accounts__former', false, null, null],
      ])
    },
  },
]

/** The live table as other code filled it, and the table that will replace it. */
async function filledBoth(tables: ReadTables): Promise<void> {
  await tables.open(accounts)
  await saved(tables, { table: accounts, upserts: [account('a-1', 1)], to: 5 })
  await tables.open(next)
  assert.equal(await tables.fill(next, [account('a-1', 2), account('a-2', 2)], at(6)), 'saved')
}
