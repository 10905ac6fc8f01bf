// Reads a log frame by frame from its first segment to its last, checking all it passes: to open a log, to follow one, to verify one.
import { join } from 'node:path'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import {
  corrupt,
  Frame,
  type Mark,
  type Place,
  type SegmentHeader,
  segmentHeaderBytes,
  segmentName,
} from '../format/index.ts'
import type { LogSource } from '../limits.ts'
import { lastSegment } from './segment-list.ts'
import { SegmentReader, type Tail } from './segment-reader.ts'

/** Where to begin to read: at a place in a segment, after a position. What is known of the segment's header is checked. */
export interface ReadFrom extends Place, Partial<Omit<SegmentHeader, 'segment'>> {
  readonly after: Position
  /** The log is known to have had an event at this position. */
  readonly atLeast?: Position
}

/** A frame with what reading it found out. */
export interface ReadFrame {
  readonly frame: Frame
  readonly place: Place
  /** Where in the frame each record begins. */
  readonly starts: readonly number[]
}

export class LogReader {
  readonly #log: LogSource
  readonly #atLeast: Position
  #segment: SegmentReader
  /** Of the last event read. */
  position: Position
  /** What the last frame said, if it was a mark. */
  mark: Mark | undefined
  /** The last frame read in this segment. */
  last: (Place & { readonly length: number }) | undefined
  /** The bytes of the segments before this one. */
  #passedBytes = 0
  /** There is at least a segment with this number. */
  #lastKnown = 0

  private constructor(
    log: LogSource,
    segment: SegmentReader,
    { after, atLeast }: { after: Position; atLeast: Position },
  ) {
    this.#log = log
    this.#segment = segment
    this.position = after
    this.#atLeast = atLeast
  }

  /** Begins with the first segment, or where a frame ends. Throws `store_missing`, `log_corrupt` or `log_format_unknown`. */
  static async open(log: LogSource, start?: ReadFrom): Promise<LogReader> {
    if (!start && (await lastSegment(log)) === 0) {
      throw new IndelibleError('store_missing', `There is no log in ${log.dir}.`, { details: { dir: log.dir } })
    }
    const {
      segment = 1,
      offset = segmentHeaderBytes,
      after = 0,
      atLeast = 0,
      ...expected
    } = start ?? { firstPosition: 1 }
    const reader = await SegmentReader.open(log, { segment, ...expected })
    reader.end = offset
    return new LogReader(log, reader, { after, atLeast })
  }

  /** Of the segment it is in. */
  get header(): SegmentHeader {
    return this.#segment.header
  }

  /** Where the next frame will be. */
  get end(): Place {
    return { segment: this.header.segment, offset: this.#segment.end }
  }

  /** How much has been read, over all segments. */
  get passedBytes(): number {
    return this.#passedBytes + this.#segment.end
  }

  /** The next frame with commits, good until the next call, or nothing while there is none. Throws `log_corrupt`. */
  async next(): Promise<ReadFrame | undefined> {
    for (;;) {
      const read = await this.nextFrame()
      if (!read || read.frame.kind === 'commits') return read
    }
  }

  /** The same with the marks. */
  async nextFrame(): Promise<ReadFrame | undefined> {
    for (;;) {
      const place = this.end
      const bytes = await this.#segment.next()
      if (!bytes) {
        if (!(await this.#nextSegment())) return undefined
        continue
      }
      const { frame, starts } = decoded(bytes, place)
      if (frame.firstPosition !== this.position + 1) {
        throw corrupt(place, `position ${frame.firstPosition} is there where ${this.position + 1} must follow`)
      }
      this.mark = frame.kind === 'commits' ? undefined : frame.kind
      this.last = { ...place, length: bytes.length }
      this.position = frame.lastPosition
      return { frame, place, starts }
    }
  }

  /** False only when `next` would find nothing. Synchronous. */
  hasMore(): boolean {
    return this.#segment.hasMore() || this.#log.disk.hasNow(join(this.#log.dir, segmentName(this.header.segment + 1)))
  }

  /** What is there where `next` found nothing. Throws `log_corrupt` where a frame is damaged and a whole one follows, or must be there. */
  async tail(): Promise<Tail> {
    const tail = await this.#segment.tail()
    if (tail !== 'grown' && this.position < this.#atLeast) {
      const problem = `the log ends with position ${this.position}, but its index has position ${this.#atLeast}`
      throw corrupt(this.end, `${problem} (if the log was restored from an older copy, delete its .idx files)`)
    }
    return tail
  }

  /** Makes durable what was read: the writer may not have synced it yet. Earlier segments are durable. */
  async sync(): Promise<void> {
    await this.#segment.sync()
  }

  async close(): Promise<void> {
    await this.#segment.close()
  }

  async #nextSegment(): Promise<boolean> {
    const number = this.header.segment + 1
    // A log may have many files, so they are listed only at what was the last one.
    if (this.#lastKnown < number) this.#lastKnown = await lastSegment(this.#log)
    if (this.#lastKnown < number) {
      if (this.mark === 'sealed') throw corrupt({ segment: number, offset: 0 }, 'the file is missing')
      return false
    }
    // A later segment is made when this one has its last commit; the mark follows, if the writer lives to write all of it.
    const tail = await this.#segment.tail()
    if (tail === 'grown') return true
    const next = await this.#openNext(number, tail)
    const passed = this.#segment
    this.#passedBytes += passed.end
    this.#segment = next
    this.mark = undefined
    this.last = undefined
    await passed.close()
    return true
  }

  /** The header of the next segment proves that this one has all its commits, whatever is behind them. */
  async #openNext(segment: number, tail: Tail): Promise<SegmentReader> {
    try {
      return await SegmentReader.open(this.#log, {
        segment,
        firstPosition: this.position + 1,
        logId: this.header.logId,
      })
    } catch (error) {
      if (tail === 'torn' && isIndelibleError(error, 'log_corrupt')) throw corrupt(this.end, 'there is no whole frame')
      throw error
    }
  }
}

/** Throws `log_corrupt`: the bytes have their checksum, so what does not fit together was written so. */
function decoded(bytes: Buffer, place: Place): Pick<ReadFrame, 'frame' | 'starts'> {
  try {
    const frame = new Frame(bytes)
    return { frame, starts: frame.starts() }
  } catch (cause) {
    throw corrupt(place, `the frame there cannot be read (${(cause as Error).message})`)
  }
}
