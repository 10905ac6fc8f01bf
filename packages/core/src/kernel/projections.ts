// Projections turn events into rows of a read table. A handler gets an event and a row and returns data; the runtime does all I/O (the second law).
import { IndelibleError } from './errors.ts'
import type { AnyEventType, DataOf } from './event-types.ts'
import type { RecordedEvent } from './events.ts'
import { fingerprint } from './fingerprint.ts'
import { type Columns, keyColumns, type Row, type RowOf, type TableDefinition } from './tables.ts'

/** The row to write (under its own key), `null` to take the row away, `undefined` to leave everything as it is. */
export type RowChange<C extends Columns> = RowOf<C> | null | undefined

/**
 * Turns one event into a change. A handler that takes a row needs one: without it the projection parks (`row_missing`).
 * Where there may be none yet, give the parameter a default: `(event, row = { id: event.streamId, total: 0 }) => …`.
 */
export type RowHandler<C extends Columns, Type extends string, Data> = (
  event: RecordedEvent<Type, Data>,
  row: RowOf<C>,
) => RowChange<C>

/** A declared projection; `C` are the columns of its read table. */
export interface Projection<C extends Columns = Columns> {
  readonly name: string
  readonly table: TableDefinition<C>
  readonly eventTypes: readonly string[]
  readonly staleness: { readonly targetMs: number }
  /** The key of the row that the handler of this event is given. */
  readonly keyOf: (event: RecordedEvent) => Row
  readonly handlers: Readonly<Record<string, (event: RecordedEvent, row: Row | undefined) => Row | null | undefined>>
}

/** Half a second behind is what a person hardly notices. */
export const stalenessTargetMsDefault = 500

/**
 * Declares a projection into a read table of the same name, with a handler for every event it lists.
 *
 * `key` says which row a handler is given: by default the one whose key column equals the event's stream id.
 * Raise `revision` when a helper function that a handler calls has changed. Throws `invalid_declaration`.
 */
export function projection<const C extends Columns, const Event extends AnyEventType>(
  name: string,
  definition: {
    table: C
    events: readonly Event[]
    on: { [Type in Event['type']]: RowHandler<C, Type, DataOf<Extract<Event, { type: Type }>>> }
    key?: (event: RecordedEvent) => Partial<RowOf<C>>
    staleness?: { targetMs: number }
    revision?: number
  },
): Projection<C> {
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
        ...events.map(({ type }) => `${type} ${handlers[type]}`),
      ]),
    },
    eventTypes: events.map(({ type }) => type),
    staleness,
    keyOf: (definition.key as Projection['keyOf'] | undefined) ?? ((event) => ({ [key[0]!]: event.streamId })),
    handlers,
  }
}
