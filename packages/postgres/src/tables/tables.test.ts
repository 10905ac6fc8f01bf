import { bigint, text } from 'indelible'
import { stagingTable } from 'indelible/adapter'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newPgliteDirectory } from '../../../../scripts/pglite-directory.ts'
import { freshTables } from '../../test/contract-tables.ts'
import { accountRows, accounts, at } from '../../test/samples.ts'
import type { Query, SqlDatabase } from '../database/index.ts'
import { pgliteDatabase } from '../pglite/index.ts'
import { chunkCharsMax } from '../sql/index.ts'
import { type SqlReadTables, sqlReadTables } from './tables.ts'

let database: SqlDatabase
let fresh: () => SqlReadTables
beforeAll(async () => {
  database = await pgliteDatabase({ dir: await newPgliteDirectory() })
  fresh = freshTables(database)
})
afterAll(async () => await database?.close())
const shop = () => sqlReadTables(database, { schema: 'shop' })
const change = { table: accounts, upserts: accountRows(3, 2 ** 40), removals: [], from: 0, to: at(1) }

test('SQL of the user reads rows as JavaScript values', async () => {
  const tables = shop()
  await tables.open(accounts)
  await tables.save(change)
  const sql = `SELECT balance, count(*) AS accounts, 9007199254740993 AS large, DATE '1993-01-31' AS day,
    TIMESTAMPTZ '2026-11-23T04:28:43.125Z' AS at, '{"a": [1]}'::jsonb AS doc, null AS nothing, true AS yes
    FROM shop.accounts WHERE account_id >= $1 GROUP BY balance`
  expect(await tables.query(sql, ['a-1'])).toEqual([
    {
      balance: 2 ** 40,
      accounts: 2,
      large: 9007199254740993n,
      day: '1993-01-31',
      at: '2026-11-23T04:28:43.125Z',
      doc: { a: [1] },
      nothing: null,
      yes: true,
    },
  ])
})

test('SQL of the user cannot write, not even with several statements', async () => {
  const tables = shop()
  const attempts = [
    'DELETE FROM shop.accounts',
    `UPDATE shop.indelible_projections SET position = 0`,
    'COMMIT; DELETE FROM shop.accounts',
    'DROP TABLE shop.accounts',
  ]
  for (const sql of attempts) await expect(tables.query(sql)).rejects.toMatchObject({ severity: 'ERROR' })
  expect(await tables.select(accounts)).toEqual(change.upserts)
})

test('an error in the SQL of the user is passed on unchanged', async () => {
  await expect(shop().query('SELEC 1')).rejects.toMatchObject({
    code: '42601',
    message: expect.stringMatching(/syntax error/),
  })
  expect(await shop().query('SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('a table that is not a read table is never replaced by one', async () => {
  await database.query('CREATE TABLE shop.invoices (id integer)')
  await database.query('INSERT INTO shop.invoices VALUES (1)')
  for (const [name, message] of [
    ['invoices', /name of table shop\.invoices.*Give the projection another name/],
    ['accounts_pkey', /name of index shop\.accounts_pkey.*Give the projection another name/],
    ['indelible_projections', /name of table shop\.indelible_projections.*Give the projection another name/],
  ] as const)
    await expect(shop().open({ ...accounts, name })).rejects.toMatchObject({
      code: 'invalid_declaration',
      message: expect.stringMatching(message),
    })
  expect(await database.query('SELECT * FROM shop.invoices')).toEqual([{ id: 1 }])
})

test('a table that is not a read table is neither dropped nor renamed', async () => {
  const tables = sqlReadTables(database, { schema: 'office' })
  await tables.open(accounts)
  await database.query('CREATE TABLE office.invoices (id integer)')
  await tables.drop('invoices')
  await tables.drop('indelible_projections')
  await database.query('CREATE TABLE office.accounts__previous (id integer)')
  await database.query('CREATE TABLE office.accounts__staging (id integer)')
  await expect(tables.replace(accounts, stagingTable(accounts))).rejects.toMatchObject({ code: 'invalid_declaration' })
  await database.query('DROP TABLE office.accounts__staging')
  await tables.open(stagingTable(accounts))
  await expect(tables.replace(accounts, stagingTable(accounts))).rejects.toMatchObject({ code: 'invalid_declaration' })
  await tables.drop('accounts__previous')
  const there = await database.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'office' ORDER BY tablename`)
  expect(there.map(({ tablename }) => tablename)).toEqual([
    'accounts',
    'accounts__previous',
    'accounts__staging',
    'indelible_projections',
    'invoices',
  ])
})

test('users with the right to read a table can read the table that replaces it', async () => {
  const tables = sqlReadTables(database, { schema: 'granted' })
  await tables.open(accounts)
  await database.query('CREATE ROLE "the Reader"')
  await database.query('GRANT SELECT ON granted.accounts TO "the Reader"')
  const mayRead = async (role: string) =>
    (await database.query(`SELECT has_table_privilege($1, 'granted.accounts', 'SELECT') AS yes`, [role]))[0]!.yes
  for (const turn of [1, 2]) {
    await tables.open(stagingTable(accounts))
    await tables.bulkLoad(stagingTable(accounts), accountRows(1, turn), at(turn))
    expect(await tables.replace(accounts, stagingTable(accounts))).toBe('replaced')
    expect(await mayRead('the Reader')).toBe(true)
    expect(await mayRead('pg_monitor')).toBe(false)
    await database.query('GRANT SELECT ON granted.accounts TO PUBLIC')
    await database.query('REVOKE SELECT ON granted.accounts FROM PUBLIC')
  }
  await database.query('GRANT SELECT ON granted.accounts TO PUBLIC')
  await tables.open(stagingTable(accounts))
  await tables.bulkLoad(stagingTable(accounts), [], at(2))
  await tables.replace(accounts, stagingTable(accounts))
  expect(await mayRead('pg_monitor')).toBe(true)
})

test('users with the right to read some columns can read them in the table that replaces it, if it has them', async () => {
  const tables = sqlReadTables(database, { schema: 'partly' })
  const wider = { ...accounts, columns: { ...accounts.columns, owner: text(), 'a "note"': text() } }
  await tables.open(wider)
  await database.query('CREATE ROLE partial')
  await database.query('GRANT SELECT (account_id, owner, "a ""note""") ON partly.accounts TO partial')
  await database.query('GRANT SELECT (balance) ON partly.accounts TO PUBLIC')
  const next = stagingTable({ ...wider, columns: { ...accounts.columns, 'a "note"': text() }, fingerprint: 'narrower' })
  await tables.open(next)
  await tables.replace(accounts, next)
  const mayRead = async (role: string) => {
    const sql = `SELECT attname, has_column_privilege($1, attrelid, attnum, 'SELECT') AS yes FROM pg_attribute
      WHERE attrelid = 'partly.accounts'::regclass AND attnum > 0 ORDER BY attnum`
    return (await database.query(sql, [role])).filter(({ yes }) => yes).map(({ attname }) => attname)
  }
  expect(await mayRead('partial')).toEqual(['account_id', 'balance', 'a "note"'])
  expect(await mayRead('pg_monitor')).toEqual(['balance'])
})

test('a table that a view depends on is neither replaced nor dropped, and the error says why', async () => {
  const tables = sqlReadTables(database, { schema: 'viewed' })
  await tables.open(accounts)
  await tables.open(stagingTable(accounts))
  await database.query('CREATE VIEW viewed.rich AS SELECT * FROM viewed.accounts WHERE balance > 100')
  const inUse = { code: 'tables_unavailable', message: expect.stringMatching(/^(?!.*rule).*view viewed\.rich/s) }
  await expect(tables.replace(accounts, stagingTable(accounts))).rejects.toMatchObject(inUse)
  await expect(tables.drop('accounts')).rejects.toMatchObject(inUse)
  await database.query('DROP VIEW viewed.rich')
  expect(await tables.replace(accounts, stagingTable(accounts))).toBe('replaced')
})

test('a table that a user dropped is rebuilt from the log, and stays paused', async () => {
  const tables = sqlReadTables(database, { schema: 'dropped' })
  const renewed = { ...accounts, fingerprint: 'accounts-2' }
  await tables.open(accounts)
  await tables.save(change)
  await tables.setPaused(accounts.name, true)
  await database.query('DROP TABLE dropped.accounts')
  for (const call of [
    tables.state(accounts),
    tables.load(accounts, [{ account_id: 'a-1' }]),
    tables.bulkLoad(accounts, [], at(1)),
  ])
    await expect(call).rejects.toMatchObject({ code: 'tables_unavailable' })
  expect(await tables.list()).toEqual([])
  expect(await tables.open(renewed)).toMatchObject({ fingerprint: 'accounts-2', position: 0 })
  expect(await tables.list()).toMatchObject([{ position: 0, isPaused: true }])
  expect(await tables.save({ ...change, table: renewed })).toBe('saved')
})

/** An index entry has at most 2,704 bytes, however well the text was compressed before. */
const hugeKey = Array.from({ length: 4_000 }, (_, index) =>
  String.fromCodePoint(0x4e00 + ((index * 7919) % 20_000)),
).join('')

test('a value that only the database refuses is reported as an invalid row', async () => {
  const tables = fresh()
  await tables.open(accounts)
  const upserts = [{ account_id: hugeKey, balance: 1 }]
  await expect(tables.save({ ...change, upserts })).rejects.toMatchObject({ code: 'invalid_row', retryable: false })
  const twice = [...accountRows(1, 1), ...accountRows(1, 2)]
  await expect(tables.save({ ...change, upserts: twice })).rejects.toMatchObject({ code: 'invalid_row' })
  expect([(await tables.state(accounts)).position, await tables.select(accounts)]).toEqual([0, []])
})

test('a number written by other SQL that JavaScript cannot represent is not rounded', async () => {
  const tables = sqlReadTables(database, { schema: 'large' })
  const table = { name: 'sums', columns: { id: text().key(), sum: bigint() }, key: ['id'], fingerprint: '1', code: '1' }
  await tables.open(table)
  await database.query(`INSERT INTO large.sums VALUES ('a', 9007199254740993)`)
  await expect(tables.select(table)).rejects.toMatchObject({
    code: 'invalid_row',
    message: expect.stringMatching(/^Column "sum" of read table "sums" holds about 9007199254740992.*Rebuild/),
  })
})

const documents = {
  name: 'documents',
  columns: { id: text().key(), doc: text() },
  key: ['id'],
  fingerprint: '1',
  code: '1',
}
const documentRows = (count: number, chars: number) =>
  Array.from({ length: count }, (_, at) => ({ id: String(at), doc: 'x'.repeat(chars) }))

test('large rows that together exceed the longest string are sent to the database in pieces', async () => {
  const sizes: number[] = []
  const measured =
    (query: Query): Query =>
    async (sql, params = [], options) => {
      if (!sql.startsWith('WITH fence')) return await query(sql, params, options)
      sizes.push(params.join('').length)
      return [{ name: '' }]
    }
  const counting: SqlDatabase = {
    ...database,
    query: measured(database.query),
    transaction: (work, options) =>
      database.transaction((query) => work(measured(query), async (_target, rows) => sizes.push(rows.length)), options),
  }
  const tables = sqlReadTables(counting, { schema: 'documents' })
  await tables.open(documents)
  const rows = documentRows(10_000, 60_000)
  expect(await tables.bulkLoad(documents, rows, at(1))).toBe('saved')
  expect(await tables.save({ table: documents, upserts: rows, removals: [], from: 1, to: at(2) })).toBe('saved')
  expect(sizes.reduce((sum, size) => sum + size)).toBeGreaterThan(2 * 10_000 * 60_000)
  expect(Math.max(...sizes)).toBeLessThan(chunkCharsMax + 100_000)
})

test('large rows are scanned in small pages, small rows in large pages', async () => {
  for (const [schema, rows, most] of [
    ['large_rows', documentRows(300, 200_000), 100],
    ['small_rows', documentRows(12_000, 5), 5_000],
  ] as const) {
    const tables = sqlReadTables(database, { schema })
    await tables.open(documents)
    await tables.bulkLoad(documents, rows, at(1))
    const pages: number[] = []
    await tables.scan(documents, ({ length }) => pages.push(length))
    expect(pages.reduce((sum, length) => sum + length)).toBe(rows.length)
    expect(Math.max(...pages)).toBe(most)
  }
})

test('a change in several pieces is written completely or not at all', async () => {
  const tables = sqlReadTables(database, { schema: 'pieces' })
  await tables.open(documents)
  const rows = documentRows(3, chunkCharsMax / 2)
  const change = { table: documents, upserts: rows, removals: [], from: 0, to: at(1) }
  const unkeepable = { ...change, upserts: [...rows, { id: hugeKey, doc: '' }] }
  await expect(tables.save(unkeepable)).rejects.toMatchObject({ code: 'invalid_row' })
  expect([(await tables.state(documents)).position, await tables.select(documents)]).toEqual([0, []])
  expect(await tables.save(change)).toBe('saved')
  expect(await tables.save(change)).toBe('superseded')
  expect(await tables.select(documents)).toEqual(rows)
  expect(await tables.save({ ...change, removals: [{ id: '2' }], upserts: [], from: 1, to: at(2) })).toBe('saved')
  expect(await tables.select(documents)).toEqual(rows.slice(0, 2))
})

test('an error that is not the database’s is not reported as one', async () => {
  const mistaken: SqlDatabase = {
    ...database,
    query: async () => {
      throw new RangeError('Invalid string length')
    },
  }
  const tables = sqlReadTables(mistaken, { schema: 'public' })
  await expect(tables.state(accounts)).rejects.toThrow(RangeError)
})
