// A batch of recorded events in the newest form of their types. An event that is seen as several stands in it as several, one after the other.
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import type { RecordedTypes, Sight } from '../kernel/upcasts.ts'
import { type IndexedCheck, onceEach, type ReadCheck, View } from './batch-view.ts'
import type { ReplayBatch, StreamRuns } from './port.ts'

/** Events of declared types, whose numbers are those in the list that was asked for. `event` throws `event_version_unknown` for a version that its type does not know. */
export interface DomainBatch extends Omit<ReplayBatch, 'schemaVersion' | 'byStream'> {
  /** The event at an index as it was recorded, for messages. */
  recorded(index: number): RecordedEvent
  readonly byStream?: DomainRuns
  /** The id of the event at an index, which is its own for a part of a recorded event. Throws nothing. */
  id(index: number): string
  /** Whether recorded events may be seen as several, which are handled together. */
  readonly hasParts: boolean
  /** Whether two events are parts of one recorded event. */
  areParts(one: number, other: number): boolean
}

export interface DomainRuns extends StreamRuns {
  recorded(index: number): RecordedEvent
}

export function domainBatch(asked: RecordedTypes, batch: ReplayBatch, check: ReadCheck | undefined): DomainBatch {
  const { schemaVersion, byStream: runs } = batch
  const { sights } = asked
  if (asked.hasParts && batch.types.some((name) => sights[name]!.length > 1)) return new SplitBatch(asked, batch, check)
  // To look at each event costs a fold of columns a tenth of its time.
  const isNewest =
    schemaVersion !== undefined &&
    batch.hasReservedTags === false &&
    !check &&
    !asked.hasFormer &&
    asked.types.every(({ version }) => version === schemaVersion)
  if (isNewest) return new NewestBatch(batch, runs && new NewestRuns(runs))
  return new UpcastBatch(asked, batch, check)
}

/** The end of the events up to an index with all parts of the last of them. */
export function wholeEnd(batch: DomainBatch, to: number): number {
  let end = to
  if (batch.hasParts && to > 0) while (end < batch.length && batch.areParts(to - 1, end)) end++
  return end
}

/** The events of a batch for which something is true, in the order of the log. */
export function onlyEvents(batch: DomainBatch, isIn: (event: RecordedEvent) => boolean): DomainBatch {
  const kept = Array.from({ length: batch.length }, (_, index) => index).filter((index) => isIn(batch.recorded(index)))
  const { streamCount, through, hasParts } = batch
  return {
    length: kept.length,
    types: Uint16Array.from(kept, (index) => batch.types[index]!),
    streams: Uint32Array.from(kept, (index) => batch.streams[index]!),
    streamCount,
    streamId: (stream) => batch.streamId(stream),
    event: (index) => batch.event(kept[index]!),
    recorded: (index) => batch.recorded(kept[index]!),
    through,
    id: (index) => batch.id(kept[index]!),
    hasParts,
    areParts: (one, other) => batch.areParts(kept[one]!, kept[other]!),
  }
}

/** Events that are all in the newest form. Methods of a class, because a closure of each batch would not be inlined in the loops of folds. */
class NewestBatch implements DomainBatch {
  readonly length: number
  readonly streamCount: number
  readonly through: Position
  readonly byStream?: DomainRuns
  readonly hasParts: boolean = false
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

  id(index: number): string {
    return this.recorded(index).id
  }

  areParts(): boolean {
    return false
  }
}

class UpcastBatch extends NewestBatch {
  readonly #view: View
  readonly #check: IndexedCheck | undefined
  #types: Uint16Array | undefined

  constructor(asked: RecordedTypes, batch: ReplayBatch, check: ReadCheck | undefined) {
    const view = new View(asked, batch)
    super(batch, batch.byStream && new UpcastRuns(view, batch.byStream, check))
    this.#view = view
    this.#check = onceEach(batch.length, check)
  }

  override get types() {
    this.#types ??= this.#view.types(this.batch.types)
    return this.#types
  }

  override event(index: number): RecordedEvent {
    const sight = this.#view.sight(this.batch.types[index]!)
    const event = this.batch.event(index)
    this.#check?.(index, sight.type, event)
    return sight.of(event, this.#view.tags)
  }

  override id(index: number): string {
    return this.#view.sight(this.batch.types[index]!).id(this.batch.event(index))
  }
}

class NewestRuns implements DomainRuns {
  readonly keys: DomainRuns['keys']
  readonly starts: DomainRuns['starts']
  readonly types: DomainRuns['types']
  protected readonly runs: StreamRuns

  constructor(runs: StreamRuns, types = runs.types) {
    this.runs = runs
    this.keys = runs.keys
    this.starts = runs.starts
    this.types = types
  }

  event(index: number): RecordedEvent {
    return this.runs.event(index)
  }

  recorded(index: number): RecordedEvent {
    return this.runs.event(index)
  }
}

class UpcastRuns extends NewestRuns {
  readonly #view: View
  readonly #check: IndexedCheck | undefined

  constructor(view: View, runs: StreamRuns, check: ReadCheck | undefined) {
    super(runs, view.types(runs.types))
    this.#view = view
    this.#check = onceEach(runs.types.length, check)
  }

  override event(index: number): RecordedEvent {
    const sight = this.#view.sight(this.runs.types[index]!)
    const event = this.runs.event(index)
    this.#check?.(index, sight.type, event)
    return sight.of(event, this.#view.tags)
  }
}

/** Some events of it are seen as several. They are in the order of the log only. */
class SplitBatch implements DomainBatch {
  readonly length: number
  readonly types: Uint16Array
  readonly streams: Uint32Array
  readonly streamCount: number
  readonly through: Position
  readonly hasParts = true
  readonly #batch: ReplayBatch
  readonly #check: IndexedCheck | undefined
  readonly #sights: readonly Sight[]
  /** Of each event, the index of the recorded one. */
  readonly #from: Uint32Array

  constructor({ sights, types }: RecordedTypes, batch: ReplayBatch, check: ReadCheck | undefined) {
    const from: number[] = []
    const seenAs: Sight[] = []
    for (let index = 0; index < batch.length; index++) {
      for (const sight of sights[batch.types[index]!]!) {
        from.push(index)
        seenAs.push(sight)
      }
    }
    this.length = from.length
    this.types = Uint16Array.from(seenAs, ({ type }) => types.indexOf(type))
    this.streams = Uint32Array.from(from, (index) => batch.streams[index]!)
    this.streamCount = batch.streamCount
    this.through = batch.through
    this.#batch = batch
    this.#check = onceEach(batch.length, check)
    this.#sights = seenAs
    this.#from = Uint32Array.from(from)
  }

  streamId(stream: number): string {
    return this.#batch.streamId(stream)
  }

  event(index: number): RecordedEvent {
    const sight = this.#sights[index]!
    const event = this.recorded(index)
    this.#check?.(index, sight.type, event)
    return sight.of(event)
  }

  recorded(index: number): RecordedEvent {
    return this.#batch.event(this.#from[index]!)
  }

  id(index: number): string {
    return this.#sights[index]!.id(this.recorded(index))
  }

  areParts(one: number, other: number): boolean {
    return this.#from[one] === this.#from[other]
  }
}
