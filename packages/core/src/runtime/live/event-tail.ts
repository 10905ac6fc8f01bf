// Reads the end of the log for all live feeds together.
import { isIndelibleError } from '../../kernel/errors.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import { batchEventsMax } from '../../kernel/limits.ts'
import type { EventStore } from '../../store/port.ts'
import { feedBatchBytesMax, feedEveryMs, feedEveryMsMax, feedEveryReaderMs, feedWindowBytesMax } from '../limits.ts'
import { pause } from '../waiting.ts'
import type { Tail } from './kept.ts'
import type { FeedMessage } from './message.ts'
import { type Entry, Window } from './window.ts'

/** An event with the one message that all readers get for it. */
export interface EventEntry extends Entry {
  readonly event: RecordedEvent
  readonly messages: readonly [FeedMessage]
}

export class EventTail implements Tail {
  readonly window: Window<EventEntry>
  readonly #stop = new AbortController()
  hasEnded = false

  /** Begins at the end of the log. */
  static async start(store: EventStore): Promise<EventTail> {
    const { position } = await store.head()
    return new EventTail(store, position)
  }

  private constructor(store: EventStore, since: number) {
    this.window = new Window(since, { sizeMax: feedWindowBytesMax, stepSizeMax: feedBatchBytesMax })
    void this.#run(store, since)
  }

  stop(): void {
    this.#stop.abort()
  }

  async #run(store: EventStore, after: number): Promise<void> {
    const { signal } = this.#stop
    try {
      for await (const { events, through } of store.subscribe('all', { after, signal, reserved: true })) {
        const readers = this.window.waiting
        this.window.push(events.map(entryOf), through)
        // Under load readers get some events at a time, which costs much less than each alone.
        const pauseMs = Math.min(feedEveryMsMax, feedEveryMs + feedEveryReaderMs * readers)
        if (events.length < batchEventsMax) await pause(pauseMs, signal)
      }
      this.window.end()
    } catch (error) {
      this.window.end(isIndelibleError(error, 'store_closed') ? {} : { error })
    }
    this.hasEnded = true
  }
}

export function entryOf(event: RecordedEvent): EventEntry {
  const { position, dataBytes, metadataBytes } = event
  const size = dataBytes.length + metadataBytes.length + envelopeBytes
  return { position, size, event, messages: [{ kind: 'event', position, data: event }] }
}

/** About what the other fields of an event take. */
const envelopeBytes = 300
