// The log as domain code sees it: every event in the newest form of its declared type. The only place where recorded events become domain events.
// Batches are awaited one by one, so that work on a whole batch (decryption) has its place here; events are then handed out without waiting.
import type { AnyEventType } from '../kernel/event-types.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import type { Query } from '../kernel/queries.ts'
import type { StreamName } from '../kernel/streams.ts'
import { RecordedTypes } from '../kernel/upcasts.ts'
import type { ReadCheck } from './batch-view.ts'
import { type DomainBatch, domainBatch } from './domain-batch.ts'
import type { EventBatch, EventStore, ReadOptions, ReplayOptions } from './port.ts'
import { copyOf, replayBatch } from './replaying.ts'

export interface FollowOptions {
  /** Events after this position, which may be 0. */
  readonly after: Position
  readonly signal: AbortSignal
  /** Whether `event` gives a new object each time, for code that may change what it was given and is given it again. */
  readonly copies?: boolean
}

export class DomainLog {
  readonly #store: EventStore
  readonly #check: ReadCheck | undefined

  /** `check` is called with each event that is handed out, as it was recorded, and with the type as which it is seen. */
  constructor(store: EventStore, check?: ReadCheck) {
    this.#store = store
    this.#check = check
  }

  /** As `EventStore.read`. Events of other types come as they are. Throws `event_version_unknown`. */
  async *read(types: readonly AnyEventType[], query: Query, options?: ReadOptions): AsyncGenerator<EventBatch> {
    const asked = RecordedTypes.of(types)
    for await (const { events, through } of this.#store.read(query, options)) {
      if (this.#check)
        for (const event of events) for (const { type } of asked.sightsOf(event.type)) this.#check(type, event)
      yield { events: asked.newest(events), through }
    }
  }

  /** The events of these types in some streams, in the form of a replay: `event` throws at the event whose version is not known. */
  async *inStreams(
    streams: readonly StreamName[],
    types: readonly AnyEventType[],
    { copies = false, ...options }: ReadOptions & Pick<FollowOptions, 'copies'> = {},
  ): AsyncGenerator<DomainBatch> {
    const asked = RecordedTypes.of(types)
    const query = [{ streams, types: asked.names }]
    for await (const batch of this.#store.read(query, options)) yield this.#batch(asked, batch, copies)
  }

  /** As `EventStore.replay`: all events of some types after a position, as fast as the store can. */
  async *replay(types: readonly AnyEventType[], options: ReplayOptions): AsyncGenerator<DomainBatch> {
    const asked = RecordedTypes.of(types)
    for await (const batch of this.#store.replay(asked.names, options)) yield domainBatch(asked, batch, this.#check)
  }

  /** All events of some types after a position, then those that are appended, until the signal aborts. */
  async *follow(
    types: readonly AnyEventType[],
    { after, signal, copies = false }: FollowOptions,
  ): AsyncGenerator<DomainBatch> {
    const asked = RecordedTypes.of(types)
    const query = [{ types: asked.names }]
    for await (const batch of this.#store.subscribe(query, { after, signal })) yield this.#batch(asked, batch, copies)
  }

  /** Events that were read elsewhere, in the form of a replay. */
  batchOf(types: readonly AnyEventType[], batch: EventBatch): DomainBatch {
    return this.#batch(RecordedTypes.of(types), batch, false)
  }

  #batch(asked: RecordedTypes, { events, through }: EventBatch, copies: boolean): DomainBatch {
    const numbers = new Map(asked.names.map((name, index) => [name, index]))
    const batch = replayBatch(events, { asked: numbers, through, again: copies ? copyOf : itself })
    return domainBatch(asked, batch, this.#check)
  }
}

function itself(event: RecordedEvent): RecordedEvent {
  return event
}
