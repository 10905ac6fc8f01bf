// Calls the functions of a projection. Watched, they run without clock and I/O, and of each the first events and then a sample run twice, on frozen input.
import { IndelibleError } from '../../../kernel/errors.ts'
import type { RecordedEvent } from '../../../kernel/events.ts'
import { deepFreeze } from '../../../kernel/freeze.ts'
import type { Projection, RowHandler } from '../../../kernel/projections.ts'
import type { Row } from '../../../kernel/tables.ts'
import { frozenData } from '../../../kernel/upcasts.ts'
import { type Guard, Sample } from '../../guard/index.ts'

type KeysOf = (event: RecordedEvent) => readonly Row[]

/** They run only within {@link fold}. Throws `impure_projector`. */
export class Handlers {
  /** By the index of an event type. */
  readonly changes: readonly RowHandler['change'][]
  /** The keys of an event, by the index of its type. Nothing if each event concerns the row of its stream. */
  readonly keys: readonly KeysOf[] | undefined
  readonly #guard: Guard
  /** The function that runs, for messages. */
  #what = ''

  constructor({ name, events, handlers, table }: Projection, guard: Guard) {
    this.#guard = guard
    const whose = (type: number) => `${events[type]!.type} in "${name}"`
    this.changes = handlers.map(({ change }, type) => this.#watched(`the handler of ${whose(type)}`, change))
    if (isByStream({ handlers, table })) return
    this.keys = handlers.map(({ keys, row }, type): KeysOf => {
      if (row === 'none') return () => []
      if (!keys) return (event) => [{ [table.key[0]!]: event.streamId }]
      const keysOf = this.#watched(`the key of ${whose(type)}`, keys)
      return (event) => {
        const given = keysOf(event)
        return Array.isArray(given) ? given : [given as Row]
      }
    })
  }

  /** Runs a fold of a batch. */
  fold<Value>(run: () => Value): Value {
    return this.#guard.fold(() => this.#what, run)
  }

  #watched<Given extends readonly unknown[], Answer>(
    what: string,
    run: (event: RecordedEvent, ...given: Given) => Answer,
  ): (event: RecordedEvent, ...given: Given) => Answer {
    const guard = this.#guard
    if (!guard.isWatching) return run
    const sample = new Sample()
    return (event, ...given) => {
      this.#what = what
      const isRepeated = sample.take()
      if (isRepeated) for (const each of given) deepFreeze(each)
      const once = () => {
        if (isRepeated) frozenData(event)
        return run(event, ...given)
      }
      return guard.step(once, isRepeated)
    }
  }
}

/** Whether each event concerns the row whose key is the id of its stream. Then rows can be folded stream by stream. */
export function isByStream({ handlers, table: { key, columns } }: Pick<Projection, 'handlers' | 'table'>): boolean {
  const [first, ...others] = key
  if (others.length > 0 || handlers.some(({ keys }) => keys)) return false
  const without = handlers.filter(({ row }) => row === 'none').length
  // Rows from `write` may have any keys. If some ids of streams cannot be keys of the table, no key is made of them without need.
  return without === 0 || (without < handlers.length && columns[first!]!.type === 'text')
}

export function rowMissing({ name, events }: Projection, type: number, key: Row): IndelibleError {
  return new IndelibleError(
    'row_missing',
    `${events[type]!.type} needs the row ${JSON.stringify(key)}, which "${name}" does not have. If the row may not exist yet, declare its initial values: ` +
      `.on(${events[type]!.type}, { initial: (key) => ({ … }) }, …).`,
  )
}
