// Changes of rows with their checkpoint.
import assert from 'node:assert/strict'
import type { ReadTables } from '../../store/read-tables.ts'
import type { ContractCase } from './contract-case.ts'
import {
  account,
  accounts,
  at,
  byKey,
  entries,
  key,
  position,
  range,
  sample,
  samples,
  saved,
  unfit,
} from './table-samples.ts'

export const tableChangesContract: readonly ContractCase<ReadTables>[] = [
  {
    name: 'a row replaces the one with its key, whole',
    async run(tables) {
      await tables.open(samples)
      await saved(tables, { table: samples, upserts: [{ ...sample(1), words: 'old', small: 5 }, sample(2)], to: 1 })
      await saved(tables, { table: samples, upserts: [{ ...sample(1), large: 6 }, sample(3)], from: 1, to: 2 })
      assert.deepEqual(await tables.select(samples), [{ ...sample(1), large: 6 }, sample(2), sample(3)])
    },
  },
  {
    name: 'keys are removed, and those that are not there are no error',
    async run(tables) {
      await tables.open(accounts)
      const removals = [{ account_id: 'a-2' }, { account_id: 'a-9' }]
      await saved(tables, { table: accounts, upserts: ['a-1', 'a-2', 'a-3'].map((id) => account(id)), to: 1 })
      await saved(tables, { table: accounts, upserts: [account('a-4')], removals, from: 1, to: 2 })
      await saved(tables, { table: accounts, removals, from: 2, to: 3 })
      assert.deepEqual(
        await tables.select(accounts),
        ['a-1', 'a-3', 'a-4'].map((id) => account(id)),
      )
    },
  },
  {
    name: 'a change without rows moves the checkpoint',
    async run(tables) {
      await tables.open(accounts)
      await saved(tables, { table: accounts, to: 2 ** 40 })
      assert.equal(await position(tables, accounts), 2 ** 40)
    },
  },
  {
    name: 'a key of several columns is one key',
    async run(tables) {
      await tables.open(entries)
      const rows = ['a', 'b'].flatMap((account_id) => [1, 2, 10].map((entry) => ({ account_id, entry, amount: entry })))
      await saved(tables, { table: entries, upserts: rows, to: 1 })
      const changed = { account_id: 'a', entry: 2, amount: null }
      await saved(tables, {
        table: entries,
        upserts: [changed],
        removals: [
          { account_id: 'b', entry: 1 },
          { account_id: 'b', entry: 3 },
        ],
        from: 1,
        to: 2,
      })
      const left = [rows[0], changed, rows[2], rows[4], rows[5]]
      assert.deepEqual(await tables.select(entries), left)
      const keys = [
        { account_id: 'a', entry: 2 },
        { entry: 10, account_id: 'b' },
        { account_id: 'b', entry: 1 },
      ]
      assert.deepEqual(byKey(await tables.load(entries, keys)), byKey([changed, rows[5]!]))
    },
  },
  {
    name: '5,000 keys are loaded at once, those without a row are left out, repeated ones come once',
    async run(tables) {
      await tables.open(accounts)
      const rows = range(1, 5_000).map((n) => account(`a-${n}`, n))
      await saved(tables, { table: accounts, upserts: rows, to: 1 })
      const missing = range(1, 100).map((n) => ({ account_id: `b-${n}` }))
      const found = await tables.load(accounts, [...missing, ...rows.map(key), key(rows[0]!), key(rows[0]!)])
      assert.deepEqual(byKey(found), byKey(rows))
      assert.deepEqual(await tables.load(accounts, missing), [])
      assert.deepEqual(await tables.load(accounts, []), [])
    },
  },
  {
    name: 'a change of 20,000 rows is written whole',
    async run(tables) {
      await tables.open(accounts)
      const rows = range(1, 20_000).map((n) => account(`a-${n}`, n))
      await saved(tables, { table: accounts, upserts: rows, to: 20_000 })
      assert.deepEqual(byKey(await tables.select(accounts, { limit: 30_000 })), byKey(rows))
      await saved(tables, { table: accounts, removals: rows.slice(1).map(key), from: 20_000, to: 20_001 })
      assert.deepEqual(await tables.select(accounts), [rows[0]])
    },
  },
  {
    name: 'a change from another checkpoint is superseded and writes nothing',
    async run(tables) {
      await tables.open(accounts)
      await saved(tables, { table: accounts, upserts: [account('a-1')], to: 5 })
      for (const from of [0, 4, 6]) {
        const late = { table: accounts, upserts: [account('a-2')], removals: [{ account_id: 'a-1' }], from, to: at(9) }
        assert.equal(await tables.save(late), 'superseded')
      }
      assert.equal(await position(tables, accounts), 5)
      assert.deepEqual(await tables.select(accounts), [account('a-1')])
    },
  },
  {
    name: 'of changes from the same checkpoint at the same moment exactly one is written, whole',
    async run(tables) {
      await tables.open(accounts)
      await tables.open(entries)
      for (let from = 0; from < 10; from++) {
        const outcomes = await Promise.all(
          range(1, 4).map((n) =>
            tables.save({
              table: accounts,
              upserts: range(1, 50).map((id) => account(`a-${id}`, n)),
              removals: from === 0 ? [] : [{ account_id: `a-${50 + n}` }],
              from,
              to: at(from + 1),
            }),
          ),
        )
        assert.deepEqual(outcomes.toSorted(), ['saved', ...Array(3).fill('superseded')])
        const winner = outcomes.indexOf('saved') + 1
        const rows = await tables.select(accounts)
        assert.deepEqual([rows.length, new Set(rows.map(({ balance }) => balance))], [50, new Set([winner])])
      }
      assert.deepEqual([await position(tables, accounts), await position(tables, entries)], [10, 0])
    },
  },
  {
    name: 'a row or key that does not fit is refused, and nothing of its change is written',
    async run(tables) {
      await tables.open(samples)
      await tables.open(entries)
      await saved(tables, { table: samples, upserts: [sample(1)], to: 1 })
      for (const bad of unfit) {
        const upserts = [sample(2), { ...sample(3), ...bad }, sample(4)]
        const refused = tables.save({ table: samples, upserts, removals: [{ id: 1 }], from: 1, to: at(2) })
        await assert.rejects(refused, { code: 'invalid_row' }, `saved ${Object.entries(bad)}`)
      }
      for (const removal of [{}, { id: '1' }, { id: 1.5 }, { id: 1, nosuch: 1 }]) {
        const refused = tables.save({ table: samples, upserts: [sample(2)], removals: [removal], from: 1, to: at(2) })
        await assert.rejects(refused, { code: 'invalid_row' })
        await assert.rejects(tables.load(samples, [removal]), { code: 'invalid_row' })
      }
      const partial = tables.save({
        table: entries,
        upserts: [{ account_id: 'a', entry: 1 }],
        removals: [],
        from: 0,
        to: at(1),
      })
      await assert.rejects(partial, { code: 'invalid_row' })
      assert.deepEqual([await position(tables, samples), await position(tables, entries)], [1, 0])
      assert.deepEqual([await tables.select(samples), await tables.select(entries)], [[sample(1)], []])
    },
  },
]
