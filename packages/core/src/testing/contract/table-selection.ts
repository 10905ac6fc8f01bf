// Conditions on columns, orders by columns, and pages in such orders: the same in every database.
import assert from 'node:assert/strict'
import type { ReadTables } from '../../store/read-tables.ts'
import { type SelectOptions, selectInValuesMax, selectOrderColumnsMax } from '../../store/select.ts'
import type { ContractCase } from './contract-case.ts'
import { account, accounts, entries, hostile, paged, range, sample, samples, saved } from './table-samples.ts'
import { changingPages, randomSelections } from './table-selection-model.ts'

const ids = async (tables: ReadTables, options: SelectOptions) =>
  (await tables.select(samples, options)).map(({ id }) => id)

async function openSamples(tables: ReadTables) {
  await tables.open(samples)
  const upserts = [
    { ...sample(1), words: 'b', small: 5, large: -1, flag: true, day: '2026-01-02', at: '2026-01-02T00:00:00.000Z' },
    { ...sample(2), words: 'B', small: 5, large: 10, flag: false, day: '2026-01-10', at: '2026-01-01T23:59:59.999Z' },
    { ...sample(3), words: 'ab', small: 40, large: 9, flag: true, day: '0999-12-31', at: '0999-12-31T00:00:00.000Z' },
    { ...sample(4), doc: { a: 1 } },
  ]
  await saved(tables, { table: samples, upserts, to: 1 })
}

export const tableSelectionContract: readonly ContractCase<ReadTables>[] = [
  {
    name: 'rows are selected by operators of their columns',
    async run(tables) {
      await openSamples(tables)
      const expected: readonly [NonNullable<SelectOptions['where']>, readonly number[]][] = [
        [{}, [1, 2, 3, 4]],
        [{ small: {} }, [1, 2, 3, 4]],
        [{ small: { eq: 5 } }, [1, 2]],
        [{ small: { gt: 5 } }, [3]],
        [{ small: { gte: 5, lt: 40 } }, [1, 2]],
        [{ large: { lt: 10 } }, [1, 3]],
        [{ large: { lte: 9, ne: -1 } }, [3]],
        [{ words: { gte: 'a' } }, [1, 3]],
        [{ words: { lt: 'a' } }, [2]],
        [{ words: { in: ['b', 'ab', 'zz'] } }, [1, 3]],
        [{ words: { in: [] } }, []],
        [{ id: { notIn: [1, 4] } }, [2, 3]],
        [{ id: { notIn: [] } }, [1, 2, 3, 4]],
        [{ id: { in: [4, 2], gt: 2 } }, [4]],
        [{ day: { gt: '2026-01-02' } }, [2]],
        [{ day: { in: ['0999-12-31', '2026-01-10'] } }, [2, 3]],
        [{ at: { lt: '2026-01-02T01:00:00+01:00' } }, [2, 3]],
        [{ at: { in: ['2026-01-02T01:00:00+01:00'] } }, [1]],
        [{ flag: { ne: true } }, [2, 4]],
        [{ flag: true, small: { lt: 6 } }, [1]],
      ]
      for (const [where, rows] of expected) {
        assert.deepEqual(await ids(tables, { where }), rows, JSON.stringify(where))
      }
    },
  },
  {
    name: 'null is a value to eq, ne, in and notIn, and neither less nor greater than anything',
    async run(tables) {
      await openSamples(tables)
      const expected: readonly [NonNullable<SelectOptions['where']>, readonly number[]][] = [
        [{ words: null }, [4]],
        [{ words: { eq: null } }, [4]],
        [{ words: { ne: null } }, [1, 2, 3]],
        [{ words: { ne: 'b' } }, [2, 3, 4]],
        [{ words: { in: [null, 'b'] } }, [1, 4]],
        [{ words: { in: [null] } }, [4]],
        [{ words: { notIn: ['b'] } }, [2, 3, 4]],
        [{ words: { notIn: ['b', null] } }, [2, 3]],
        [{ words: { notIn: [] } }, [1, 2, 3, 4]],
        [{ small: { lt: 2 ** 31 - 1 } }, [1, 2, 3]],
        [{ small: { gte: -(2 ** 31 - 1) } }, [1, 2, 3]],
        [{ doc: null }, [1, 2, 3]],
        [{ doc: { ne: null } }, [4]],
        [{ doc: { eq: null }, small: { gt: 5 } }, [3]],
      ]
      for (const [where, rows] of expected) {
        assert.deepEqual(await ids(tables, { where }), rows, JSON.stringify(where))
      }
    },
  },
  {
    name: 'rows come in the order of any columns, then of the key; null comes after all values',
    async run(tables) {
      await openSamples(tables)
      const expected: readonly [NonNullable<SelectOptions['orderBy']>, readonly number[]][] = [
        [[], [1, 2, 3, 4]],
        ['id', [1, 2, 3, 4]],
        [{ id: 'desc' }, [4, 3, 2, 1]],
        ['small', [1, 2, 3, 4]],
        // The key follows in the direction of the last column, so that one order is the other backwards.
        [{ small: 'desc' }, [4, 3, 2, 1]],
        [
          ['small', { id: 'desc' }],
          [2, 1, 3, 4],
        ],
        [
          [{ small: 'desc' }, { id: 'asc' }],
          [4, 3, 1, 2],
        ],
        ['words', [2, 3, 1, 4]],
        ['large', [1, 3, 2, 4]],
        [{ flag: 'asc' }, [2, 1, 3, 4]],
        ['day', [3, 1, 2, 4]],
        ['at', [3, 2, 1, 4]],
        [
          [{ flag: 'desc' }, { day: 'asc' }],
          [4, 3, 1, 2],
        ],
        [
          ['id', { words: 'desc' }],
          [1, 2, 3, 4],
        ],
      ]
      for (const [orderBy, rows] of expected) {
        assert.deepEqual(await ids(tables, { orderBy }), rows, JSON.stringify(orderBy))
        for (const limit of [1, 2, 3]) {
          const all = (await paged(tables, samples, { orderBy, limit })).map(({ id }) => id)
          assert.deepEqual(all, rows, `${JSON.stringify(orderBy)} by ${limit}`)
        }
      }
    },
  },
  {
    name: 'a page may begin after a row that is not there, of which only order and key are given',
    async run(tables) {
      await openSamples(tables)
      assert.deepEqual(await ids(tables, { orderBy: 'small', after: { small: 5, id: 1 } }), [2, 3, 4])
      assert.deepEqual(await ids(tables, { orderBy: 'small', after: { small: 6, id: 0 } }), [3, 4])
      assert.deepEqual(await ids(tables, { orderBy: 'small', after: { small: null, id: 3 } }), [4])
      assert.deepEqual(await ids(tables, { orderBy: { small: 'desc' }, after: { small: null, id: 1 } }), [3, 2, 1])
      assert.deepEqual(await ids(tables, { after: undefined }), [1, 2, 3, 4])
    },
  },
  {
    name: 'any text is compared as it is',
    async run(tables) {
      await tables.open(accounts)
      const upserts = hostile.map((owner, index) => ({ ...account(`a-${index}`), owner }))
      await saved(tables, { table: accounts, upserts, to: 1 })
      for (const [index, owner] of hostile.entries()) {
        const wheres = [{ owner }, { owner: { in: [owner] } }, { owner: { gte: owner, lte: owner } }]
        for (const where of wheres) {
          assert.deepEqual(await tables.select(accounts, { where }), [upserts[index]], JSON.stringify(where))
        }
        const next = await tables.select(accounts, { orderBy: 'owner', after: upserts[index], limit: 1 })
        assert.notDeepEqual(next, [upserts[index]])
      }
      assert.equal((await tables.select(accounts, { where: { owner: { in: hostile } } })).length, hostile.length)
    },
  },
  {
    name: 'columns, operators, values, orders and lengths that cannot be are refused',
    async run(tables) {
      await tables.open(samples)
      await tables.open(entries)
      for (const options of refused) {
        await assert.rejects(tables.select(samples, options), { code: 'invalid_select' }, JSON.stringify(options))
      }
      await assert.rejects(tables.select(entries, { after: { account_id: 'a' } }), { code: 'invalid_select' })
      const most = range(1, selectInValuesMax)
      assert.deepEqual(await tables.select(samples, { where: { id: { in: most }, small: { in: most } } }), [])
    },
  },
  { name: 'pages in any order join to what a model sorts and filters', run: randomSelections },
  { name: 'a row that does not change is on exactly one page while others change', run: changingPages },
]

const refused = [
  { where: { nosuch: 1 } },
  { where: { 'id" = 1 OR "id': 1 } },
  { where: { constructor: 1 } },
  { where: { __proto__: null, toString: 1 } },
  { where: { id: '1' } },
  { where: { words: undefined } },
  { where: { day: '2026-02-30' } },
  { where: { day: new Date(0) } },
  { where: { id: [1, 2] } },
  { where: { id: null } },
  { where: { id: { eq: null } } },
  { where: { small: { like: 5 } } },
  { where: { small: { constructor: 5 } } },
  { where: { small: { gte: null } } },
  { where: { small: { gte: undefined } } },
  { where: { small: { lt: '5' } } },
  { where: { small: { in: 5 } } },
  { where: { small: { in: [5, '5'] } } },
  { where: { id: { in: [null] } } },
  { where: { id: { in: range(0, selectInValuesMax) } } },
  { where: { flag: { lt: true } } },
  { where: { flag: { in: [true] } } },
  { where: { small: { notIn: 5 } } },
  { where: { doc: { a: 1 } } },
  { where: { doc: 'text' } },
  { where: { doc: { eq: [] } } },
  { where: { doc: { in: [null] } } },
  { where: null },
  { where: [] },
  { where: 'id = 1' },
  { orderBy: 'nosuch' },
  { orderBy: 'id desc' },
  { orderBy: '"id"; DROP TABLE samples' },
  { orderBy: 'doc' },
  { orderBy: { doc: 'desc' } },
  { orderBy: { id: 'down' } },
  { orderBy: { id: 'desc; DROP TABLE samples' } },
  { orderBy: { small: 'asc', large: 'desc' } },
  { orderBy: {} },
  { orderBy: ['small', { small: 'desc' }] },
  { orderBy: [['small']] },
  { orderBy: 5 },
  { orderBy: Array(selectOrderColumnsMax + 1).fill('id') },
  { after: { nosuch: 1 } },
  { after: { words: 'a' } },
  { after: { id: 'x' } },
  { after: { id: 1, nosuch: 1 } },
  { after: [1] },
  { after: 'x' },
  { orderBy: 'small', after: { id: 1 } },
  { orderBy: 'small', after: { id: 1, small: 'x' } },
  { limit: -1 },
  { limit: 1.5 },
  { limit: Number.NaN },
  { limit: '1; DROP TABLE samples' },
] as readonly unknown[] as readonly SelectOptions[]
