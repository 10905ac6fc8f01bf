// Projections turn events into rows of a read table. A handler gets an event and a row and returns data; the runtime does all I/O (the second law).
import { IndelibleError } from './errors.ts'
import type { AnyEventType, DataOf } from './event-types.ts'
import type { RecordedEvent } from './events.ts'
import { fingerprint } from './fingerprint.ts'
import { shown } from './shown.ts'
import { type Columns, keyColumns, type Row, type RowOf, type TableDefinition } from './tables.ts'
import { isDuration } from './timers.ts'

/**
 * What a handler makes of a row: the row to write, `null` to take it away, `undefined` to leave it as it is. Several rows at once are a list of
 * rows, each written under its own key, and of {@link removal removals}.
 */
export type RowChange<C extends Columns> =
  | RowOf<C>
  | null
  | undefined
  | readonly (RowOf<C> | RowRemoval<Partial<RowOf<C>>>)[]

/** A row to take away, as data. */
export class RowRemoval<Key extends Row = Row> {
  readonly key: Key

  constructor(key: Key) {
    this.key = key
  }
}

/** For the list that a handler may return: takes away the row with this key, if it is there. */
export function removal<const Key extends Row>(key: Key): RowRemoval<Key> {
  return new RowRemoval(key)
}

/**
 * Turns one event and one row that it concerns into a change. It is called once for each key that the event has, with the rows as they were before
 * the event.
 *
 * A handler that takes a row needs one: without it the projection parks (`row_missing`).
 * Where there may be none yet, give the parameter a default: `(event, row = { id: event.streamId, total: 0 }) => …`.
 */
export type RowHandler<C extends Columns, Type extends string, Data> = (
  event: RecordedEvent<Type, Data>,
  row: RowOf<C>,
  key: Partial<RowOf<C>>,
) => RowChange<C>

/** A declared projection; `C` are the columns of its read table, which has its name. */
export interface Projection<C extends Columns = Columns, Name extends string = string> {
  readonly name: Name
  /** Its fingerprint is the version of the projection: it changes with columns and code. */
  readonly table: TableDefinition<C>
  readonly eventTypes: readonly string[]
  /** The schema versions that it lists of each of these. An event of another parks it. */
  readonly schemaVersions: readonly (readonly number[])[]
  readonly staleness: { readonly targetMs: number }
  /** The key of the row that an event concerns, or those of several. Without it that is one row, the one whose key column is the id of the stream. */
  readonly keysOf: ((event: RecordedEvent) => Row | readonly Row[]) | undefined
  readonly handlers: Readonly<Record<string, AnyRowHandler>>
}

/** The rows of each table by its name, for a union of projections. Query builders that are typed by an interface of the database take it as it is. */
export type TablesOf<P extends Projection> = { [Each in P as Each['name']]: RowOf<Each['table']['columns']> }

/** A handler as the runtime sees it. */
export type AnyRowHandler = (
  event: RecordedEvent,
  row: Row | undefined,
  key: Row,
) => Row | null | undefined | readonly (Row | RowRemoval)[]

/** Half a second behind is what a person hardly notices. */
export const stalenessTargetMsDefault = 500

/**
 * Declares a projection into a read table of the same name, with a handler for every event it lists.
 *
 * `key` says which row a handler is given: by default the one whose key column equals the event's stream id. It may name several, as a list.
 * Raise `revision` when a helper function that a handler calls has changed. Throws `invalid_declaration`.
 *
 * `events` lists each version of an event that the log may have; at an event of another the projection parks (`event_version_unknown`).
 */
export function projection<const C extends Columns, const Event extends AnyEventType, const Name extends string>(
  name: Name,
  definition: {
    table: C
    events: readonly Event[]
    on: { [Type in Event['type']]: RowHandler<C, Type, DataOf<Extract<Event, { type: Type }>>> }
    key?: (event: RecordedEvent) => Partial<RowOf<C>> | readonly Partial<RowOf<C>>[]
    staleness?: { targetMs: number }
    revision?: number
  },
): Projection<C, Name> {
  const { table: columns, events, on, staleness = { targetMs: stalenessTargetMsDefault }, revision = 1 } = definition
  const key = keyColumns(name, columns)
  if (!definition.key && key.length > 1) {
    throw new IndelibleError(
      'invalid_declaration',
      `Projection "${name}" has ${key.length} key columns: say with "key" which row an event concerns.`,
    )
  }
  const shape = Object.entries(columns).map(([column, { type, isKey, isNullable, isIndexed }]) =>
    JSON.stringify([column, type, isKey, isNullable, isIndexed]),
  )
  const handlers = on as unknown as Projection['handlers']
  if (!isDuration(staleness.targetMs)) {
    throw new IndelibleError(
      'invalid_declaration',
      `Projection "${name}" has the staleness target ${shown(staleness.targetMs)}: give milliseconds as a number from 0 on.`,
    )
  }
  const types = [...new Set(events.map(({ type }) => type))]
  for (const type of types) assertHandler(name, type, handlers[type])
  return {
    name,
    table: {
      name,
      columns,
      key,
      fingerprint: fingerprint([
        name,
        revision,
        ...shape,
        definition.key ?? '',
        ...events.map(({ type, schemaVersion }) => `${type} ${schemaVersion} ${handlers[type]}`),
      ]),
    },
    eventTypes: types,
    schemaVersions: types.map((type) => events.filter((each) => each.type === type).map((each) => each.schemaVersion)),
    staleness,
    keysOf: definition.key as Projection['keysOf'],
    handlers,
  }
}

/** The compiler knows this too; not everybody has one. */
function assertHandler(name: string, type: string, handler: unknown): void {
  if (typeof handler === 'function') return
  const problem = handler === undefined ? 'no handler for it' : `${shown(handler)} in place of a handler`
  throw new IndelibleError(
    'invalid_declaration',
    `Projection "${name}" lists ${type} and has ${problem}: give it a function "${type}" under "on", or take ${type} out of "events".`,
  )
}
