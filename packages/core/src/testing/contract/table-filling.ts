// Tables that are filled in one step, and scanned at one moment.
import assert from 'node:assert/strict'
import type { Row } from '../../kernel/tables.ts'
import type { ReadTables } from '../../store/read-tables.ts'
import type { ContractCase } from './contract-case.ts'
import {
  account,
  accounts,
  at,
  byKey,
  change,
  entries,
  filledBy,
  hostile,
  position,
  range,
  sample,
  samples,
  saved,
  scanned,
  unfit,
} from './table-samples.ts'

export const tableFillingContract: readonly ContractCase<ReadTables>[] = [
  {
    name: 'an empty table is filled with many rows and its checkpoint',
    async run(tables) {
      const rows = range(1, 25_000).map((n) => account(`a-${n}`, n))
      await tables.open(accounts)
      assert.equal(await tables.bulkLoad(accounts, rows.values(), at(30_000)), 'saved')
      assert.deepEqual(filledBy(await tables.open(accounts)), { fingerprint: 'accounts-1', position: 30_000 })
      assert.deepEqual(byKey((await scanned(tables, accounts)).rows), byKey(rows))
      assert.deepEqual(await tables.load(accounts, [{ account_id: 'a-25000' }]), [rows.at(-1)])
      await saved(tables, { table: accounts, upserts: [account('a-1', 7)], from: 30_000, to: 30_001 })
      assert.deepEqual(await tables.load(accounts, [{ account_id: 'a-1' }]), [account('a-1', 7)])
    },
  },
  {
    name: 'a table filled with values of every type gives them back as one that was saved does',
    async run(tables) {
      const rows = [
        ...hostile.map((words, id) => ({ ...sample(id), words, doc: [words, { [words]: null }] })),
        { ...sample(100), small: -0x7fffffff, large: Number.MIN_SAFE_INTEGER, flag: false, day: '0001-01-01' },
        { ...sample(101), at: '9999-12-31T23:59:59.999Z', flag: true, day: '9999-12-31', doc: 'null' },
      ]
      await tables.open(samples)
      assert.equal(await tables.bulkLoad(samples, rows, at(1)), 'saved')
      assert.deepEqual(await tables.select(samples), rows)
    },
  },
  {
    name: 'a table filled with nothing has a checkpoint',
    async run(tables) {
      await tables.open(accounts)
      assert.equal(await tables.bulkLoad(accounts, [], at(9)), 'saved')
      assert.equal(await position(tables, accounts), 9)
    },
  },
  {
    name: 'a table is filled only at checkpoint 0 and without rows',
    async run(tables) {
      await tables.open(accounts)
      await tables.open(entries)
      await saved(tables, { table: accounts, upserts: [account('a-1')], to: 5 })
      await saved(tables, { table: entries, upserts: [{ account_id: 'a', entry: 1, amount: null }], to: 0 })
      assert.equal(await tables.bulkLoad(accounts, [account('a-2')], at(9)), 'superseded')
      assert.equal(await tables.bulkLoad(entries, [{ account_id: 'a', entry: 2, amount: null }], at(9)), 'superseded')
      assert.deepEqual([await position(tables, accounts), await position(tables, entries)], [5, 0])
      assert.deepEqual(await tables.select(accounts), [account('a-1')])
    },
  },
  {
    name: 'a table that cannot be filled to its end stays empty',
    async run(tables) {
      await tables.open(samples)
      const many = range(1, 12_000).map((id) => sample(id))
      for (const bad of [{ ...sample(0), words: 5 }, { id: 0 }, sample(1), { ...sample(0), ...unfit[0] }]) {
        await assert.rejects(tables.bulkLoad(samples, [...many, bad], at(1)), { code: 'invalid_row' })
      }
      const broken = new Error('the rows end here')
      const ending = function* () {
        yield* many
        throw broken
      }
      assert.equal(await tables.bulkLoad(samples, ending(), at(1)).catch((error) => error), broken)
      assert.equal(await position(tables, samples), 0)
      assert.deepEqual(await tables.select(samples), [])
      assert.equal(await tables.bulkLoad(samples, many, at(1)), 'saved')
      assert.equal((await scanned(tables, samples)).rows.length, 12_000)
    },
  },
  {
    name: 'of changes and fills at the same moment exactly one is written, whole',
    async run(tables) {
      await tables.open(accounts)
      const rows = (balance: number) => range(1, 500).map((n) => account(`a-${n}`, balance))
      const outcomes = await Promise.all(
        range(1, 6).map((n) =>
          n % 2 === 0
            ? tables.bulkLoad(accounts, rows(n), at(n))
            : tables.save(change({ table: accounts, upserts: rows(n), to: n })),
        ),
      )
      assert.deepEqual(outcomes.toSorted(), ['saved', ...Array(5).fill('superseded')])
      const winner = outcomes.indexOf('saved') + 1
      const { state, rows: found } = await scanned(tables, accounts)
      assert.equal(state.position, winner)
      assert.deepEqual(byKey(found), byKey(rows(winner)))
    },
  },
  {
    name: 'a scan gives every row once, in lists',
    async run(tables) {
      await tables.open(entries)
      const none = await scanned(tables, entries)
      assert.deepEqual([filledBy(none.state), none.rows], [{ fingerprint: 'entries-1', position: 0 }, []])
      const rows = range(1, 12_345).map((entry) => ({ account_id: `a-${entry % 7}`, entry, amount: null }))
      await tables.bulkLoad(entries, rows, at(5))
      const lists: (readonly Row[])[] = []
      const state = await tables.scan(entries, (list) => void lists.push(list))
      assert.deepEqual(filledBy(state), { fingerprint: 'entries-1', position: 5 })
      assert.ok(lists.every((list) => list.length > 0 && list.length <= 10_000))
      assert.deepEqual(byKey(lists.flat()), byKey(rows))
    },
  },
  {
    name: 'a scan shows one moment, whatever is written meanwhile',
    async run(tables) {
      const rows = (balance: number) => range(1, 11_000).map((n) => account(`a-${n}`, balance))
      await tables.open(accounts)
      await tables.bulkLoad(accounts, rows(1), at(1))
      const scans: Promise<void>[] = []
      for (let from = 1; from < 5; from++) {
        scans.push(
          scanned(tables, accounts).then(({ state, rows }) => {
            assert.equal(rows.length, 11_000)
            assert.deepEqual(new Set(rows.map(({ balance }) => balance)), new Set([state.position]))
          }),
        )
        await saved(tables, { table: accounts, upserts: rows(from + 1), from, to: from + 1 })
      }
      await Promise.all(scans)
    },
  },
  {
    name: 'a scan throws what its visitor throws',
    async run(tables) {
      await tables.open(accounts)
      await saved(tables, { table: accounts, upserts: [account('a-1')], to: 1 })
      const enough = new Error('seen enough')
      const scan = tables.scan(accounts, () => {
        throw enough
      })
      assert.equal(await scan.catch((error) => error), enough)
      assert.equal((await scanned(tables, accounts)).rows.length, 1)
    },
  },
]
