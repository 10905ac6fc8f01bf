// Checks one segment, and its index and columns against it. The result is plain data, so any thread can do it.
import { join } from 'node:path'
import { ColumnsBuilder, columnsName } from '../columns/index.ts'
import type { DiskFile } from '../disk/index.ts'
import {
  corrupt,
  hasContentType,
  hasValidAt,
  type Place,
  readU48,
  type SegmentHeader,
  segmentHeaderBytes,
} from '../format/index.ts'
import { IndexBuilder, indexName, type SegmentStreams } from '../index/index.ts'
import type { LogSource } from '../limits.ts'
import { LogReader, type ReadFrame } from '../read/index.ts'
import { firstDifference } from './differences.ts'
import { headerOf } from './segment-files.ts'
import { StoredIndex } from './stored-index.ts'

export interface SegmentFindings {
  readonly header: SegmentHeader
  readonly events: number
  readonly commits: number
  readonly streams: SegmentStreams
  /** Of its first event, if it has one. */
  readonly first: { readonly place: Place; readonly recordedAtMs: number } | undefined
  readonly lastRecordedAtMs: number
  /** Whether another segment follows; otherwise what is behind the last commit. */
  readonly ending: 'sealed' | 'closed' | 'open' | 'torn'
  readonly index: DerivedState
  /** Those of a segment that is not sealed are ignored. */
  readonly columns: DerivedState
}

export type DerivedState = 'whole' | 'missing' | DerivedDamage

/** Of a file that is made from a segment. */
export interface DerivedDamage {
  readonly file: string
  readonly offset: number
  readonly segment: number
}

export interface SegmentTask {
  readonly segment: number
  readonly indexed: boolean
  readonly hasColumns: boolean
}

/** Reads a segment to its end, as far as it is written. Calls `read` with the bytes it has read. Throws `log_corrupt`, `log_format_unknown`. */
export async function checkSegment(
  log: LogSource,
  { segment, indexed, hasColumns }: SegmentTask,
  read: (bytes: number) => void = () => {},
): Promise<SegmentFindings> {
  // Read the index before the log, so that it cannot have events that are appended while the log is read.
  const stored = indexed ? await StoredIndex.open(log, segment) : undefined
  const columns = hasColumns ? await log.disk.open(join(log.dir, columnsName(segment)), 'read') : undefined
  try {
    const { header } = await headerOf(log, segment)
    const after = header.firstPosition - 1
    const index = stored?.headerOf(header)
    // An index is built from durable events, so a log that ends before its index has lost events.
    const atLeast = index?.firstPosition === header.firstPosition ? after + index.events : 0
    const reader = await LogReader.open(log, { ...header, offset: segmentHeaderBytes, after, atLeast })
    const check = new SegmentCheck(header, { stored, columns })
    try {
      const ending = await readSegment(reader, async (next) => {
        read(next.place.offset)
        await check.take(next)
      })
      return { ...check.findings, ending, index: await check.index(), columns: await check.columns(ending) }
    } finally {
      await reader.close()
    }
  } finally {
    await stored?.close()
    await columns?.close()
  }
}

/** Reads the segment that a reader is in to its end. Throws `log_corrupt`. */
export async function readSegment(
  reader: LogReader,
  take: (next: ReadFrame) => Promise<void>,
): Promise<SegmentFindings['ending']> {
  const { segment } = reader.header
  for (;;) {
    for (let next = await reader.next(); next?.place.segment === segment; next = await reader.next()) await take(next)
    if (reader.header.segment !== segment) return 'sealed'
    const tail = await reader.tail()
    if (tail === 'torn') return 'torn'
    if (tail === 'clean') return reader.mark === 'closed' ? 'closed' : 'open'
  }
}

/** All flags of a record together. */
const knownFlags = hasContentType | hasValidAt

class SegmentCheck {
  readonly #header: SegmentHeader
  readonly #stored: StoredIndex | undefined
  readonly #columns: DiskFile | undefined
  readonly #builder: IndexBuilder
  readonly #columnsBuilder: ColumnsBuilder
  #commits = 0
  #first: SegmentFindings['first']
  #lastRecordedAtMs = 0
  #compared: DerivedState | undefined

  constructor(
    header: SegmentHeader,
    { stored, columns }: { stored: StoredIndex | undefined; columns: DiskFile | undefined },
  ) {
    this.#header = header
    this.#stored = stored
    this.#columns = columns
    this.#columnsBuilder = new ColumnsBuilder(header)
    this.#builder = new IndexBuilder(header)
  }

  get findings(): Omit<SegmentFindings, 'ending' | 'index' | 'columns'> {
    const { events } = this.#builder
    const streams = this.#builder.streams()
    const [header, commits, first, lastRecordedAtMs] = [
      this.#header,
      this.#commits,
      this.#first,
      this.#lastRecordedAtMs,
    ]
    return { header, events, commits, streams, first, lastRecordedAtMs }
  }

  async take(next: ReadFrame): Promise<void> {
    this.#take(next)
    if (this.#builder.events === this.#stored?.claimedEvents) await this.#compare()
  }

  async index(): Promise<DerivedState> {
    if (!this.#stored) return 'missing'
    // It does not even say how many events it has, or not a number that the log ever had: so it differs from what the log has now.
    if (!this.#compared) await this.#compare()
    return this.#compared!
  }

  async columns(ending: SegmentFindings['ending']): Promise<DerivedState> {
    if (!this.#columns || ending !== 'sealed') return 'missing'
    const { segment } = this.#header
    const offset = await firstDifference(this.#columns, this.#columnsBuilder.finish())
    return offset === undefined ? 'whole' : { file: columnsName(segment), offset, segment }
  }

  #take({ frame, place, starts }: ReadFrame): void {
    const last = starts.at(-1)
    // Nothing reads what is behind the last record, but nothing may hide there either.
    if (last !== undefined && frame.bytes.subarray(last + frame.bytes.readUInt32LE(last)).some((byte) => byte !== 0))
      throw corrupt(place, 'there are other bytes than zeros behind its last record')
    this.#builder.add(frame, place, starts)
    if (this.#columns) this.#columnsBuilder.add(frame, starts)
    let events = 0
    for (const start of starts) {
      const recordedAtMs = readU48(frame.bytes, start + 16)
      if (recordedAtMs < this.#lastRecordedAtMs) throw corrupt(place, 'the time of recording goes back')
      this.#lastRecordedAtMs = recordedAtMs
      if (frame.bytes[start + 28]! > knownFlags) throw corrupt(place, 'a record has unknown flags')
      const [index, count] = [frame.bytes.readUInt16LE(start + 24), frame.bytes.readUInt16LE(start + 26)]
      if (index > 0 && count !== events) throw corrupt(place, 'the events of a commit differ in their number')
      events = count
      if (index === 0) this.#commits++
      this.#first ??= { place, recordedAtMs }
    }
  }

  async #compare(): Promise<void> {
    const { segment } = this.#header
    const offset = await this.#stored!.differsAt(this.#builder.finish())
    this.#compared = offset === undefined ? 'whole' : { file: indexName(segment), offset, segment }
  }
}
