import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { and, eq, gt, isNull, lte, or } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { getTableConfig } from 'drizzle-orm/pg-core'
import {
  bigint,
  boolean,
  date,
  event,
  type HistoryTablesOf,
  integer,
  json,
  projection,
  type RowOf,
  type TablesOf,
  text,
  timestamp,
} from 'indelible'
import {
  DummyDriver,
  type InferResult,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { at } from '../test/samples.ts'
import { drizzleHistoryTable, drizzleTable } from './drizzle.ts'
import { postgresTables } from './server/index.ts'
import type { SqlReadTables } from './tables/index.ts'

const Sampled = event('Sampled', z.object({ id: z.string() }))
const samples = projection('samples', {
  table: {
    id: text().key(),
    small: integer(),
    large: bigint().index(),
    flag: boolean(),
    day: date(),
    at: timestamp(),
    doc: json<{ tags: string[] }>(),
    note: text().nullable(),
  },
}).write(Sampled, () => undefined)
const counts = projection('counts', {
  table: { id: text().key(), n: bigint() },
}).write(Sampled, () => undefined)
type SampleRow = RowOf<typeof samples.table.columns>
const row: SampleRow = {
  id: 'a',
  small: -5,
  large: 2 ** 40,
  flag: true,
  day: '1993-01-31',
  at: '2026-11-23T04:28:43.100Z',
  doc: { tags: ['"5"', 'ü'] },
  note: null,
}

let server: PostgresServer
let tables: SqlReadTables
let pool: pg.Pool
beforeAll(async () => {
  server = await startPostgresServer()
  const { connectionString } = server
  tables = await postgresTables({ connectionString, schema: 'shop' })
  pool = new pg.Pool({ connectionString, options: '-c TimeZone=Asia/Kolkata' })
  // The server may stop before its connections do.
  pool.on('error', () => {})
  await tables.open(samples.table)
  await tables.bulkLoad(samples.table, [row, { ...row, id: 'b', large: 1, note: 'b' }], at(1))
})
afterAll(async () => {
  await pool?.end()
  await tables?.close()
  await server?.remove()
})

test('Drizzle reads rows as the projection writes them, typed', async () => {
  const table = drizzleTable(samples, { schema: 'shop' })
  const database = drizzle(pool)
  const rows = await database.select().from(table).where(gt(table.large, 5))
  expectTypeOf(rows).toEqualTypeOf<SampleRow[]>()
  expect(rows).toEqual([row])
  const some = await database
    .select({ id: table.id, note: table.note, at: table.at })
    .from(table)
    .where(eq(table.note, 'b'))
  expectTypeOf(some).toEqualTypeOf<{ id: string; note: string | null; at: string }[]>()
  expect(some).toEqual([{ id: 'b', note: 'b', at: row.at }])
  expect(
    await database.select({ id: table.id }).from(table).where(eq(table.at, '2026-11-23T05:28:43.1+01:00')),
  ).toHaveLength(2)
  // @ts-expect-error a bigint column is a number here
  eq(table.large, 'five')
})

test('Drizzle gets the name, the schema and the key of the table', () => {
  const { name, schema, primaryKeys, columns } = getTableConfig(drizzleTable(samples, { schema: 'shop' }))
  expect([name, schema, primaryKeys[0]!.columns.map(({ name }) => name)]).toEqual(['samples', 'shop', ['id']])
  expect(columns.map((column) => [column.name, column.getSQLType(), column.notNull])).toContainEqual([
    'note',
    'text',
    false,
  ])
  expect(getTableConfig(drizzleTable(counts)).schema).toBeUndefined()
})

test('a number that JavaScript cannot hold is not rounded by Drizzle', async () => {
  await pool.query(
    `INSERT INTO shop.samples SELECT 'c', small, 9007199254740993, flag, day, at, doc FROM shop.samples LIMIT 1`,
  )
  const table = drizzleTable(samples, { schema: 'shop' })
  await expect(drizzle(pool).select().from(table).where(eq(table.id, 'c'))).rejects.toThrow(/safe integers/)
  await pool.query(`DELETE FROM shop.samples WHERE id = 'c'`)
})

test('Kysely takes the tables of projections as its database, and its SQL runs against them', async () => {
  type Database = TablesOf<typeof samples | typeof counts>
  expectTypeOf<Database>().toEqualTypeOf<{ samples: SampleRow; counts: { id: string; n: number } }>()
  const database = new Kysely<Database>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (database) => new PostgresIntrospector(database),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }).withSchema('shop')
  const query = database.selectFrom('samples').selectAll().where('large', '>', 5)
  // @ts-expect-error there is no such column
  database.selectFrom('samples').select('nosuch')
  const { sql, parameters } = query.compile()
  const rows = await tables.query<InferResult<typeof query>[number]>(sql, parameters)
  expectTypeOf(rows).toEqualTypeOf<readonly SampleRow[]>()
  expect(rows).toEqual([row])
})

test('the versions of rows are read with Drizzle and Kysely as of a time', async () => {
  const kept = projection('kept', { table: { id: text().key(), n: bigint() }, history: true }).write(
    Sampled,
    () => undefined,
  )
  await tables.open(kept.table)
  const version = (n: number, position: number) => ({
    key: { id: 'a' },
    row: { id: 'a', n },
    position,
    recordedAt: `2026-01-0${position}T00:00:00.000Z`,
  })
  const versions = [version(1, 1), version(2, 3)]
  await tables.save({ table: kept.table, upserts: [{ id: 'a', n: 2 }], removals: [], versions, from: 0, to: at(3) })
  const history = drizzleHistoryTable(kept, { schema: 'shop' })
  const asOf = (time: string) =>
    drizzle(pool)
      .select({ id: history.id, n: history.n, until: history.to_time })
      .from(history)
      .where(and(lte(history.from_time, time), or(isNull(history.to_time), gt(history.to_time, time))))
  expect(await asOf('2026-01-02T00:00:00Z')).toEqual([{ id: 'a', n: 1, until: '2026-01-03T00:00:00.000Z' }])
  expect(await asOf('2026-01-03T00:00:00Z')).toEqual([{ id: 'a', n: 2, until: null }])
  expect(await asOf('2025-12-31T23:59:59Z')).toEqual([])
  type Database = HistoryTablesOf<typeof kept>
  expectTypeOf<Database['kept__history']['to_position']>().toEqualTypeOf<number | null>()
  const kysely = new Kysely<Database>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
  const query = kysely
    .withSchema('shop')
    .selectFrom('kept__history')
    .select(['id', 'n'])
    .where('from_position', '<=', 2)
    .where((or) => or.or([or('to_position', 'is', null), or('to_position', '>', 2)]))
    .compile()
  expect(await tables.query(query.sql, query.parameters)).toEqual([{ id: 'a', n: 1 }])
})
