// How tables are opened, and which code may read and write a table that other code filled.
import assert from 'node:assert/strict'
import { bigint, type Columns, date, integer, json, text, timestamp } from '../../kernel/tables.ts'
import type { ReadTables } from '../../store/read-tables.ts'
import type { ContractCase } from './contract-case.ts'
import {
  account,
  accounts,
  at,
  change,
  entries,
  filledBy,
  position,
  range,
  refilled,
  reshaped,
  saved,
  scanned,
  table,
} from './table-samples.ts'

export const tableOpeningContract: readonly ContractCase<ReadTables>[] = [
  {
    name: 'a table is created empty at checkpoint 0',
    async run(tables) {
      assert.deepEqual(filledBy(await tables.open(accounts)), { fingerprint: 'accounts-1', position: 0 })
      assert.equal(await position(tables, accounts), 0)
      assert.deepEqual(await tables.select(accounts), [])
    },
  },
  {
    name: 'a table that is opened again keeps its rows and its checkpoint',
    async run(tables) {
      await tables.open(accounts)
      await saved(tables, { table: accounts, upserts: [account('a-1')], to: 7 })
      assert.equal((await tables.open({ ...accounts })).position, 7)
      assert.equal(await position(tables, accounts), 7)
      assert.deepEqual(await tables.select(accounts), [account('a-1')])
    },
  },
  {
    name: 'a table that other code filled is not changed, and its state shows that',
    async run(tables) {
      await tables.open(accounts)
      await saved(tables, { table: accounts, upserts: [account('a-1')], to: 7 })
      const filled = { fingerprint: 'accounts-1', position: 7 }
      for (const table of [refilled, reshaped]) {
        assert.deepEqual(filledBy(await tables.open(table)), filled)
        assert.deepEqual(filledBy(await tables.state(table)), filled)
      }
      assert.deepEqual(await tables.select(accounts), [account('a-1')])
    },
  },
  {
    name: 'code with another fingerprint reads a table whose columns fit',
    async run(tables) {
      await tables.open(accounts)
      await saved(tables, { table: accounts, upserts: [account('a-1', 5)], to: 7 })
      assert.deepEqual(await tables.select(refilled), [account('a-1', 5)])
      const narrow = table('accounts', { account_id: text().key(), balance: bigint() }, 'accounts-4')
      const row = { account_id: 'a-1', balance: 5 }
      assert.deepEqual(await tables.load(narrow, [{ account_id: 'a-1' }]), [row])
      assert.deepEqual(await tables.select(narrow, { where: { balance: 5 } }), [row])
      const { state, rows } = await scanned(tables, narrow)
      assert.deepEqual([filledBy(state), rows], [{ fingerprint: 'accounts-1', position: 7 }, [row]])
    },
  },
  {
    name: 'code whose columns do not fit reads nothing, and gets the reason',
    async run(tables) {
      await tables.open(accounts)
      await saved(tables, { table: accounts, upserts: [account('5')], to: 7 })
      const misfits: Columns[] = [
        { account_id: bigint().key(), owner: text() },
        { account_id: text().key(), owner: json() },
        { account_id: text().key(), balance: integer() },
        { account_id: text().key(), balance: timestamp() },
        { account_id: text().key(), since: date() },
      ]
      for (const [index, columns] of misfits.entries()) {
        const other = table('accounts', columns, `accounts-${index}`)
        const outdated = { code: 'table_outdated', message: /accounts|column/ }
        await assert.rejects(tables.select(other), outdated)
        const first = Object.keys(columns)[0] === 'account_id' && columns.account_id!.type === 'text' ? '5' : 5
        await assert.rejects(tables.load(other, [{ account_id: first }]), outdated)
        await assert.rejects(scanned(tables, other), outdated)
      }
    },
  },
  {
    name: 'code with another fingerprint writes nothing',
    async run(tables) {
      await tables.open(accounts)
      const row = account('a-1')
      for (const [table, upsert] of [
        [refilled, row],
        [reshaped, { account_id: 5, open: true }],
      ] as const) {
        await tables.open(table)
        assert.equal(await tables.save(change({ table, upserts: [upsert], to: 1 })), 'superseded')
        assert.equal(await tables.bulkLoad(table, [upsert], at(1)), 'superseded')
      }
      assert.equal(await position(tables, accounts), 0)
      assert.deepEqual(await tables.select(accounts), [])
    },
  },
  {
    name: 'opening a table at the same moment many times creates it once',
    async run(tables) {
      const opened = await Promise.all(range(1, 8).flatMap(() => [tables.open(accounts), tables.open(entries)]))
      assert.deepEqual(
        opened.map(({ position }) => position),
        Array(16).fill(0),
      )
      await saved(tables, { table: accounts, upserts: [account('a-1')], to: 1 })
    },
  },
  {
    name: 'a table that was not opened throws tables_unavailable',
    async run(tables) {
      await assert.rejects(tables.state(accounts), { code: 'tables_unavailable' })
      await assert.rejects(tables.load(accounts, [{ account_id: 'a-1' }]), { code: 'tables_unavailable' })
      await assert.rejects(tables.select(accounts), { code: 'tables_unavailable' })
      const outcome = await tables.save(change({ table: accounts, to: 1 })).catch(({ code }) => code)
      assert.ok(['superseded', 'tables_unavailable'].includes(outcome), outcome)
      await tables.open(entries)
      await assert.rejects(tables.state(accounts), { code: 'tables_unavailable' })
      await assert.rejects(tables.select(accounts), { code: 'tables_unavailable' })
    },
  },
  {
    name: 'tables are apart from each other, each with its own checkpoint',
    async run(tables) {
      await tables.open(accounts)
      await tables.open(entries)
      await saved(tables, { table: accounts, upserts: [account('a-1')], to: 3 })
      await tables.drop(entries.name)
      assert.equal(await position(tables, accounts), 3)
      assert.deepEqual(await tables.select(accounts), [account('a-1')])
    },
  },
  {
    name: 'closed tables throw tables_unavailable, and may be closed again',
    async run(tables) {
      await tables.open(accounts)
      await tables.close()
      await tables.close()
      await assert.rejects(tables.open(accounts), { code: 'tables_unavailable' })
      await assert.rejects(tables.state(accounts), { code: 'tables_unavailable' })
      await assert.rejects(tables.load(accounts, [{ account_id: 'a-1' }]), { code: 'tables_unavailable' })
      await assert.rejects(tables.select(accounts), { code: 'tables_unavailable' })
      await assert.rejects(tables.save(change({ table: accounts, to: 1 })), { code: 'tables_unavailable' })
    },
  },
]
