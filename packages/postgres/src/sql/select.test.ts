// How the planner of Postgres reads pages: an index gives the order and the place where a page begins, however many rows come before it.
import { bigint, type SelectOptions, type TableDefinition, text } from 'indelible'
import { canonicalSelect } from 'indelible/adapter'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newPgliteDirectory } from '../../../../scripts/pglite-directory.ts'
import { at } from '../../test/samples.ts'
import type { SqlDatabase } from '../database/index.ts'
import { pgliteDatabase } from '../pglite/index.ts'
import { sqlReadTables } from '../tables/index.ts'
import { selectRows } from './select.ts'

const bookings: TableDefinition = {
  name: 'bookings',
  columns: {
    account_id: text().key(),
    entry: bigint().key(),
    payee: text().index(),
    booked_for: text().nullable().index(),
    cents: bigint(),
  },
  key: ['account_id', 'entry'],
  fingerprint: '1',
  code: '1',
}
const place = { account_id: 'a-7', entry: 77, payee: 'payee 500', booked_for: null }

let database: SqlDatabase
beforeAll(async () => {
  database = await pgliteDatabase({ dir: await newPgliteDirectory() })
  const tables = sqlReadTables(database, { schema: 'public' })
  await tables.open(bookings)
  const rows = Array.from({ length: 20_000 }, (_, n) => ({
    account_id: `a-${n % 20}`,
    entry: Math.floor(n / 20),
    payee: `payee ${n % 1_000}`,
    booked_for: n % 3 === 0 ? null : `person ${n % 500}`,
    cents: n,
  }))
  await tables.bulkLoad(bookings, rows, at(1))
  await database.query('ANALYZE bookings')
})
afterAll(async () => await database?.close())

async function plan(options: SelectOptions): Promise<string> {
  const { sql, params } = selectRows('public', bookings, canonicalSelect(bookings, { limit: 10, ...options }))
  const lines = await database.query(`EXPLAIN (COSTS OFF) ${sql}`, params)
  return lines.map((line) => line['QUERY PLAN']).join('\n')
}

test('pages in the order of the key are read from the primary key, beginning at their place', async () => {
  const forwards = await plan({ after: place })
  expect(forwards).toContain('Index Scan using bookings_pkey')
  expect(forwards).toMatch(/Index Cond: \(ROW\(account_id, entry\) > ROW\('a-7'::text, '77'::bigint\)\)/)
  const backwards = await plan({ orderBy: { account_id: 'desc' }, after: place })
  expect(backwards).toContain('Index Scan Backward using bookings_pkey')
  expect(backwards).toMatch(/Index Cond: \(ROW\(account_id, entry\) < ROW\('a-7'::text, '77'::bigint\)\)/)
  const ofOne = await plan({ where: { account_id: 'a-7' }, orderBy: { entry: 'desc' }, after: place })
  expect(ofOne).toMatch(/Index Scan Backward using bookings_pkey.*Index Cond: \(\(account_id = 'a-7'::text\)/s)
  for (const each of [forwards, backwards, ofOne]) expect(each).not.toMatch(/Sort|Seq Scan/)
})

test('conditions and order of an indexed text column are read from its index', async () => {
  for (const orderBy of ['payee', { payee: 'desc' }] as const) {
    const page = await plan({ orderBy, after: place })
    expect(page).toMatch(/Incremental Sort.*Presorted Key: t\.payee/s)
    expect(page).toMatch(/Index Scan (Backward )?using bookings_payee_idx.*Index Cond/s)
  }
  const some = await plan({ where: { payee: { gte: 'payee 998', lt: 'payee 999' } } })
  expect(some).toMatch(/Index Cond: \(\(payee >= 'payee 998'::text\) AND \(payee < 'payee 999'::text\)\)/)
  expect(await plan({ where: { payee: { in: ['payee 1', 'payee 2'] } } })).toContain('bookings_payee_idx')
})

test('an order by a nullable column needs no sort of the whole table', async () => {
  for (const orderBy of ['booked_for', { booked_for: 'desc' }] as const) {
    const page = await plan({ orderBy, after: place })
    expect(page).toMatch(/Index Scan (Backward )?using bookings_booked_for_idx/)
  }
})
