// Pages of rows in the order of their keys.
import assert from 'node:assert/strict'
import { bigint, boolean, date, timestamp } from '../../kernel/tables.ts'
import type { ReadTables } from '../../store/read-tables.ts'
import { selectLimitDefault } from '../../store/select.ts'
import type { ContractCase } from './contract-case.ts'
import { account, accounts, byKey, entries, paged, range, saved, table } from './table-samples.ts'

export const tablePagesContract: readonly ContractCase<ReadTables>[] = [
  {
    name: 'pages come in key order and join without gap or overlap',
    async run(tables) {
      await tables.open(entries)
      const rows = ['a', 'b', 'c'].flatMap((account_id) =>
        [-5, 1, 2, 9, 10, 11, 100].map((entry) => ({ account_id, entry, amount: entry % 2 === 0 ? null : 7 })),
      )
      await saved(tables, { table: entries, upserts: rows.toReversed(), to: 1 })
      assert.deepEqual(await paged(tables, entries, { limit: 2 }), rows)
      assert.deepEqual(await paged(tables, entries, { limit: 21 }), rows)
      const ofB = rows.filter(({ account_id }) => account_id === 'b')
      assert.deepEqual(await paged(tables, entries, { where: { account_id: 'b' }, limit: 3 }), ofB)
      const without = rows.filter(({ amount }) => amount === null)
      assert.deepEqual(await paged(tables, entries, { where: { amount: null }, limit: 2 }), without)
      const both = await tables.select(entries, {
        where: { account_id: 'b', amount: 7 },
        after: { account_id: 'b', entry: 1 },
      })
      assert.deepEqual(
        both.map(({ entry }) => entry),
        [9, 11],
      )
      assert.deepEqual(await tables.select(entries, { limit: 0 }), [])
    },
  },
  {
    name: 'a page has a default length',
    async run(tables) {
      await tables.open(accounts)
      const upserts = range(1, selectLimitDefault + 5).map((n) => account(`a-${n}`))
      await saved(tables, { table: accounts, upserts, to: 1 })
      assert.equal((await tables.select(accounts)).length, selectLimitDefault)
    },
  },
  {
    name: 'text keys sort by code point',
    async run(tables) {
      await tables.open(accounts)
      const keys = [
        '',
        ' ',
        '!',
        '10',
        '9',
        'A',
        'B',
        '_',
        'a',
        'aa',
        'a\u{10000}',
        'b',
        'Ä',
        'ä',
        '\ud7ff',
        '\ue000',
        '\ufffd',
        '😀',
      ]
      await saved(tables, { table: accounts, upserts: keys.toReversed().map((id) => account(id)), to: 1 })
      const rows = await paged(tables, accounts, { limit: 1 })
      assert.deepEqual(
        rows.map(({ account_id }) => account_id),
        keys,
      )
    },
  },
  {
    name: 'keys of every other type sort by value',
    async run(tables) {
      const sorted = {
        large: { column: bigint(), keys: [Number.MIN_SAFE_INTEGER, -1, 0, 2, 10, Number.MAX_SAFE_INTEGER] },
        flags: { column: boolean(), keys: [false, true] },
        days: { column: date(), keys: ['0001-01-01', '0999-12-31', '1993-01-31', '9999-12-31'] },
        times: { column: timestamp(), keys: ['1969-12-31T23:59:59.999Z', '1970-01-01T00:00:00.000Z'] },
      }
      for (const [name, { column, keys }] of Object.entries(sorted)) {
        const ofType = table(name, { key: column.key() })
        await tables.open(ofType)
        const rows = (keys as readonly unknown[]).map((key) => ({ key }))
        await saved(tables, { table: ofType, upserts: rows.toReversed(), to: 1 })
        await saved(tables, { table: ofType, upserts: rows, from: 1, to: 2 })
        assert.deepEqual(await paged(tables, ofType, { limit: 1 }), rows)
        assert.deepEqual(byKey(await tables.load(ofType, rows)), byKey(rows))
      }
    },
  },
]
