// Reads a log frame by frame from its first segment to its last, checking all it passes: to open a log, to follow one, to verify one.
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import { Frame, type Mark, type Place } from './frame.ts'
import type { LogSource } from './limits.ts'
import { corrupt, lastSegment } from './segment.ts'
import { SegmentReader, type Tail } from './segment-reader.ts'

export class LogReader {
  readonly #log: LogSource
  #segment: SegmentReader
  /** Of the last event read. */
  position: Position = 0
  /** What the last frame said, if it was a mark. */
  mark: Mark | undefined
  /** The last frame read in this segment. */
  last: (Place & { readonly length: number }) | undefined
  /** The bytes of the segments before this one. */
  #passedBytes = 0

  private constructor(log: LogSource, segment: SegmentReader) {
    this.#log = log
    this.#segment = segment
  }

  /** Throws `store_missing`, `log_corrupt` or `log_format_unknown`. */
  static async open(log: LogSource): Promise<LogReader> {
    if ((await lastSegment(log)) === 0) {
      throw new IndelibleError('store_missing', `There is no log in ${log.dir}.`, { details: { dir: log.dir } })
    }
    return new LogReader(log, await SegmentReader.open(log, { segment: 1, firstPosition: 1 }))
  }

  /** Where the next frame will be. */
  get end(): Place {
    return { segment: this.#segment.number, offset: this.#segment.end }
  }

  /** How much has been read, over all segments. */
  get passedBytes(): number {
    return this.#passedBytes + this.#segment.end
  }

  /** The next frame with commits, good until the next call, or nothing while there is none. Throws `log_corrupt`. */
  async next(): Promise<{ frame: Frame; place: Place } | undefined> {
    for (;;) {
      const place = this.end
      const bytes = await this.#segment.next()
      if (!bytes) {
        if (!(await this.#nextSegment())) return undefined
        continue
      }
      const frame = decoded(bytes, place)
      if (frame.firstPosition !== this.position + 1) {
        throw corrupt(place, `position ${frame.firstPosition} is there where ${this.position + 1} must follow`)
      }
      this.mark = frame.kind === 'commits' ? undefined : frame.kind
      this.last = { ...place, length: bytes.length }
      this.position = frame.lastPosition
      if (frame.kind === 'commits') return { frame, place }
    }
  }

  /** What is there where `next` found nothing. Throws `log_corrupt` where a frame is damaged and a whole one follows. */
  async tail(): Promise<Tail> {
    return await this.#segment.tail()
  }

  /** Makes durable what was read: whoever writes the log may not have come to it yet. Earlier segments are durable. */
  async sync(): Promise<void> {
    await this.#segment.sync()
  }

  async close(): Promise<void> {
    await this.#segment.close()
  }

  async #nextSegment(): Promise<boolean> {
    const number = this.#segment.number + 1
    if ((await lastSegment(this.#log)) < number) {
      if (this.mark === 'sealed') throw corrupt({ segment: number, offset: 0 }, 'the file is missing')
      return false
    }
    // A later segment is made when this one has its last commit; the mark follows, if the writer lives to write all of it.
    const tail = await this.#segment.tail()
    if (tail === 'grown') return true
    const next = await this.#openNext(number, tail)
    await this.#segment.close()
    this.#passedBytes += this.#segment.end
    this.#segment = next
    this.mark = undefined
    this.last = undefined
    return true
  }

  /** The header of the next segment proves that this one has all its commits, whatever is behind them. */
  async #openNext(segment: number, tail: Tail): Promise<SegmentReader> {
    try {
      return await SegmentReader.open(this.#log, { segment, firstPosition: this.position + 1 })
    } catch (error) {
      if (tail === 'torn' && isIndelibleError(error, 'log_corrupt')) throw corrupt(this.end, 'there is no whole frame')
      throw error
    }
  }
}

/** Throws `log_corrupt`: the bytes have their checksum, so what does not fit together was written so. */
function decoded(bytes: Buffer, place: Place): Frame {
  try {
    return new Frame(bytes)
  } catch (cause) {
    throw corrupt(place, `the frame there cannot be read (${(cause as Error).message})`)
  }
}
