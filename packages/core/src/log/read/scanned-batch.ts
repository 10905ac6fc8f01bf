// The events of some types from a scan of the log, for folding a large part of a log without columns.
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import { type Frame, LogEvent, RecentTexts, SimilarPayloads, type TypeFilter } from '../format/index.ts'
import type { ScanSink } from './scan.ts'

/** Gathers the records of some types from a scan, and hands them on as batches. */
export class BatchSink implements ScanSink {
  readonly #filter: TypeFilter
  readonly #eventsMax: number
  /** Of each type: its payloads look alike. */
  readonly #parsers: SimilarPayloads[] = []
  readonly #texts = new RecentTexts()
  #frames: Buffer[] = []
  #starts: number[] = []
  #types: number[] = []

  constructor(filter: TypeFilter, { eventsMax }: { eventsMax: number }) {
    this.#filter = filter
    this.#eventsMax = eventsMax
  }

  take({ bytes }: Frame, start: number): void {
    const type = this.#filter.numberOf(bytes, start)
    if (type < 0) return
    this.#parsers[type] ??= new SimilarPayloads(this.#texts)
    this.#frames.push(bytes)
    this.#starts.push(start)
    this.#types.push(type)
  }

  get isFull(): boolean {
    return this.#types.length >= this.#eventsMax
  }

  /** Everything that was taken since the last call. */
  batch(through: Position): ScannedBatch {
    const types = Uint16Array.from(this.#types)
    const batch = new ScannedBatch(this.#frames, this.#starts, { types, parsers: this.#parsers, through })
    this.#frames = []
    this.#starts = []
    this.#types = []
    return batch
  }
}

export class ScannedBatch {
  readonly length: number
  readonly types: Uint16Array
  readonly streams: Uint32Array
  readonly through: Position
  readonly #frames: readonly Buffer[]
  readonly #starts: readonly number[]
  readonly #parsers: readonly SimilarPayloads[]

  constructor(
    frames: readonly Buffer[],
    starts: readonly number[],
    { types, parsers, through }: { types: Uint16Array; parsers: readonly SimilarPayloads[]; through: Position },
  ) {
    this.length = types.length
    this.types = types
    this.streams = new Uint32Array(types.length)
    for (let index = 0; index < types.length; index++) this.streams[index] = index
    this.through = through
    this.#frames = frames
    this.#starts = starts
    this.#parsers = parsers
  }

  get streamCount(): number {
    return this.length
  }

  streamId(stream: number): string {
    return this.event(stream).streamId
  }

  event(index: number): RecordedEvent {
    return new LogEvent(this.#frames[index]!, this.#starts[index]!, this.#parsers[this.types[index]!])
  }
}
