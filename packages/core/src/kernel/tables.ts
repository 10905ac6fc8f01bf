// Declared read tables: their columns become a Postgres table and a TypeScript row type.
import { IndelibleError } from './errors.ts'

export type ColumnType = 'text' | 'integer' | 'bigint' | 'boolean' | 'date' | 'timestamp' | 'json'

/** A value as handlers and readers see it. `bigint` columns contain safe integers; dates are `1993-01-31`, timestamps RFC 3339 text in UTC. */
export type ColumnValue = string | number | boolean | null | JsonValue
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** One column. Add `.key()`, `.nullable()` or `.index()`. */
export interface Column<Value = unknown> {
  readonly type: ColumnType
  readonly isKey: boolean
  readonly isNullable: boolean
  readonly isIndexed: boolean
  /** A column of the primary key, in the order of declaration. */
  key(): Column<Value>
  nullable(): Column<Value | null>
  index(): Column<Value>
  /** Never set; carries the type. */
  readonly '~value'?: Value
}

/** A column of JSON values. They have no order and no single form, so `select` compares them with null only. */
export interface JsonColumn<Value = unknown> extends Column<Value> {
  readonly type: 'json'
  key(): JsonColumn<Value>
  nullable(): NullableJsonColumn<Value | null>
  index(): JsonColumn<Value>
}

/** Known by more than its type of values, as null is a value of JSON too. */
export interface NullableJsonColumn<Value = unknown> extends JsonColumn<Value> {
  readonly isNullable: true
  index(): NullableJsonColumn<Value>
}

export type Columns = Readonly<Record<string, Column>>
/** The row type of a table. */
export type RowOf<C extends Columns> = Rows<C>['row']

/** An interface, so that messages of the compiler show the members of a row and not how its type is made. */
interface Rows<C extends Columns> {
  row: { -readonly [Name in keyof C]: C[Name] extends Column<infer Value> ? Value : never }
}
/** Any row, as adapters see it. */
export type Row = Readonly<Record<string, unknown>>

export const text = (): Column<string> => column('text')
/** 32 bits. */
export const integer = (): Column<number> => column('integer')
/** 64 bits in the database, a safe integer here. Both directions are checked. */
export const bigint = (): Column<number> => column('bigint')
export const boolean = (): Column<boolean> => column('boolean')
export const date = (): Column<string> => column('date')
export const timestamp = (): Column<string> => column('timestamp')
export const json = <Value extends JsonValue = JsonValue>(): JsonColumn<Value> => column('json') as JsonColumn<Value>

/** A read table as its adapter sees it. */
export interface TableDefinition<C extends Columns = Columns> {
  readonly name: string
  readonly columns: C
  /** Names of the key columns, at least one. */
  readonly key: readonly string[]
  /** The identity of its rows: the declared version of the projection, its columns and the versions of its events. If it changes, the table is built again from the log. */
  readonly fingerprint: string
  /** Whether every version of each row is kept, in the table of {@link historyTable}. */
  readonly history?: boolean
  /** A hint to the code that fills it. If it differs, a sample of the rows is compared with the log. */
  readonly code: string
}

/** The table that is built to take the place of another. */
export function stagingTable<C extends Columns>(table: TableDefinition<C>): TableDefinition<C> {
  return { ...table, name: `${table.name}${stagingSuffix}` }
}

/** What the history of a table says of each version of a row, besides its columns. */
const versionColumns = () => ({
  from_position: bigint().key(),
  from_time: timestamp(),
  to_position: bigint().nullable(),
  to_time: timestamp().nullable(),
})

export type HistoryColumns<C extends Columns> = C & ReturnType<typeof versionColumns>

/**
 * The versions of the rows of a table with `history`, one row for each: it was in the table from the event at `from_position`, recorded at `from_time`, until the one
 * at `to_position`, recorded at `to_time`, which was the first without it; null for what is in the table now.
 */
export function historyTable<C extends Columns>(table: TableDefinition<C>): TableDefinition<HistoryColumns<C>> {
  const columns = { ...table.columns, ...versionColumns() } as HistoryColumns<C>
  return { ...table, name: historyTableName(table.name), columns, key: [...table.key, 'from_position'], history: false }
}

export function historyTableName(name: string): string {
  return `${name}${historySuffix}`
}

/** The table that shows a point of history beside the live one. It has no history of its own. */
export function pastTable<C extends Columns>(table: TableDefinition<C>): TableDefinition<C> {
  return { ...table, name: pastTableName(table.name), history: false }
}

export function pastTableName(name: string): string {
  return `${name}${pastSuffix}`
}

/** The name of the replaced table. It is kept until the next replacement, or until it is dropped. */
export function previousTableName(name: string): string {
  return `${name}${previousSuffix}`
}

const historySuffix = '__history'
const stagingSuffix = '__staging'
const previousSuffix = '__previous'
const pastSuffix = '__past'
const nameForm = /^[a-z_][a-z0-9_]{0,62}$/
/** Postgres cuts names after 63 bytes, and a suffix must fit too. */
const tableNameForm = /^(?!.*__(staging|previous|history|past)$)[a-z_][a-z0-9_]{0,52}$/
/** Of a table with history, both suffixes must fit. */
const historyNameCharactersMax = 44

/** The name of the table with the checkpoints and states of the other tables. */
const takenTableName = 'indelible_projections'
/** All tables of Postgres have these columns already (https://www.postgresql.org/docs/current/ddl-system-columns.html), and all JavaScript objects the last. */
const takenColumnNames = ['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid', '__proto__']

/** Checks that a table can have a history. Throws `invalid_declaration`. */
export function checkHistory(table: string, columns: Columns): void {
  if (table.length > historyNameCharactersMax) {
    const message = `"${table}" cannot name a table with history: use at most ${historyNameCharactersMax} characters.`
    throw new IndelibleError('invalid_declaration', message)
  }
  const taken = Object.keys(versionColumns()).find((column) => Object.hasOwn(columns, column))
  if (taken === undefined) return
  const message = `Table "${table}": "${taken}" cannot name a column, as the history of the table has one of that name. Choose another.`
  throw new IndelibleError('invalid_declaration', message)
}

/** Checks names and key. Throws `invalid_declaration`. */
export function keyColumns(table: string, columns: Columns): readonly string[] {
  if (!tableNameForm.test(table)) {
    throw new IndelibleError(
      'invalid_declaration',
      `"${table}" cannot name a table: use snake_case, at most 53 characters, not ending in ${stagingSuffix}, ${previousSuffix} or ${historySuffix}.`,
    )
  }
  if (table === takenTableName) {
    throw new IndelibleError(
      'invalid_declaration',
      `"${table}" cannot name a table: Indelible has one of that name. Choose another.`,
    )
  }
  for (const name of Object.keys(columns)) {
    if (!nameForm.test(name)) {
      throw new IndelibleError(
        'invalid_declaration',
        `"${name}" cannot name a column: use snake_case, at most 63 characters.`,
      )
    }
    if (takenColumnNames.includes(name)) {
      throw new IndelibleError(
        'invalid_declaration',
        `Table "${table}": "${name}" cannot name a column, as Postgres or JavaScript has something of that name in every table or row. Choose another.`,
      )
    }
  }
  const key = Object.keys(columns).filter((name) => columns[name]!.isKey)
  if (key.length === 0)
    throw new IndelibleError('invalid_declaration', `Table "${table}" needs a key: mark a column with .key().`)
  const json = key.find((name) => columns[name]!.type === 'json')
  if (json)
    throw new IndelibleError(
      'invalid_declaration',
      `Table "${table}": json column "${json}" cannot be part of the key.`,
    )
  const nullable = key.find((name) => columns[name]!.isNullable)
  if (nullable)
    throw new IndelibleError('invalid_declaration', `Table "${table}": key column "${nullable}" cannot be nullable.`)
  return key
}

/** One text for one key, for use in maps. */
export function keyText(key: readonly string[], row: Row): string {
  return key.length === 1 ? String(row[key[0]!]) : JSON.stringify(key.map((name) => row[name]))
}

function column<Value>(type: ColumnType, isKey = false, isNullable = false, isIndexed = false): Column<Value> {
  return {
    type,
    isKey,
    isNullable,
    isIndexed,
    key: () => column(type, true, isNullable, isIndexed),
    nullable: () => column(type, isKey, true, isIndexed),
    index: () => column(type, isKey, isNullable, true),
  }
}
