// Projections turn events into rows of a read table. A handler gets a row and an event and returns data; the runtime does all I/O (the second law).
import { IndelibleError } from './errors.ts'
import type { AnyEventType, DataOf, RecordedOf } from './event-types.ts'
import type { RecordedEvent } from './events.ts'
import { assertHandler } from './evolving.ts'
import { fingerprint } from './fingerprint.ts'
import { shown } from './shown.ts'
import { type Columns, keyColumns, type Row, type RowOf, type TableDefinition } from './tables.ts'
import { isDuration } from './timers.ts'
import { codeOf, declaredVersion } from './versions.ts'

/**
 * What a handler makes of a row: the row to write, `null` to remove it, `undefined` to leave it as it is. Several rows at once are a list of rows,
 * each written under its own key, and of {@link removal removals}.
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

/** For the list that a handler may return: removes the row with this key, if it is there. */
export function removal<const Key extends Row>(key: Key): RowRemoval<Key> {
  return new RowRemoval(key)
}

/** Which rows a handler is given. */
export interface RowOptions<C extends Columns, Event> {
  /**
   * The key of the row that the event concerns, or the keys of several: the handler is called once for each. Without it that is the row whose key
   * column is the id of the stream.
   */
  readonly key?: (data: DataOf<Event>, event: RecordedOf<Event>) => KeyOf<C> | readonly KeyOf<C>[]
  /** The row that the handler is given where there is none yet. Without it the projection parks there (`row_missing`). */
  readonly initial?: (key: KeyOf<C>, data: DataOf<Event>, event: RecordedOf<Event>) => RowOf<C>
}

type OnRow<C extends Columns, Event> = (row: RowOf<C>, data: DataOf<Event>, event: RecordedOf<Event>) => RowChange<C>

/** A declared projection; `C` are the columns of its read table, which has its name. */
export interface Projection<C extends Columns = Columns, Name extends string = string> {
  readonly name: Name
  readonly version: number
  readonly table: TableDefinition<C>
  readonly events: readonly AnyEventType[]
  readonly staleness: { readonly targetMs: number }
  /** What is done with each event, in the order of `events`. */
  readonly handlers: readonly RowHandler[]
  /**
   * Says how an event changes a row that is there: `.on(FundsWithdrawn, (row, { amount }) => ({ ...row, balance: row.balance - amount }))`. Pure; all
   * rows of one event are given as they were before it. Gives a projection with one more event. Throws `invalid_declaration`.
   */
  on<Event extends AnyEventType>(event: Event, change: OnRow<C, Event>): Projection<C, Name>
  /** The same of a row with another key, or of one that may not be there yet. */
  on<Event extends AnyEventType>(
    event: Event,
    options: RowOptions<C, Event>,
    change: OnRow<C, Event>,
  ): Projection<C, Name>
  /**
   * Says which rows an event writes, without a look at those that are there: `.write(AccountOpened, ({ owner }, { streamId }) => ({ … }))`.
   * Each is written under its own key.
   */
  write<Event extends AnyEventType>(
    event: Event,
    rows: (data: DataOf<Event>, event: RecordedOf<Event>) => Exclude<RowChange<C>, null>,
  ): Projection<C, Name>
}

/** A handler as the runtime sees it. */
export interface RowHandler {
  /** Whether it is given a row, one that must be there, or one that begins with `initial` where there is none. */
  readonly row: 'none' | 'required' | 'initial'
  /** Where it is not there, the key is the id of the stream. */
  readonly keys: ((event: RecordedEvent) => Row | readonly Row[]) | undefined
  readonly change: (event: RecordedEvent, row: Row | undefined, key: Row) => AnyRowChange
}

export type AnyRowChange = Row | null | undefined | readonly (Row | RowRemoval)[]

/** The rows of each table by its name, for a union of projections. Query builders that are typed by an interface of the database take it as it is. */
export type TablesOf<P extends Projection> = { [Each in P as Each['name']]: RowOf<Each['table']['columns']> }

/** Half a second behind is what a person hardly notices. */
export const stalenessTargetMsDefault = 500

/**
 * Declares a projection into a read table of the same name: `projection('account_balances', { table: { … } }).write(AccountOpened, …).on(…)`.
 *
 * `version` is 1 until the handlers make other rows of the same events; then raise it, and the table is built again beside the one that readers see.
 * A change of columns, keys or event versions does that by itself. Throws `invalid_declaration`.
 */
export function projection<const C extends Columns, const Name extends string>(
  name: Name,
  definition: {
    readonly table: C
    readonly version?: number
    /** How far the table may be behind the log: 500 ms when left out. */
    readonly staleness?: { readonly targetMs: number }
  },
): Projection<C, Name> {
  const { table: columns, staleness = { targetMs: stalenessTargetMsDefault } } = definition
  const key = keyColumns(name, columns)
  const version = declaredVersion(`Projection "${name}"`, definition.version)
  if (!isDuration(staleness.targetMs)) {
    throw new IndelibleError(
      'invalid_declaration',
      `Projection "${name}" has the staleness target ${shown(staleness.targetMs)}: give milliseconds as a number from 0 on.`,
    )
  }
  return projectionOf({ name, version, columns, key, staleness }, [], [])
}

interface Declared<C extends Columns, Name extends string> {
  readonly name: Name
  readonly version: number
  readonly columns: C
  readonly key: readonly string[]
  readonly staleness: { readonly targetMs: number }
}

function projectionOf<C extends Columns, Name extends string>(
  declared: Declared<C, Name>,
  events: readonly AnyEventType[],
  handlers: readonly DeclaredHandler[],
): Projection<C, Name> {
  const { name, version, columns, key, staleness } = declared
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
    table: {
      name,
      columns,
      key,
      fingerprint: fingerprint([
        name,
        version,
        ...shapeOf(columns),
        ...events.map((each) => `${each.type} ${each.version}`).sort(),
      ]),
      code: codeOf(events, (type) => handlers[events.findIndex((each) => each.type === type)]!.functions),
    },
    events,
    staleness,
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
  /** As they were written, the handler first. */
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
