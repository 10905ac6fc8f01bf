import { bigint, text } from 'indelible'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SqlDatabase } from './database.ts'
import { pgliteDatabase } from './pglite.ts'
import { type SqlReadTables, sqlReadTables } from './tables.ts'
import { freshTables } from './testing/contract-tables.ts'
import { accountRows, accounts } from './testing/samples.ts'

let database: SqlDatabase
let fresh: () => SqlReadTables
beforeAll(async () => {
  database = await pgliteDatabase()
  fresh = freshTables(database)
})
afterAll(async () => await database?.close())
const shop = () => sqlReadTables(database, { schema: 'shop' })
const change = { table: accounts, upserts: accountRows(3, 2 ** 40), removals: [], from: 0, to: 1 }

test('SQL of the user reads rows in the values of JavaScript', async () => {
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
      at: '2026-11-23 04:28:43.125+00',
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

test('an error in the SQL of the user comes as it is', async () => {
  await expect(shop().query('SELEC 1')).rejects.toMatchObject({ code: '42601', message: /syntax error/ })
  expect(await shop().query('SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('a table that is no read table is never replaced by one', async () => {
  await database.query('CREATE TABLE shop.invoices (id integer)')
  await database.query('INSERT INTO shop.invoices VALUES (1)')
  await expect(shop().open({ ...accounts, name: 'invoices' })).rejects.toMatchObject({ code: 'invalid_declaration' })
  await expect(shop().open({ ...accounts, name: 'indelible_projections' })).rejects.toMatchObject({
    code: 'invalid_declaration',
  })
  expect(await database.query('SELECT * FROM shop.invoices')).toEqual([{ id: 1 }])
})

test('of two versions of the code that run side by side the older does not take its table back', async () => {
  const [older, newer] = [shop(), shop()]
  const renewed = { ...accounts, fingerprint: 'accounts-2' }
  await older.open(accounts)
  await newer.open(renewed)
  await expect(older.open(accounts)).rejects.toMatchObject({ code: 'tables_unavailable', message: /other code/ })
  expect(await newer.save({ ...change, table: renewed })).toBe('saved')
  expect(await older.save(change)).toBe('superseded')
  // A start is a decision: someone went back to the older version.
  expect(await shop().open(accounts)).toBe(0)
})

test('a table that somebody dropped is made anew from the log', async () => {
  const tables = fresh()
  await tables.open(accounts)
  await tables.save(change)
  const [place] = await tables.query<{ schemaname: string }>(
    `SELECT schemaname FROM pg_tables WHERE tablename = 'accounts' AND schemaname LIKE 'Case%'`,
  )
  await database.query(`DROP TABLE "${place!.schemaname.replaceAll('"', '""')}".accounts`)
  await expect(tables.load(accounts, [{ account_id: 'a-1' }])).rejects.toMatchObject({ code: 'tables_unavailable' })
  expect(await tables.open(accounts)).toBe(0)
})

test('a value that only the database can refuse is an invalid row', async () => {
  const tables = fresh()
  await tables.open(accounts)
  // An index entry has at most 2,704 bytes, however well the text compresses before.
  const account_id = Array.from({ length: 4_000 }, (_, index) =>
    String.fromCodePoint(0x4e00 + ((index * 7919) % 20_000)),
  ).join('')
  const upserts = [{ account_id, balance: 1 }]
  await expect(tables.save({ ...change, upserts })).rejects.toMatchObject({ code: 'invalid_row', retryable: false })
  const twice = [...accountRows(1, 1), ...accountRows(1, 2)]
  await expect(tables.save({ ...change, upserts: twice })).rejects.toMatchObject({ code: 'invalid_row' })
  expect([await tables.checkpoint(accounts), await tables.select(accounts)]).toEqual([0, []])
})

test('a number that somebody else wrote and that JavaScript cannot hold is not rounded', async () => {
  const tables = sqlReadTables(database, { schema: 'large' })
  const table = { name: 'sums', columns: { id: text().key(), sum: bigint() }, key: ['id'], fingerprint: '1' }
  await tables.open(table)
  await database.query(`INSERT INTO large.sums VALUES ('a', 9007199254740993)`)
  await expect(tables.select(table)).rejects.toMatchObject({
    code: 'invalid_row',
    message: /9007199254740993/,
  })
})
