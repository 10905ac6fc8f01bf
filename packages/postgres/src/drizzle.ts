// `@indelible/postgres/drizzle`: the read table of a projection as a Drizzle table (https://orm.drizzle.team), with types from its columns.
import {
  customType,
  type PgColumn,
  type PgTableFn,
  type PgTableWithColumns,
  pgSchema,
  pgTable,
  primaryKey,
} from 'drizzle-orm/pg-core'
import type { Columns, ColumnType, HistoryColumns, Projection, RowOf, TableDefinition } from 'indelible'
import { historyTable } from 'indelible/adapter'
import { instantText } from './instants.ts'
import { safeInteger, sqlTypes } from './sql/index.ts'

/** `select` returns rows as the projection writes them: bigint columns are numbers, dates and timestamps are text. */
export type DrizzleTable<C extends Columns, Name extends string> = PgTableWithColumns<{
  name: Name
  schema: string | undefined
  dialect: 'pg'
  columns: { [Column in keyof C & string]: DrizzleColumn<RowOf<C>[Column], Column, Name> }
}>

type DrizzleColumn<Value, Name extends string, Table extends string> = PgColumn<{
  name: Name
  tableName: Table
  dataType: 'custom'
  columnType: 'PgCustomColumn'
  data: NonNullable<Value>
  driverParam: unknown
  notNull: null extends Value ? false : true
  hasDefault: false
  isPrimaryKey: false
  isAutoincrement: false
  hasRuntimeDefault: false
  enumValues: undefined
}>

/** Use it for reading only: rows are written by their projection. `schema` is that of `postgresTables`. */
export function drizzleTable<C extends Columns, Name extends string>(
  { name, table }: Projection<C, Name>,
  options: SchemaOption = {},
): DrizzleTable<C, Name> {
  return made({ ...table, name }, options)
}

/** The same for the versions of the rows of a projection with `history: true`. */
export function drizzleHistoryTable<C extends Columns, Name extends string>(
  { name, table }: Projection<C, Name>,
  options: SchemaOption = {},
): DrizzleTable<HistoryColumns<C>, `${Name}__history`> {
  return made({ ...historyTable(table), name: `${name}__history` as const }, options)
}

interface SchemaOption {
  readonly schema?: string
}

function made<C extends Columns, Name extends string>(
  { name, columns, key }: TableDefinition<C> & { readonly name: Name },
  { schema = 'public' }: SchemaOption,
): DrizzleTable<C, Name> {
  const builders = Object.fromEntries(
    Object.entries(columns).map(([column, { type, isNullable }]) => {
      const builder = columnOf(type)(column)
      return [column, isNullable ? builder : builder.notNull()]
    }),
  )
  // Drizzle does not allow to name the default schema.
  const make: PgTableFn<string | undefined> = schema === 'public' ? (pgTable as PgTableFn) : pgSchema(schema).table
  const table = make(name, builders, (table) => {
    const [first, ...others] = key.map((column) => table[column]!)
    return [primaryKey({ columns: [first!, ...others] })]
  })
  return table as unknown as DrizzleTable<C, Name>
}

function columnOf(type: ColumnType) {
  return customType<{ data: unknown; driverData: unknown }>({
    dataType: () => sqlTypes[type].declared,
    fromDriver: fromDriver[type] ?? ((value) => value),
    toDriver: type === 'json' ? JSON.stringify : (value) => value,
  })
}

/** Types that the drivers return in different forms. */
const fromDriver: { readonly [Type in ColumnType]?: (value: unknown) => unknown } = {
  bigint: (value) => safeInteger(Number(value)),
  timestamp: (value) => (value instanceof Date ? value.toISOString() : instantText(String(value))),
}
