// The log as domain code sees it: every event in the newest form of its declared type. The only place where recorded events become domain events.
// Batches are awaited one by one, so that work on a whole batch (decryption) has its place here; events are then handed out without waiting.
import type { AnyEventType } from '../kernel/event-types.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import type { Query } from '../kernel/queries.ts'
import { inNewestForm } from '../kernel/upcasts.ts'
import type { EventBatch, EventStore, ReadOptions, ReplayBatch, ReplayOptions, StreamRuns } from './port.ts'
import { copyOf, replayBatch } from './replaying.ts'

/** Events of declared types. `event` throws `event_version_unknown` for one whose version its type does not know. */
export interface DomainBatch extends Omit<ReplayBatch, 'schemaVersion' | 'byStream'> {
  /** The event at an index as it was recorded, for messages. */
  recorded(index: number): RecordedEvent
  readonly byStream?: DomainRuns
}

export interface DomainRuns extends StreamRuns {
  recorded(index: number): RecordedEvent
}

export interface FollowOptions {
  /** Events after this position, which may be 0. */
  readonly after: Position
  readonly signal: AbortSignal
  /** Whether `event` gives a new object each time, for code that may change what it was given and is given it again. */
  readonly copies?: boolean
}

export class DomainLog {
  readonly #store: EventStore

  constructor(store: EventStore) {
    this.#store = store
  }

  /** As `EventStore.read`. Events of other types come as they are. Throws `event_version_unknown`. */
  async *read(types: readonly AnyEventType[], query: Query, options?: ReadOptions): AsyncGenerator<EventBatch> {
    const byType = new Map(types.map((each) => [each.type, each]))
    for await (const { events, through } of this.#store.read(query, options)) {
      yield { events: events.map((event) => newest(byType.get(event.type), event)), through }
    }
  }

  /** The same in the form of a replay: `event` throws at the event whose version is not known. The query must be for these types alone. */
  async *batches(
    types: readonly AnyEventType[],
    query: Query,
    { copies = false, ...options }: ReadOptions & Pick<FollowOptions, 'copies'> = {},
  ): AsyncGenerator<DomainBatch> {
    const asked = numbered(types)
    for await (const { events, through } of this.#store.read(query, options)) {
      yield domainBatch(types, replayBatch(events, { asked, through, again: copies ? copyOf : itself }))
    }
  }

  /** As `EventStore.replay`: all events of some types after a position, as fast as the store can. */
  async *replay(types: readonly AnyEventType[], options: ReplayOptions): AsyncGenerator<DomainBatch> {
    for await (const batch of this.#store.replay(typeNames(types), options)) yield domainBatch(types, batch)
  }

  /** All events of some types after a position, then those that are appended, until the signal aborts. */
  async *follow(
    types: readonly AnyEventType[],
    { after, signal, copies = false }: FollowOptions,
  ): AsyncGenerator<DomainBatch> {
    const asked = numbered(types)
    for await (const { events, through } of this.#store.subscribe([{ types: typeNames(types) }], { after, signal })) {
      yield domainBatch(types, replayBatch(events, { asked, through, again: copies ? copyOf : itself }))
    }
  }
}

function newest(type: AnyEventType | undefined, event: RecordedEvent): RecordedEvent {
  return type ? inNewestForm(type, event) : event
}

function typeNames(types: readonly AnyEventType[]): readonly string[] {
  return types.map(({ type }) => type)
}

function numbered(types: readonly AnyEventType[]): ReadonlyMap<string, number> {
  return new Map(types.map(({ type }, index) => [type, index]))
}

function itself(event: RecordedEvent): RecordedEvent {
  return event
}

function domainBatch(types: readonly AnyEventType[], batch: ReplayBatch): DomainBatch {
  const { length, streamCount, through, schemaVersion, byStream } = batch
  const recorded = (index: number) => batch.event(index)
  // To look at each event costs a fold of columns a tenth of its time.
  const isNewest = schemaVersion !== undefined && types.every(({ version }) => version === schemaVersion)
  return {
    length,
    // Both put the events into the order of the log when they are first asked for. A fold by stream never asks.
    get types() {
      return batch.types
    },
    get streams() {
      return batch.streams
    },
    streamCount,
    streamId: (stream) => batch.streamId(stream),
    event: isNewest ? recorded : (index) => inNewestForm(types[batch.types[index]!]!, batch.event(index)),
    recorded,
    through,
    ...(byStream ? { byStream: domainRuns(types, byStream, isNewest) } : {}),
  }
}

function domainRuns(types: readonly AnyEventType[], runs: StreamRuns, isNewest: boolean): DomainRuns {
  const recorded = (index: number) => runs.event(index)
  const { keys, starts, types: numbers } = runs
  const event = isNewest ? recorded : (index: number) => inNewestForm(types[numbers[index]!]!, runs.event(index))
  return { keys, starts, types: numbers, event, recorded }
}
