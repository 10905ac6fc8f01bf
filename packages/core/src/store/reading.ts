// Reading and following, the same for every store: find positions, fetch their events, wait at the end for more.
import { IndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import { batchEventsMax } from '../kernel/limits.ts'
import { type Position, position } from '../kernel/positions.ts'
import type { Stretch } from '../kernel/postings.ts'
import { checkQuery, type Query } from '../kernel/queries.ts'
import type { EventBatch, ReadOptions, SubscribeOptions } from './port.ts'

/** What reading needs from a store. */
export interface Readable {
  /** The positions of a stretch that match. */
  readonly find: (query: Query, stretch: Stretch) => readonly Position[] | Promise<readonly Position[]>
  /** The last position that readers may see. */
  readonly visible: () => Position
  /** The events at these positions, in this order. */
  readonly fetch: (positions: readonly Position[]) => Promise<readonly RecordedEvent[]>
  /**
   * All events from a position up to another, both inclusive, in batches of at most `batchEventsMax`, without reserved events unless `reserved`: for a
   * store that can do this faster than by `fetch`. A batch may be empty.
   */
  readonly scan?: (stretch: Omit<Stretch, 'limit'>) => AsyncIterable<EventBatch>
  /** Resolves once `visible()` is above a position, or the signal aborts. Throws `store_closed`. */
  readonly waitBeyond: (above: Position, signal: AbortSignal) => Promise<void>
}

/** Implements `EventStore.read`. */
export async function* readBatches(
  source: Readable,
  query: Query,
  options: ReadOptions = {},
): AsyncGenerator<EventBatch> {
  const { direction = 'forwards', limit = Number.POSITIVE_INFINITY, reserved } = options
  checkQuery(query)
  if (limit < 0 || Number.isNaN(limit)) throw new IndelibleError('invalid_position', 'A limit is a number from 0 on.')
  const low = Math.max(1, position(options.from ?? 1))
  const high = Math.min(source.visible(), position(options.to ?? Number.MAX_SAFE_INTEGER))
  const forwards = direction === 'forwards'
  if (query === 'all' && forwards && source.scan && limit > batchEventsMax) {
    yield* firstOf(source.scan({ from: low, to: high, reserved }), limit)
    return
  }
  let next = forwards ? low : high
  let remaining = limit

  while (remaining > 0 && low <= high && (forwards ? next <= high : next >= low)) {
    const end = forwards ? high : low
    const count = Math.min(remaining, batchEventsMax)
    const positions = await source.find(query, { from: next, to: end, limit: count, reserved })
    const exhausted = positions.length < count
    const through = exhausted ? end : positions.at(-1)!
    if (positions.length > 0) yield { events: await source.fetch(positions), through }
    if (exhausted) return
    remaining -= positions.length
    next = forwards ? through + 1 : through - 1
  }
}

/** The first `limit` events of some batches, without empty batches. */
async function* firstOf(batches: AsyncIterable<EventBatch>, limit: number): AsyncGenerator<EventBatch> {
  let remaining = limit
  for await (const batch of batches) {
    const { length } = batch.events
    if (length >= remaining) {
      const events = batch.events.slice(0, remaining)
      yield { events, through: events.at(-1)!.position }
      return
    }
    remaining -= length
    if (length > 0) yield batch
  }
}

/** Implements `EventStore.subscribe`. Never waits while there is a backlog. */
export async function* follow(
  source: Readable,
  query: Query,
  { after, signal, reserved }: SubscribeOptions,
): AsyncGenerator<EventBatch> {
  checkQuery(query)
  let done = position(after)
  while (!signal.aborted) {
    const visible = source.visible()
    if (visible <= done) {
      await source.waitBeyond(done, signal)
      continue
    }
    if (query === 'all' && source.scan && visible - done > batchEventsMax) {
      for await (const batch of source.scan({ from: done + 1, to: visible, reserved })) {
        if (signal.aborted) return
        done = batch.through
        yield batch
      }
      continue
    }
    const positions = await source.find(query, { from: done + 1, to: visible, limit: batchEventsMax, reserved })
    done = positions.length < batchEventsMax ? visible : positions.at(-1)!
    yield { events: await source.fetch(positions), through: done }
  }
}
