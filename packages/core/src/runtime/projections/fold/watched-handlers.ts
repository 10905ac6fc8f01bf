// Calls the functions of a projection, in development with an eye on them: on frozen input, without clock and I/O, twice, and the answers compared.
import { isDeepStrictEqual } from 'node:util'
import { IndelibleError } from '../../../kernel/errors.ts'
import type { RecordedEvent } from '../../../kernel/events.ts'
import { deepFreeze } from '../../../kernel/freeze.ts'
import type { Projection, RowHandler } from '../../../kernel/projections.ts'
import type { Row } from '../../../kernel/tables.ts'
import { frozenData } from '../../../kernel/upcasts.ts'
import { type PureCall, trusted } from '../../purity.ts'

/** Events of one type that are watched before it becomes one in many. */
const watchedFirst = 1000

export interface Watching {
  readonly call: PureCall
  /** Of each type the first thousand events are watched and then one in so many; each when left out. */
  readonly watchedEvery?: number
}

/** A handler of a projection, for the events of one type. Throws `impure_projector`. */
export type WatchedHandler = RowHandler['change']

/** By the index of their type. */
export function watchedHandlers({ name, events, handlers }: Projection, by: Watching): readonly WatchedHandler[] {
  return handlers.map(({ change }, type) => twice(`the handler of ${events[type]!.type} in "${name}"`, change, by))
}

/** What gives the keys of an event, by the index of its type; nothing where every event concerns the row of its stream. */
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

/** Whether every event concerns the row whose key is the id of its stream: then rows can be folded stream by stream. */
export function isByStream({ handlers, table: { key, columns } }: Pick<Projection, 'handlers' | 'table'>): boolean {
  const [first, ...others] = key
  if (others.length > 0 || handlers.some(({ keys }) => keys)) return false
  const without = handlers.filter(({ row }) => row === 'none').length
  // Rows that are written without a look may have any keys. Where not every id of a stream can be a key, none is made of it without need.
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
      `${what} gave two answers to the same input. It may depend only on what it is given.`,
    )
  }
}

export function rowMissing({ name, events }: Projection, type: number, key: Row): IndelibleError {
  return new IndelibleError(
    'row_missing',
    `${events[type]!.type} concerns the row ${JSON.stringify(key)}, which "${name}" does not have. Where there may be none yet, say what it begins with: ` +
      `.on(${events[type]!.type}, { initial: (key) => ({ … }) }, …).`,
  )
}
