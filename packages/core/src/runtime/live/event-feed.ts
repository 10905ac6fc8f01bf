// Follows the events of a log that match a query, from any position on: what is old is read from the store, what is new comes from the tail that all share.
import type { Position } from '../../kernel/positions.ts'
import { checkQuery, type Query } from '../../kernel/queries.ts'
import { matchesQuery } from '../../kernel/query-match.ts'
import type { EventStore } from '../../store/port.ts'
import { feedCatchUpsMax, feedPageBytesMax, feedPageEventsMax } from '../limits.ts'
import { feedDiverged } from '../remotes/feed-page.ts'
import { Slots } from '../slots.ts'
import { type EventEntry, EventTail, entryOf } from './event-tail.ts'
import { followWindow } from './follow-window.ts'
import { Kept } from './kept.ts'
import { type FeedBatch, type FeedMessage, type LiveFeed, untilClosed } from './message.ts'
import { Views } from './views.ts'
import type { Step, View } from './window.ts'

export interface EventsAsked {
  readonly query: Query
  /** Events after this position; those that are recorded from now on when left out. */
  readonly after: Position | undefined
  /** What the feed said of the history up to that position. */
  readonly history?: string | undefined
  /** What readers get for an event that matches, and a name for it: one name always means the same. By default the event itself. */
  readonly shown?: { readonly name: string; readonly messages: View<EventEntry> }
}

export class EventFeed {
  readonly #store: EventStore
  readonly #tail: Kept<EventTail>
  readonly #views = new Views<EventEntry>()
  readonly #catchUps = new Slots(feedCatchUpsMax)

  constructor(store: EventStore) {
    this.#store = store
    this.#tail = new Kept(() => EventTail.start(store))
  }

  /** Throws `feed_diverged`, `invalid_query`, `invalid_stream_name`. */
  async follow({ query, after, history, shown = asItIs }: EventsAsked, signal: AbortSignal): Promise<LiveFeed> {
    checkQuery(query)
    const { position: head } = await this.#store.head()
    await checkHistory(this.#store, after ?? head, history)
    return untilClosed(this.#followed({ query, shown, after: after ?? head, head }, signal))
  }

  async close(): Promise<void> {
    await this.#tail.close()
  }

  async *#followed(
    {
      query,
      shown,
      after,
      head,
    }: Required<Omit<EventsAsked, 'history' | 'after'>> & { after: Position; head: Position },
    signal: AbortSignal,
  ): AsyncGenerator<FeedBatch> {
    using used = await this.#tail.use()
    const { window } = used.tail
    using shared = this.#views.use(JSON.stringify([shown.name, query]), () => (entry) => {
      return matchesQuery(query, entry.event) ? shown.messages(entry) : []
    })
    const catchUps = this.#catchUps
    const read = (page: Page) => this.#read(query, shown.messages, page)
    let limit = 1
    async function* missed(at: Position | undefined): AsyncGenerator<Step> {
      const page = { after: at!, to: window.through, limit }
      // A place is held while the store is read, and not while the reader takes what was read.
      yield await catchUps.within(() => read(page))
      limit = page.limit
    }
    yield* followWindow({
      store: this.#store,
      window,
      view: shared.view,
      after,
      head,
      missed,
      signal,
    })
  }

  async #read(query: Query, messagesOf: View<EventEntry>, page: Page): Promise<Step> {
    const { after, to, limit } = page
    const messages: FeedMessage[] = []
    let [size, count, through] = [0, 0, to]
    for await (const { events } of this.#store.read(query, { from: after + 1, to, limit })) {
      for (const event of events) {
        const entry = entryOf(event)
        messages.push(...messagesOf(entry))
        size += entry.size
        through = event.position
        count++
      }
    }
    // As many as fit into a page, if they are as large as these.
    page.limit = Math.max(1, Math.min(feedPageEventsMax, Math.floor((count * feedPageBytesMax) / Math.max(1, size))))
    return { messages, through: count < limit ? to : through }
  }
}

/** What is read next, and how many events at most. */
interface Page {
  readonly after: Position
  readonly to: Position
  limit: number
}

const asItIs: NonNullable<EventsAsked['shown']> = { name: 'event', messages: ({ messages }) => messages }

/** Throws `feed_diverged` if the log does not have the position, or another history up to it. */
export async function checkHistory(
  store: Pick<EventStore, 'historyAt'>,
  position: Position,
  history: string | undefined,
): Promise<void> {
  const there = await store.historyAt(position)
  if (there === undefined || (history !== undefined && history !== there)) throw feedDiverged(position)
}
