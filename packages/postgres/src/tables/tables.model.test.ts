import fc from 'fast-check'
import {
  bigint,
  boolean,
  type Columns,
  date,
  integer,
  json,
  type ReadTables,
  type SelectOptions,
  type TableDefinition,
  text,
  timestamp,
} from 'indelible'
import { previousTableName, stagingTable } from 'indelible/adapter'
import { memoryTables } from 'indelible/memory'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { long } from '../../../../scripts/campaign.ts'
import { newPgliteDirectory } from '../../../../scripts/pglite-directory.ts'
import { freshTables } from '../../test/contract-tables.ts'
import { at } from '../../test/samples.ts'
import type { SqlDatabase } from '../database/index.ts'
import { pgliteDatabase } from '../pglite/index.ts'

let database: SqlDatabase
let fresh: () => ReadTables
beforeAll(async () => {
  database = await pgliteDatabase({ dir: await newPgliteDirectory() })
  fresh = freshTables(database)
})
afterAll(async () => await database?.close())

/** A value that a table can hold, and sometimes one that it must refuse. */
function mostly<Value>(usual: fc.Arbitrary<Value>, odd: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.option(fc.oneof({ weight: 40, arbitrary: usual }, { weight: 1, arbitrary: odd }))
}

const brokenText = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 3 })
const usualText = fc.string({ unit: 'binary', maxLength: 12 }).map((words) => words.replaceAll('\0', '0'))
const time = ({ min, zones }: { min: string; zones: readonly string[] }) =>
  fc
    .tuple(fc.date({ min: new Date(min), max: new Date('9999-12-30'), noInvalidDate: true }), fc.constantFrom(...zones))
    .map(([date, zone]) => date.toISOString().replace('Z', zone))
const oddDay = fc
  .tuple(fc.constantFrom('0000', '0001', '1900', '2024'), fc.nat(13), fc.nat(32))
  .map(([year, month, day]) => `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`)
const usualTime = time({ min: '0001-01-03', zones: ['Z', '999Z', '+01:00', '-12:30'] })

/** Few keys, so that changes meet. */
const values = {
  category: fc.constantFrom('a', 'A', 'ä', '😀', '\ufffd', '', '%'),
  number: fc.constantFrom(-1, 0, 1, 2, 10, Number.MAX_SAFE_INTEGER),
  words: mostly(usualText, brokenText),
  small: mostly(fc.integer(), fc.integer({ min: -(2 ** 32), max: 2 ** 32 })),
  large: mostly(fc.maxSafeInteger(), fc.double()),
  flag: fc.option(fc.boolean()),
  day: mostly(
    usualTime.map((at) => at.slice(0, 10)),
    oddDay,
  ),
  at: mostly(usualTime, time({ min: '0000-12-30', zones: ['Z', '+23:59', '-23:59'] })),
  doc: mostly<unknown>(
    fc.oneof(fc.jsonValue(), fc.json(), fc.dictionary(usualText, usualText)),
    fc.dictionary(brokenText, fc.anything()),
  ),
}
const columns: Columns = {
  category: text().key(),
  number: bigint().key(),
  words: text().nullable(),
  small: integer().nullable(),
  large: bigint().nullable(),
  flag: boolean().nullable(),
  day: date().nullable(),
  at: timestamp().nullable(),
  doc: json().nullable(),
}
const table: TableDefinition = { name: 'model', columns, key: ['category', 'number'], fingerprint: '1', code: '1' }

/** A value or operators; sometimes one that the column does not have. */
const conditions = Object.fromEntries(
  Object.entries(values as Record<string, fc.Arbitrary<unknown>>).map(([name, value]) => {
    const one = Object.fromEntries(['eq', 'ne', 'lt', 'lte', 'gt', 'gte'].map((operator) => [operator, value]))
    const list = fc.array(value, { maxLength: 3 })
    const operators = fc
      .constantFrom(...Object.keys(one), 'in', 'notIn')
      .chain((operator) => (one[operator] ?? list).map((given) => ({ [operator]: given })))
    return [name, fc.oneof(value, operators)]
  }),
)
const term = fc.oneof(
  fc.constantFrom(...Object.keys(columns)),
  fc
    .record({ name: fc.constantFrom(...Object.keys(columns)), direction: fc.constantFrom('asc', 'desc') })
    .map(({ name, direction }) => ({ [name]: direction })),
)

const key = fc.record({ category: values.category, number: values.number })
const keyOf = (row: { category: string; number: number }) => JSON.stringify([row.category, row.number])
/** The table as two versions of the code declare it, and other things that may be in the database. */
const versions = ['1', '2'].map((fingerprint) => ({ ...table, fingerprint }))
const names = [table.name, stagingTable(table).name, previousTableName(table.name)]
const version = fc.constantFrom(...versions)
const definition = fc.record({ name: fc.constantFrom(...names), of: version }).map(({ name, of }) => ({ ...of, name }))
const upserts = fc.uniqueArray(fc.record(values), { selector: keyOf, maxLength: 6 })
const holder = fc.constantFrom('one', 'two')
const parked = {
  eventId: 'e',
  type: 'T',
  stream: 's-1',
  row: null,
  message: 'm',
  fingerprint: '1',
  at: '2026-11-23T04:28:43.125Z',
}

type Step = (tables: ReadTables) => Promise<unknown>
const rowSteps = fc.oneof(
  fc
    .record({
      table: definition,
      upserts,
      removals: fc.uniqueArray(key, { selector: keyOf, maxLength: 4 }),
      isLate: fc.boolean(),
    })
    .map(
      ({ table, upserts, removals, isLate }): Step =>
        async (tables) => {
          const written = new Set(upserts.map(keyOf))
          const from = (await tables.state(table)).position + (isLate ? 1 : 0)
          return await tables.save({
            table,
            upserts,
            removals: removals.filter((gone) => !written.has(keyOf(gone))),
            from,
            to: at(from + 1),
          })
        },
    ),
  fc.array(key, { maxLength: 5 }).map(
    (keys): Step =>
      async (tables) => {
        const rows = await tables.load(table, keys)
        return rows.map((row) => JSON.stringify(Object.entries(row).slice(0, 2))).sort()
      },
  ),
  fc
    .record({
      where: fc.record(conditions, { requiredKeys: [] }),
      orderBy: fc.array(term, { maxLength: 3 }),
      after: fc.option(fc.oneof(key, fc.record(values)), { nil: undefined }),
      limit: fc.nat(5),
    })
    .map(
      ({ where, orderBy, after, limit }): Step =>
        (tables) =>
          tables.select(table, { where, orderBy, after, limit } as SelectOptions),
    ),
)
const tableSteps = fc.oneof(
  definition.map(
    (table): Step =>
      async (tables) => {
        const { fingerprint, position } = await tables.open(table)
        return { fingerprint, position }
      },
  ),
  fc.record({ table: definition, rows: fc.array(fc.record(values), { maxLength: 6 }), to: fc.nat(5) }).map(
    ({ table, rows, to }): Step =>
      (tables) =>
        tables.bulkLoad(table, rows, at(to)),
  ),
  version.map(
    (live): Step =>
      (tables) =>
        tables.replace(live, stagingTable(live)),
  ),
  definition.map(
    (table): Step =>
      async (tables) => {
        const counted: number[] = []
        const { fingerprint, position } = await tables.scan(table, (rows) => counted.push(rows.length))
        return [fingerprint, position, counted]
      },
  ),
  fc.constantFrom(...names).map(
    (name): Step =>
      (tables) =>
        tables.drop(name),
  ),
)
const operatorSteps = fc
  .record({ name: fc.constantFrom(...names), holder, yes: fc.boolean() })
  .chain(({ name, holder, yes }) =>
    fc.constantFrom<Step>(
      (tables) => tables.lease(name, { holder, ms: 3_600_000 }),
      (tables) => tables.release(name, holder),
      (tables) => tables.setPaused(name, yes),
      (tables) => tables.setParked(name, yes ? { ...parked, position: 3 } : null),
    ),
  )
const step = fc.oneof(
  { weight: 3, arbitrary: rowSteps },
  { weight: 2, arbitrary: tableSteps },
  { weight: 1, arbitrary: operatorSteps },
)

test('tables in Postgres and in memory give the same answers to random calls', async () => {
  const told = (work: Promise<unknown>) => work.catch(({ code }) => code)
  const answers = async (tables: ReadTables, steps: readonly Step[]) => {
    await tables.open(table)
    const given: unknown[] = []
    for (const step of steps) {
      given.push(await told(step(tables)))
      for (const name of names) given.push(await told(tables.select({ ...table, name })))
      given.push((await tables.list()).map((record) => ({ ...record, updatedAt: '', generation: 0 })))
    }
    return given
  }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const expected = await answers(memoryTables(), steps)
      const given = await answers(fresh(), steps)
      expect(given).toEqual(expected)
      // Including the order of the members of a JSON value: handlers can see it.
      expect(JSON.stringify(given)).toBe(JSON.stringify(expected))
    }),
    { numRuns: long ? 2_000 : 60 },
  )
})
