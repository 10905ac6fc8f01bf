// Calls the handlers of a projection, in development with an eye on them: on frozen input, without clock and I/O, twice, and the answers compared.
import { isDeepStrictEqual } from 'node:util'
import { IndelibleError } from '../../kernel/errors.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import { deepFreeze } from '../../kernel/freeze.ts'
import type { AnyRowHandler, Projection } from '../../kernel/projections.ts'
import type { Row } from '../../kernel/tables.ts'
import { type PureCall, trusted } from '../purity.ts'

/** Events of one type that are watched before it becomes one in many. */
const watchedFirst = 1000

/**
 * The handlers of a projection by the index of their event type. Of each type the first thousand events are watched and then one in so many.
 * They throw `impure_projector`.
 */
export function watchedHandlers(
  { name, eventTypes, handlers }: Projection,
  call: PureCall,
  watchedEvery: number,
): readonly AnyRowHandler[] {
  if (call === trusted) return eventTypes.map((type) => handlers[type]!)
  return eventTypes.map((type) => {
    const handler = handlers[type]!
    const what = `the handler of ${type} in "${name}"`
    let count = 0
    return (event: RecordedEvent, row: Row | undefined, key: Row) => {
      if (++count > watchedFirst && count % watchedEvery !== 0) return handler(event, row, key)
      deepFreeze(event.data)
      deepFreeze(row)
      deepFreeze(key)
      const next = call(what, () => handler(event, row, key))
      if (
        isDeepStrictEqual(
          next,
          call(what, () => handler(event, row, key)),
        )
      )
        return next
      throw new IndelibleError(
        'impure_projector',
        `${what} gave two answers to the same event and row. It may depend only on what it is given.`,
      )
    }
  })
}

/** Of each handler, whether it takes a row and has no default for it. */
export function needsRow({ eventTypes, handlers }: Projection): readonly boolean[] {
  return eventTypes.map((type) => handlers[type]!.length > 1)
}

export function rowMissing({ name, eventTypes }: Projection, type: number, key: Row): IndelibleError {
  const where = `${eventTypes[type]} concerns the row ${JSON.stringify(key)}`
  return new IndelibleError('row_missing', `${where}, which "${name}" does not have.`)
}
