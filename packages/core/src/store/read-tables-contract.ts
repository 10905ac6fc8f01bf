// What every database of read tables promises, as cases to run. An adapter is one only if it passes all of them.
import assert from 'node:assert/strict'
import {
  bigint,
  boolean,
  type Columns,
  date,
  integer,
  json,
  nextTable,
  type Row,
  type TableDefinition,
  text,
  timestamp,
} from '../kernel/tables.ts'
import type { ContractCase } from './contract-case.ts'
import { type ReadTables, type SelectOptions, selectLimitDefault } from './read-tables.ts'
import { readTablesLifeContract } from './read-tables-life-contract.ts'
import {
  account,
  accounts,
  at,
  byKey,
  change,
  entries,
  filledBy,
  hostile,
  key,
  position,
  range,
  refilled,
  reshaped,
  sample,
  samples,
  saved,
  scanned,
  table,
  unfit,
} from './read-tables-samples.ts'

/** Each case wants fresh, empty tables; the caller closes them afterwards. */
export const readTablesContract: readonly ContractCase<ReadTables>[] = [
  ...readTablesLifeContract,
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
    name: 'a table that other code filled is left as it is, and its state tells',
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
    name: 'code whose columns do not fit reads nothing, and is told why',
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
        assert.equal(await tables.fill(table, [upsert], at(1)), 'superseded')
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
    name: 'a table that was not opened says so',
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
    name: 'a value of every column type comes back as it was given',
    async run(tables) {
      const whole = [
        { words: 'plain', small: 5, large: 5, flag: true, day: '1993-01-31', doc: { a: 1 } },
        { words: '', small: 0x7fffffff, large: Number.MAX_SAFE_INTEGER, flag: false, day: '0001-01-01', doc: [] },
        { words: ' x ', small: -0x7fffffff, large: Number.MIN_SAFE_INTEGER, flag: true, day: '9999-12-31', doc: {} },
        { words: 'ü 😀 \u{10ffff} \uffff e\u0301', small: 0, large: 0, flag: false, day: '2024-02-29', doc: '😀' },
        { words: 'null', small: 1, large: 2 ** 32, flag: true, day: '1900-03-01', doc: 'null' },
      ].map((row, index) => ({ id: index, at: '2026-11-23T04:28:43.125Z', ...row }))
      await kept(tables, whole, whole)
    },
  },
  {
    name: 'null comes back as null, also in place of JSON',
    async run(tables) {
      await kept(tables, [sample(1)], [sample(1)])
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
      await kept(tables, rows, rows)
    },
  },
  {
    name: 'the members of JSON come back by length in UTF-8 and then byte by byte, however they were given',
    async run(tables) {
      const names = ['10', '9', '', 'Z', 'a', 'aa', 'é', '01', '😀', '\uffffa', '4294967295', '__proto__']
      const object = (of: readonly string[]) => Object.fromEntries(of.map((name) => [name, name === '']))
      const docs = [object([...names].reverse()), { z: [object(names), object(['b', 'a'])], a: object(['bb', 'c']) }]
      await kept(
        tables,
        docs.map((doc, id) => ({ ...sample(id), doc })),
        docs.map((doc, id) => ({ ...sample(id), doc })),
      )
      // Names that are whole numbers are first in every object of JavaScript.
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
      await kept(
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
      await kept(tables, rows(given), rows(read))
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
      const long = table('n'.repeat(54), columns)
      const row = { [name]: 'a', [other]: 1 }
      for (const each of [long, table(`${'n'.repeat(53)}x`, columns)]) {
        await tables.open(each)
        await saved(tables, { table: each, upserts: [row], to: 1 })
        await tables.open(nextTable(each))
        assert.equal(await tables.fill(nextTable(each), [row], at(1)), 'saved')
      }
      assert.equal(await tables.replace(long, nextTable(long)), 'replaced')
      assert.deepEqual(await tables.select(long), [row])
    },
  },
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
  {
    name: 'a page by columns, values or a length that cannot be is refused',
    async run(tables) {
      await tables.open(samples)
      await tables.open(entries)
      const refused: SelectOptions[] = [
        { where: { nosuch: 1 } },
        { where: { 'id" = 1 OR "id': 1 } },
        { where: { constructor: 1 } },
        { where: { id: '1' } },
        { where: { words: undefined } },
        { where: { day: '2026-02-30' } },
        { where: { doc: { a: 1 } } },
        { after: { nosuch: 1 } },
        { after: { words: 'a' } },
        { after: { id: 'x' } },
        { limit: -1 },
        { limit: 1.5 },
        { limit: Number.NaN },
        { limit: '1; DROP TABLE samples' as unknown as number },
      ]
      for (const options of refused) {
        await assert.rejects(tables.select(samples, options), { code: 'invalid_row' }, JSON.stringify(options))
      }
      await assert.rejects(tables.select(entries, { after: { account_id: 'a' } }), { code: 'invalid_row' })
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
    name: 'closed tables say so, and may be closed again',
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

/** Writes samples and expects them back, by both ways of reading. */
async function kept(tables: ReadTables, given: readonly Row[], read: readonly Row[]): Promise<void> {
  await tables.open(samples)
  await saved(tables, { table: samples, upserts: given, to: 1 })
  assert.deepEqual(await tables.select(samples), read)
  const keys = read.map(({ id }) => ({ id }))
  assert.deepEqual(byKey(await tables.load(samples, keys)), byKey(read))
}

async function paged(
  tables: ReadTables,
  definition: TableDefinition,
  options: { where?: Row; limit: number },
): Promise<Row[]> {
  const rows: Row[] = []
  for (;;) {
    const after = rows.at(-1)
    const page = await tables.select(definition, after ? { ...options, after } : options)
    assert.ok(page.length <= options.limit)
    if (page.length === 0) return rows
    rows.push(...page)
  }
}
