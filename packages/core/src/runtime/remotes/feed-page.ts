// The event feed of a log: the events of some types after a position, page by page. At the end of the log a reader waits for the next.
import { IndelibleError } from '../../kernel/errors.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import { timer } from '../../kernel/timers.ts'
import { checkpointOf, historyUpTo } from '../../store/history.ts'
import type { Checkpoint, EventStore } from '../../store/port.ts'

export interface FeedAsked {
  /** The types of the events. */
  readonly types: readonly string[]
  /** Events after this position. The end of the log when left out: then the page has no events, and says where that is. */
  readonly after?: Position | undefined
  /** What the page that ended there had under `history`: the feed goes on only in the same history. */
  readonly history?: string | undefined
  readonly limit: number
  readonly bytesMax: number
  /** How long to wait for an event where there is none yet. */
  readonly waitMs: number
}

/** Some events of the feed, as they were recorded, and where the next page begins. */
export interface FeedPage extends Checkpoint {
  readonly events: readonly RecordedEvent[]
  /** The end of the log. */
  readonly head: Position
}

/** The abort of the signal ends the wait, with a page without events. Throws `feed_diverged`. */
export async function readFeed(store: EventStore, asked: FeedAsked, signal?: AbortSignal): Promise<FeedPage> {
  const { types, after, history, waitMs } = asked
  if (after === undefined) {
    const end = await checkpointOf(store)
    return { events: [], ...end, head: end.position }
  }
  const there = await store.historyAt(after)
  if (there === undefined || (history !== undefined && history !== there)) throw feedDiverged(after)
  const { position: head } = await store.head()
  const page = new Page(asked, after)
  if (after < head) {
    for await (const { events } of store.read([{ types }], { from: after + 1, to: head, limit: asked.limit + 1 })) {
      if (!page.take(events)) break
    }
    if (!page.isFull) page.through = head
  }
  if (page.events.length === 0 && waitMs > 0) await whenThere(store, page, { types, waitMs, signal })
  const { events, through: position } = page
  return { events, position, history: await historyUpTo(store, position), head: Math.max(head, position) }
}

class Page {
  readonly events: RecordedEvent[] = []
  through: Position
  isFull = false
  readonly #asked: FeedAsked
  #bytes = 0

  constructor(asked: FeedAsked, after: Position) {
    this.#asked = asked
    this.through = after
  }

  /** False where the page is full. */
  take(events: readonly RecordedEvent[]): boolean {
    const { limit, bytesMax } = this.#asked
    for (const event of events) {
      if (this.events.length === limit || this.#bytes > bytesMax) {
        this.isFull = true
        return false
      }
      this.#bytes += event.dataBytes.length + event.metadataBytes.length
      this.events.push(event)
      this.through = event.position
    }
    return true
  }
}

async function whenThere(
  store: EventStore,
  page: Page,
  { types, waitMs, signal }: Pick<FeedAsked, 'types' | 'waitMs'> & { readonly signal: AbortSignal | undefined },
): Promise<void> {
  const late = new AbortController()
  const limit = timer(waitMs, () => late.abort())
  const stop = signal ? AbortSignal.any([late.signal, signal]) : late.signal
  try {
    for await (const { events, through } of store.subscribe([{ types }], { after: page.through, signal: stop })) {
      if (page.take(events)) page.through = through
      if (page.events.length > 0) return
    }
  } finally {
    limit.cancel()
  }
}

export function feedDiverged(after: Position): IndelibleError {
  return new IndelibleError(
    'feed_diverged',
    `Position ${after} belongs to another history than this log has: the log was restored from an older copy, or it is another log. ` +
      'Begin again at a position that is still the same, or from the start.',
    { details: { after } },
  )
}
