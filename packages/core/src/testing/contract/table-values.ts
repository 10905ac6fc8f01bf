// Values of each type come back unchanged.
import assert from 'node:assert/strict'
import { boolean, integer, type Row, stagingTable, text } from '../../kernel/tables.ts'
import type { ReadTables } from '../../store/read-tables.ts'
import type { ContractCase } from './contract-case.ts'
import { accounts, at, byKey, hostile, key, range, sample, samples, saved, scanned, table } from './table-samples.ts'

export const tableValuesContract: readonly ContractCase<ReadTables>[] = [
  {
    name: 'a value of every column type comes back as it was given',
    async run(tables) {
      const whole = [
        { words: 'plain', small: 5, large: 5, flag: true, day: '1993-01-31', doc: { a: 1 } },
        { words: '', small: 0x7fffffff, large: Number.MAX_SAFE_INTEGER, flag: false, day: '0001-01-01', doc: [] },
        { words: ' x ', small: -0x7fffffff, large: Number.MIN_SAFE_INTEGER, flag: true, day: '9999-12-31', doc: {} },
        { words: 'ü 😀 \u{10ffff} \uffff e\u0301', small: 0, large: 0, flag: false, day: '2024-02-29', doc: '😀' },
        { words: 'null', small: 1, large: 2 ** 32, flag: true, day: '1900-03-01', doc: 'null' },
      ].map((row, index) => ({ id: index, at: '2026-11-23T04:28:43.125Z', ...row }))
      await assertReadBack(tables, whole, whole)
    },
  },
  {
    name: 'null comes back as null, also in place of JSON',
    async run(tables) {
      await assertReadBack(tables, [sample(1)], [sample(1)])
    },
  },
  {
    name: 'JSON comes back with its nesting, its nulls, its numbers and its strings',
    async run(tables) {
      const docs = [
        { a: { b: [{ c: null }, [], {}, [[null]]] }, '': 0, 'ü"\\': "it's", $1: '$1', 'a.b': ':x' },
        [1, 'two', null, true, [3]],
        'text with "quotes", \\ and \n line ends',
        false,
        0,
        [1e-7, 1.5, -2.25, 1e21, 1.7976931348623157e308, 5e-324, Number.MAX_SAFE_INTEGER, 0.1 + 0.2],
        '{"not": "parsed"}',
        '\\u0000 is six characters',
        range(1, 5_000),
      ]
      const rows = docs.map((doc, id) => ({ ...sample(id), doc }))
      await assertReadBack(tables, rows, rows)
    },
  },
  {
    name: 'the members of JSON come back by length in UTF-8 and then byte by byte, however they were given',
    async run(tables) {
      const names = ['10', '9', '', 'Z', 'a', 'aa', 'é', '01', '😀', '\uffffa', '4294967295', '__proto__']
      const object = (of: readonly string[]) => Object.fromEntries(of.map((name) => [name, name === '']))
      const docs = [object([...names].reverse()), { z: [object(names), object(['b', 'a'])], a: object(['bb', 'c']) }]
      await assertReadBack(
        tables,
        docs.map((doc, id) => ({ ...sample(id), doc })),
        docs.map((doc, id) => ({ ...sample(id), doc })),
      )
      // In JavaScript objects, names that are whole numbers come first.
      const inOrder = ['9', '10', '', 'Z', 'a', '01', 'aa', 'é', '\uffffa', '😀', '__proto__', '4294967295']
      const texts = [object(inOrder), { a: object(['c', 'bb']), z: [object(inOrder), object(['a', 'b'])] }].map((doc) =>
        JSON.stringify(doc),
      )
      const keys = docs.map((_, id) => ({ id }))
      const { rows } = await scanned(tables, samples)
      for (const read of [await tables.select(samples), byKey(await tables.load(samples, keys)), byKey(rows)]) {
        assert.deepEqual(
          read.map(({ doc }) => JSON.stringify(doc)),
          texts,
        )
      }
    },
  },
  {
    name: 'what JSON leaves out is left out',
    async run(tables) {
      const doc = { gone: undefined, when: new Date(0), hole: [undefined], zero: -0 }
      const read = { when: '1970-01-01T00:00:00.000Z', hole: [null], zero: 0 }
      await assertReadBack(
        tables,
        [{ ...sample(1), doc, small: -0, large: -0 }],
        [{ ...sample(1), doc: read, small: 0, large: 0 }],
      )
    },
  },
  {
    name: 'a timestamp comes back as RFC 3339 text in UTC with milliseconds, whatever zone it was given in',
    async run(tables) {
      const given = [
        '2026-11-23T04:28:43Z',
        '2026-11-23T04:28:43.1Z',
        '2026-11-23T04:28:43.1259999Z',
        '2026-11-23T05:28:43.125+01:00',
        '2026-11-22T20:28:43.125-08:00',
        '0001-01-01T00:00:00.000Z',
        '9999-12-31T23:59:59.999Z',
      ]
      const read = [
        '2026-11-23T04:28:43.000Z',
        '2026-11-23T04:28:43.100Z',
        ...Array(3).fill('2026-11-23T04:28:43.125Z'),
        '0001-01-01T00:00:00.000Z',
        '9999-12-31T23:59:59.999Z',
      ]
      const rows = (times: readonly string[]) => times.map((at, id) => ({ ...sample(id), at }))
      await assertReadBack(tables, rows(given), rows(read))
      const found = await tables.select(samples, { where: { at: '2026-11-23T06:28:43.125+02:00' } })
      assert.deepEqual(
        found.map(({ id }) => id),
        [2, 3, 4],
      )
    },
  },
  {
    name: 'text is only ever text, whatever it looks like',
    async run(tables) {
      await tables.open(accounts)
      const rows = hostile.map((account_id, index) => ({ account_id, owner: hostile.at(-index)!, balance: index }))
      await saved(tables, { table: accounts, upserts: rows, to: 1 })
      assert.deepEqual(byKey(await tables.select(accounts)), byKey(rows))
      assert.deepEqual(byKey(await tables.load(accounts, rows.map(key))), byKey(rows))
      for (const row of rows) {
        assert.deepEqual(await tables.select(accounts, { where: { account_id: row.account_id } }), [row])
        assert.deepEqual((await tables.select(accounts, { where: { owner: row.owner } })).length, 1)
        await tables.select(accounts, { after: row })
      }
      await saved(tables, { table: accounts, removals: rows.slice(1).map(key), from: 1, to: 2 })
      assert.deepEqual(await tables.select(accounts), [rows[0]])
    },
  },
  {
    name: 'columns and tables may be named like words of SQL',
    async run(tables) {
      const select = table('select', { order: text().key(), user: integer(), limit: boolean().index(), t: text() })
      await tables.open(select)
      const row = { order: 'a', user: 1, limit: true, t: 'x' }
      await saved(tables, { table: select, upserts: [row], to: 1 })
      assert.deepEqual(await tables.load(select, [{ order: 'a' }]), [row])
      assert.deepEqual(await tables.select(select, { where: { limit: true, user: 1 }, after: { order: '' } }), [row])
    },
  },
  {
    name: 'a name may be as long as names can be',
    async run(tables) {
      const [name, other] = ['n'.repeat(63), `${'n'.repeat(62)}x`]
      const columns = { [name]: text().key(), [other]: integer().index() }
      const long = table('n'.repeat(53), columns)
      const row = { [name]: 'a', [other]: 1 }
      for (const each of [long, table(`${'n'.repeat(52)}x`, columns)]) {
        await tables.open(each)
        await saved(tables, { table: each, upserts: [row], to: 1 })
        await tables.open(stagingTable(each))
        assert.equal(await tables.bulkLoad(stagingTable(each), [row], at(1)), 'saved')
      }
      assert.equal(await tables.replace(long, stagingTable(long)), 'replaced')
      assert.deepEqual(await tables.select(long), [row])
    },
  },
  {
    name: 'what a caller or a reader does to its copy changes nothing in the table',
    async run(tables) {
      await tables.open(samples)
      const doc = { list: [1] }
      const row: Record<string, unknown> = { ...sample(1), doc }
      await saved(tables, { table: samples, upserts: [row], to: 1 })
      doc.list.push(2)
      row.words = 'changed'
      for (const read of [await tables.select(samples), await tables.load(samples, [{ id: 1 }])]) {
        const [copy] = read as [{ doc: { list: number[] } }]
        copy.doc.list.push(3)
      }
      assert.deepEqual(await tables.select(samples), [{ ...sample(1), doc: { list: [1] } }])
    },
  },
]

/** Writes samples and expects them back, by both ways of reading. */
async function assertReadBack(tables: ReadTables, given: readonly Row[], read: readonly Row[]): Promise<void> {
  await tables.open(samples)
  await saved(tables, { table: samples, upserts: given, to: 1 })
  assert.deepEqual(await tables.select(samples), read)
  const keys = read.map(({ id }) => ({ id }))
  assert.deepEqual(byKey(await tables.load(samples, keys)), byKey(read))
}
