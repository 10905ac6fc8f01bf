// Projections turn events into rows of a read table. A handler gets a row and an event and returns data; the runtime does all I/O (the second law).
import { checkedDescription } from './descriptions.ts'
import { IndelibleError } from './errors.ts'
import type { AnyEventType, DataOf, RecordedOf } from './event-types.ts'
import type { RecordedEvent } from './events.ts'
import { assertHandler } from './evolving.ts'
import { fingerprint } from './fingerprint.ts'
import { formsText } from './recorded-forms.ts'
import { shown } from './shown.ts'
import {
  type Columns,
  checkHistory,
  type HistoryColumns,
  keyColumns,
  type Row,
  type RowOf,
  type TableDefinition,
} from './tables.ts'
import { isDuration } from './timers.ts'
import { codeOf, declaredVersion } from './versions.ts'

/**
 * What a handler returns: the row to write, `null` to remove it, `undefined` to leave it unchanged. For several rows it is a list of rows, each of which is
 * written under its own key, and of {@link removal removals}.
 */
export type RowChange<C extends Columns> =
  | RowOf<C>
  | null
  | undefined
  | readonly (RowOf<C> | RowRemoval<Partial<RowOf<C>>>)[]

/** The columns of a key. */
export type KeyOf<C extends Columns> = Partial<RowOf<C>>

/** A row to remove, as data. */
export class RowRemoval<Key extends Row = Row> {
  readonly key: Key

  constructor(key: Key) {
    this.key = key
  }
}

/** For the list that a handler may return: removes the row with this key, if it exists. */
export function removal<const Key extends Row>(key: Key): RowRemoval<Key> {
  return new RowRemoval(key)
}

/** Which rows a handler gets. */
export interface RowOptions<C extends Columns, Event> {
  /**
   * The key of the row that the event concerns, or the keys of several rows: the handler is called once for each. By default it is the row whose key
   * is the id of the stream.
   */
  readonly key?: (data: DataOf<Event>, event: RecordedOf<Event>) => KeyOf<C> | readonly KeyOf<C>[]
  /** The row that the handler gets if there is none yet. Without it, the projection is parked then (`row_missing`). */
  readonly initial?: (key: KeyOf<C>, data: DataOf<Event>, event: RecordedOf<Event>) => RowOf<C>
}

type OnRow<C extends Columns, Event> = (row: RowOf<C>, data: DataOf<Event>, event: RecordedOf<Event>) => RowChange<C>

/** A declared projection. `C` are the columns of its read table, which has the same name. */
export interface Projection<C extends Columns = Columns, Name extends string = string> {
  readonly name: Name
  readonly version: number
  readonly description: string | undefined
  readonly table: TableDefinition<C>
  readonly events: readonly AnyEventType[]
  readonly staleness: { readonly targetMs: number }
  /** False where the target is the default. */
  readonly declaresStaleness: boolean
  /** Whether a command is answered only when the table shows its events. */
  readonly inline: boolean
  /** The handler of each event, in the order of `events`. */
  readonly handlers: readonly RowHandler[]
  /**
   * Declares how an event changes an existing row: `.on(FundsWithdrawn, (row, { amount }) => ({ ...row, balance: row.balance - amount }))`. Pure. If an
   * event has several rows, handlers see all of them as they were before it. Returns a projection with one more event. Throws `invalid_declaration`.
   */
  on<Event extends AnyEventType>(event: Event, change: OnRow<C, Event>): Projection<C, Name>
  /** The same for a row with another key, or for a row that may not exist yet. */
  on<Event extends AnyEventType>(
    event: Event,
    options: RowOptions<C, Event>,
    change: OnRow<C, Event>,
  ): Projection<C, Name>
  /**
   * Declares which rows an event writes, without reading existing ones: `.write(AccountOpened, ({ owner }, { streamId }) => ({ … }))`.
   * Each row is written under its own key.
   */
  write<Event extends AnyEventType>(
    event: Event,
    rows: (data: DataOf<Event>, event: RecordedOf<Event>) => Exclude<RowChange<C>, null>,
  ): Projection<C, Name>
}

/** A handler as the runtime sees it. */
export interface RowHandler {
  /** Whether it gets no row, a row that must exist, or a row that begins with `initial`. */
  readonly row: 'none' | 'required' | 'initial'
  /** Without it, the key is the id of the stream. */
  readonly keys: ((event: RecordedEvent) => Row | readonly Row[]) | undefined
  readonly change: (event: RecordedEvent, row: Row | undefined, key: Row) => AnyRowChange
}

export type AnyRowChange = Row | null | undefined | readonly (Row | RowRemoval)[]

/** The row types of the tables of some projections, by name: a database type for query builders such as Kysely. */
export type TablesOf<P extends Projection> = { [Each in P as Each['name']]: RowOf<Each['table']['columns']> }

/** The same for the tables with the versions of the rows of projections with `history: true`. */
export type HistoryTablesOf<P extends Projection> = {
  [Each in P as `${Each['name']}__history`]: RowOf<HistoryColumns<Each['table']['columns']>>
}

/** A person hardly notices half a second. */
export const stalenessTargetMsDefault = 500

/**
 * Declares a projection into a read table of the same name: `projection('account_balances', { table: { … } }).write(AccountOpened, …).on(…)`.
 *
 * Raise `version`, which begins with 1, when the handlers make other rows from the same events: then the table is built again beside the one that readers
 * see. Changed columns, keys or event versions do that without a new version. Throws `invalid_declaration`.
 */
export function projection<const C extends Columns, const Name extends string>(
  name: Name,
  definition: {
    /** For people who read the generated documents: what it means in the domain. */
    readonly description?: string | undefined
    readonly table: C
    readonly version?: number
    /**
     * Keeps every version of each row, with the positions and times from which and until which it was in the table, in `<name>__history` of the database:
     * `select(…, { asOf })` and plain SQL then show the table of any time. It grows with each change of a row. The default is false.
     */
    readonly history?: boolean
    /** How far the table may be behind the log. The default is 500 ms. */
    readonly staleness?: { readonly targetMs: number }
    /**
     * Whoever gets the answer to a command finds its events in the table: staleness 0. Where log and tables are in one Postgres database, rows are written in
     * the transaction that appends; elsewhere the answer waits for the table. Commands get slower. The default is false.
     */
    readonly inline?: boolean
  },
): Projection<C, Name> {
  const { table: columns, history = false, staleness = { targetMs: stalenessTargetMsDefault } } = definition
  const { inline = false } = definition
  const key = keyColumns(name, columns)
  if (history) checkHistory(name, columns)
  const version = declaredVersion(`Projection "${name}"`, definition.version)
  if (!isDuration(staleness.targetMs)) {
    throw new IndelibleError(
      'invalid_declaration',
      `Projection "${name}" has the staleness target ${shown(staleness.targetMs)}: give milliseconds as a number from 0 on.`,
    )
  }
  const description = checkedDescription(`Projection "${name}"`, definition)
  const declaresStaleness = definition.staleness !== undefined || inline
  const declared = { name, version, description, columns, key, history, staleness, declaresStaleness, inline }
  return projectionOf(declared, [], [])
}

interface Declared<C extends Columns, Name extends string> {
  readonly name: Name
  readonly version: number
  readonly description: string | undefined
  readonly columns: C
  readonly key: readonly string[]
  readonly history: boolean
  readonly staleness: { readonly targetMs: number }
  readonly declaresStaleness: boolean
  readonly inline: boolean
}

function projectionOf<C extends Columns, Name extends string>(
  declared: Declared<C, Name>,
  events: readonly AnyEventType[],
  handlers: readonly DeclaredHandler[],
): Projection<C, Name> {
  const { name, version, description, columns, key, history, staleness, declaresStaleness, inline } = declared
  const who = `Projection "${name}"`
  const withHandler = (event: AnyEventType, handler: DeclaredHandler) => {
    assertHandler(who, new Set(events.map(({ type }) => type)), event, handler.functions[0])
    if (handler.row !== 'none' && !handler.keys && key.length > 1) {
      throw new IndelibleError(
        'invalid_declaration',
        `${who} has ${key.length} key columns: say with "key" which row "${event.type}" concerns, as in .on(${event.type}, { key: (data, event) => ({ … }) }, …).`,
      )
    }
    return projectionOf(declared, [...events, event], [...handlers, handler])
  }
  return {
    name,
    version,
    description,
    table: {
      name,
      columns,
      key,
      history,
      fingerprint: fingerprint([
        name,
        version,
        ...shapeOf(columns),
        ...(history ? ['history'] : []),
        ...events.map(formsText).sort(),
      ]),
      code: codeOf(events, (type) => handlers[events.findIndex((each) => each.type === type)]!.functions),
    },
    events,
    staleness,
    declaresStaleness,
    inline,
    handlers,
    on: (event: AnyEventType, first: unknown, second?: unknown) =>
      withHandler(event, second === undefined ? changing({}, first) : changing((first ?? {}) as object, second)),
    write: (event: AnyEventType, rows: (data: unknown, event: RecordedEvent) => AnyRowChange) =>
      withHandler(event, {
        row: 'none',
        keys: undefined,
        change: (each) => rows(each.data, each) ?? undefined,
        functions: [rows],
      }),
  } as Projection<C, Name>
}

interface DeclaredHandler extends RowHandler {
  /** The arguments of `on`, the handler first. */
  readonly functions: readonly unknown[]
}

interface AnyRowOptions {
  readonly key?: (data: unknown, event: RecordedEvent) => Row | readonly Row[]
  readonly initial?: (key: Row, data: unknown, event: RecordedEvent) => Row
}

function changing({ key, initial }: AnyRowOptions, given: unknown): DeclaredHandler {
  const change = given as (row: Row | undefined, data: unknown, event: RecordedEvent) => AnyRowChange
  return {
    row: initial ? 'initial' : 'required',
    keys: key && ((event) => key(event.data, event)),
    change: initial
      ? (event, row, at) => change(row ?? initial(at, event.data, event), event.data, event)
      : (event, row) => change(row, event.data, event),
    functions: [change, key, initial],
  }
}

function shapeOf(columns: Columns): readonly string[] {
  return Object.entries(columns).map(([column, { type, isKey, isNullable, isIndexed }]) =>
    JSON.stringify([column, type, isKey, isNullable, isIndexed]),
  )
}
