// The versions of the rows of a table with history.
import assert from 'node:assert/strict'
import { previousTableName, type Row, stagingTable, type TableDefinition } from '../../kernel/tables.ts'
import type { ReadTables, RowVersion } from '../../store/read-tables.ts'
import type { ContractCase } from './contract-case.ts'
import { account, accounts, key } from './table-samples.ts'

const kept: TableDefinition = { ...accounts, fingerprint: 'accounts-kept', history: true }
const at = (position: number) => ({ position, history: `history ${position}` })
const time = (position: number) => `2026-01-01T00:00:${String(position).padStart(2, '0')}.000Z`

function version(id: string, position: number, balance: number | null): RowVersion {
  const row = balance === null ? null : account(id, balance)
  return { key: key({ account_id: id }), row, position, recordedAt: time(position) }
}

/** Saves versions and the rows that they lead to. */
async function save(tables: ReadTables, from: number, to: number, versions: readonly RowVersion[], table = kept) {
  const last = new Map(versions.map((each) => [each.key.account_id, each]))
  const upserts = [...last.values()].flatMap(({ row }) => (row ? [row] : []))
  const removals = [...last.values()].filter(({ row }) => row === null).map((each) => each.key)
  return await tables.save({ table, upserts, removals, versions, from, to: at(to) })
}

async function balancesAt(tables: ReadTables, position: number, table = kept) {
  const rows = await tables.select(table, {}, position)
  return Object.fromEntries(rows.map(({ account_id, balance }) => [account_id, balance]))
}

export const tableHistoryContract: readonly ContractCase<ReadTables>[] = [
  {
    name: 'a table with history shows its rows at every position, also between two saves and after removals',
    async run(tables) {
      await tables.open(kept)
      const first = [version('a', 1, 1), version('b', 2, 20), version('a', 4, 3), version('a', 5, null)]
      assert.equal(await save(tables, 0, 6, first), 'saved')
      assert.equal(await save(tables, 6, 9, [version('a', 7, 7), version('b', 8, 80), version('c', 9, null)]), 'saved')
      const shown = [
        {},
        { a: 1 },
        { a: 1, b: 20 },
        { a: 1, b: 20 },
        { a: 3, b: 20 },
        { b: 20 },
        { b: 20 },
        { a: 7, b: 20 },
        { a: 7, b: 80 },
        { a: 7, b: 80 },
      ]
      for (const [position, balances] of shown.entries()) assert.deepEqual(await balancesAt(tables, position), balances)
      assert.deepEqual(await tables.select(kept), [account('a', 7), account('b', 80)])
      const page = await tables.select(
        kept,
        { where: { balance: { lt: 20 } }, orderBy: { balance: 'desc' }, limit: 1 },
        4,
      )
      assert.deepEqual(page, [account('a', 3)])
    },
  },
  {
    name: 'the history of a table is scanned with the positions and times of each version',
    async run(tables) {
      await tables.open(kept)
      await save(tables, 0, 2, [version('a', 1, 1), version('a', 2, 2)])
      await save(tables, 2, 3, [version('a', 3, null)])
      const rows: Row[] = []
      const state = await tables.scan(kept, (some) => rows.push(...some), { history: true })
      assert.deepEqual([state.position, rows.length], [3, 2])
      rows.sort((one, other) => Number(one.from_position) - Number(other.from_position))
      assert.deepEqual(rows, [
        { ...account('a', 1), from_position: 1, from_time: time(1), to_position: 2, to_time: time(2) },
        { ...account('a', 2), from_position: 2, from_time: time(2), to_position: 3, to_time: time(3) },
      ])
    },
  },
  {
    name: 'a superseded change leaves no versions',
    async run(tables) {
      await tables.open(kept)
      await save(tables, 0, 1, [version('a', 1, 1)])
      assert.equal(await save(tables, 0, 2, [version('a', 2, 2)]), 'superseded')
      assert.deepEqual([await balancesAt(tables, 9), await balancesAt(tables, 1)], [{ a: 1 }, { a: 1 }])
    },
  },
  {
    name: 'a table is replaced, and dropped, with its history',
    async run(tables) {
      const staging = stagingTable(kept)
      for (const round of [1, 2]) {
        await tables.open(kept)
        await tables.open(staging)
        await save(tables, 0, 4 + round, [version('a', 1, round), version('a', 2, 10 * round)], staging)
        assert.equal(await tables.replace(kept, staging), 'replaced')
        assert.deepEqual([await balancesAt(tables, 1), await balancesAt(tables, 2)], [{ a: round }, { a: 10 * round }])
        assert.equal(await save(tables, 4 + round, 5 + round, [version('a', 5 + round, 60)]), 'saved')
        assert.deepEqual(
          [await balancesAt(tables, 5), await balancesAt(tables, 7)],
          [{ a: round === 1 ? 10 : 20 }, { a: 60 }],
        )
      }
      const previous = { ...kept, name: previousTableName(kept.name) }
      assert.deepEqual(await balancesAt(tables, 6, previous), { a: 60 })
      await tables.drop(previous.name)
      await tables.drop(kept.name)
      await tables.open(kept)
      assert.deepEqual(await balancesAt(tables, 9), {})
    },
  },
  {
    name: 'a table without history is replaced by one with it, and the other way round',
    async run(tables) {
      await tables.open(accounts)
      const staging = stagingTable(kept)
      await tables.open(staging)
      await save(tables, 0, 2, [version('a', 1, 1)], staging)
      assert.equal(await tables.replace(accounts, staging), 'replaced')
      assert.deepEqual(await balancesAt(tables, 1), { a: 1 })
      await tables.open(stagingTable(accounts))
      await tables.bulkLoad(stagingTable(accounts), [account('a', 2)], at(3))
      assert.equal(await tables.replace(accounts, stagingTable(accounts)), 'replaced')
      assert.deepEqual(await tables.select(accounts), [account('a', 2)])
      assert.deepEqual(await balancesAt(tables, 1, { ...kept, name: previousTableName(kept.name) }), { a: 1 })
    },
  },
]
