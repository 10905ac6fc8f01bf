// Follows the events of a log that match a query, from any position on: what is old is read from the store, what is new comes from the tail that all share.
import type { Position } from '../../kernel/positions.ts'
import { checkQuery, type Query } from '../../kernel/queries.ts'
import { matchesQuery } from '../../kernel/query-match.ts'
import type { EventStore } from '../../store/port.ts'
import { feedBatchBytesMax, feedCatchUpsMax, feedPageEventsMax } from '../limits.ts'
import { feedDiverged } from '../remotes/feed-page.ts'
import { Slots } from '../slots.ts'
import { type EventEntry, EventTail, entryOf } from './event-tail.ts'
import { followWindow } from './follow-window.ts'
import { Kept } from './kept.ts'
import type { FeedBatch, FeedMessage, LiveFeed } from './message.ts'
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
    return this.#followed({ query, shown, after: after ?? head, head }, signal)
  }

  async stop(): Promise<void> {
    await this.#tail.stop()
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
    yield* followWindow({
      store: this.#store,
      window,
      view: shared.view,
      after,
      head,
      missed: (at) => this.#missed(query, shown.messages, { after: at!, to: window.through }),
      signal,
    })
  }

  async *#missed(
    query: Query,
    messagesOf: View<EventEntry>,
    range: { readonly after: Position; readonly to: Position },
  ): AsyncGenerator<Step> {
    // A place is held while the store is read, and not while the reader takes what was read.
    yield await this.#catchUps.within(() => this.#read(query, messagesOf, range))
  }

  async #read(
    query: Query,
    messagesOf: View<EventEntry>,
    { after, to }: { after: Position; to: Position },
  ): Promise<Step> {
    const messages: FeedMessage[] = []
    let size = 0
    let [count, through] = [0, to]
    for await (const { events } of this.#store.read(query, { from: after + 1, to, limit: feedPageEventsMax })) {
      for (const event of events) {
        const entry = entryOf(event)
        messages.push(...messagesOf(entry))
        size += entry.size
        through = event.position
        count++
        if (size >= feedBatchBytesMax) return { messages, through }
      }
    }
    return { messages, through: count < feedPageEventsMax ? to : through }
  }
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
