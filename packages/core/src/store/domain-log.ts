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

/** The events of a batch for which something is true, in the order of the log. */
export function onlyEvents(batch: DomainBatch, isIn: (event: RecordedEvent) => boolean): DomainBatch {
  const kept = Array.from({ length: batch.length }, (_, index) => index).filter((index) => isIn(batch.recorded(index)))
  const { streamCount, through } = batch
  return {
    length: kept.length,
    types: Uint16Array.from(kept, (index) => batch.types[index]!),
    streams: Uint32Array.from(kept, (index) => batch.streams[index]!),
    streamCount,
    streamId: (stream) => batch.streamId(stream),
    event: (index) => batch.event(kept[index]!),
    recorded: (index) => batch.recorded(kept[index]!),
    through,
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
  const { schemaVersion } = batch
  // To look at each event costs a fold of columns a tenth of its time.
  const isNewest = schemaVersion !== undefined && types.every(({ version }) => version === schemaVersion)
  const { byStream: runs } = batch
  if (isNewest) return new NewestBatch(batch, runs && new NewestRuns(runs))
  return new UpcastBatch(types, batch, runs && new UpcastRuns(types, runs))
}

/** Events that are all in the newest form. Methods of a class, because a closure of each batch would not be inlined in the loops of folds. */
class NewestBatch implements DomainBatch {
  readonly length: number
  readonly streamCount: number
  readonly through: Position
  readonly byStream?: DomainRuns
  protected readonly batch: ReplayBatch

  constructor(batch: ReplayBatch, byStream: DomainRuns | undefined) {
    this.batch = batch
    this.length = batch.length
    this.streamCount = batch.streamCount
    this.through = batch.through
    if (byStream) this.byStream = byStream
  }

  // Both put the events into the order of the log when they are first asked for. A fold by stream never asks.
  get types() {
    return this.batch.types
  }

  get streams() {
    return this.batch.streams
  }

  streamId(stream: number): string {
    return this.batch.streamId(stream)
  }

  event(index: number): RecordedEvent {
    return this.batch.event(index)
  }

  recorded(index: number): RecordedEvent {
    return this.batch.event(index)
  }
}

class UpcastBatch extends NewestBatch {
  readonly #asked: readonly AnyEventType[]

  constructor(asked: readonly AnyEventType[], batch: ReplayBatch, byStream: DomainRuns | undefined) {
    super(batch, byStream)
    this.#asked = asked
  }

  override event(index: number): RecordedEvent {
    return inNewestForm(this.#asked[this.types[index]!]!, this.batch.event(index))
  }
}

class NewestRuns implements DomainRuns {
  readonly keys: DomainRuns['keys']
  readonly starts: DomainRuns['starts']
  readonly types: DomainRuns['types']
  protected readonly runs: StreamRuns

  constructor(runs: StreamRuns) {
    this.runs = runs
    this.keys = runs.keys
    this.starts = runs.starts
    this.types = runs.types
  }

  event(index: number): RecordedEvent {
    return this.runs.event(index)
  }

  recorded(index: number): RecordedEvent {
    return this.runs.event(index)
  }
}

class UpcastRuns extends NewestRuns {
  readonly #asked: readonly AnyEventType[]

  constructor(asked: readonly AnyEventType[], runs: StreamRuns) {
    super(runs)
    this.#asked = asked
  }

  override event(index: number): RecordedEvent {
    return inNewestForm(this.#asked[this.types[index]!]!, this.runs.event(index))
  }
}
