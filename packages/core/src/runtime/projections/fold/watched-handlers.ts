// Calls the functions of a projection. In development they are watched: they run twice, on frozen input and without clock and I/O, and both results are compared.
import { isDeepStrictEqual } from 'node:util'
import { IndelibleError } from '../../../kernel/errors.ts'
import type { RecordedEvent } from '../../../kernel/events.ts'
import { deepFreeze } from '../../../kernel/freeze.ts'
import type { Projection, RowHandler } from '../../../kernel/projections.ts'
import type { Row } from '../../../kernel/tables.ts'
import { frozenData } from '../../../kernel/upcasts.ts'
import { type PureCall, trusted } from '../../purity.ts'

/** The events of one type that are all watched, before only one in many is. */
const watchedFirst = 1000

export interface Watching {
  readonly call: PureCall
  /** The first thousand events of each type are watched, then one in so many. By default each is. */
  readonly watchedEvery?: number
}

/** A handler of a projection, for the events of one type. Throws `impure_projector`. */
export type WatchedHandler = RowHandler['change']

/** The handlers by the index of their event type. */
export function watchedHandlers({ name, events, handlers }: Projection, by: Watching): readonly WatchedHandler[] {
  return handlers.map(({ change }, type) => twice(`the handler of ${events[type]!.type} in "${name}"`, change, by))
}

/** Functions that return the keys of an event, by the index of its type. Nothing if each event concerns the row of its stream. */
export function watchedKeys(
  { name, events, handlers, table }: Projection,
  by: Watching,
): readonly ((event: RecordedEvent) => readonly Row[])[] | undefined {
  if (isByStream({ handlers, table })) return undefined
  return handlers.map(({ keys, row }, type) => {
    if (row === 'none') return () => []
    if (!keys) return (event) => [{ [table.key[0]!]: event.streamId }]
    const keysOf = twice(`the key of ${events[type]!.type} in "${name}"`, keys, by)
    return (event) => {
      const given = keysOf(event)
      return Array.isArray(given) ? given : [given as Row]
    }
  })
}

/** Whether each event concerns the row whose key is the id of its stream. Then rows can be folded stream by stream. */
export function isByStream({ handlers, table: { key, columns } }: Pick<Projection, 'handlers' | 'table'>): boolean {
  const [first, ...others] = key
  if (others.length > 0 || handlers.some(({ keys }) => keys)) return false
  const without = handlers.filter(({ row }) => row === 'none').length
  // Rows from `write` may have any keys. If some ids of streams cannot be keys of the table, no key is made of them without need.
  return without === 0 || (without < handlers.length && columns[first!]!.type === 'text')
}

function twice<Given extends readonly unknown[], Answer>(
  what: string,
  run: (event: RecordedEvent, ...given: Given) => Answer,
  { call, watchedEvery = 1 }: Watching,
): (event: RecordedEvent, ...given: Given) => Answer {
  if (call === trusted) return run
  let count = 0
  return (event, ...given) => {
    if (++count > watchedFirst && count % watchedEvery !== 0) return run(event, ...given)
    for (const each of given) deepFreeze(each)
    const once = () =>
      call(what, () => {
        frozenData(event)
        return run(event, ...given)
      })
    const [first, second] = [once(), once()]
    if (isDeepStrictEqual(first, second)) return first
    throw new IndelibleError(
      'impure_projector',
      `${what} returned two different results for the same input. It may use only its input.`,
    )
  }
}

export function rowMissing({ name, events }: Projection, type: number, key: Row): IndelibleError {
  return new IndelibleError(
    'row_missing',
    `${events[type]!.type} needs the row ${JSON.stringify(key)}, which "${name}" does not have. If the row may not exist yet, declare its initial values: ` +
      `.on(${events[type]!.type}, { initial: (key) => ({ … }) }, …).`,
  )
}
