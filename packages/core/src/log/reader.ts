// Reads a log frame by frame from its first segment to its last, checking all it passes: to open a log, to follow one, to verify one.
import { join } from 'node:path'
import { IndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import type { DiskFile } from './disk.ts'
import {
  claimedLength,
  Frame,
  frameAlignment,
  frameHeaderBytes,
  isFrame,
  type Mark,
  type Place,
  seemsFrame,
} from './frame.ts'
import type { LogSource } from './limits.ts'
import { checkHeader, corrupt, lastSegment, segmentHeaderBytes, segmentName } from './segment.ts'

/** What comes after the last good frame: nothing, remains of a write that was never acknowledged, or by now another good frame. */
export type Tail = 'clean' | 'torn' | 'grown'

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
    // A later segment is made when this one has its last commit. Its mark may be under way, so what looks torn is looked at twice.
    let tail = await this.#segment.tail()
    if (tail === 'torn') tail = await this.#segment.tail()
    if (tail === 'grown') return true
    if (tail === 'torn') throw corrupt(this.end, 'what is there is no frame')
    const next = await SegmentReader.open(this.#log, { segment: number, firstPosition: this.position + 1 })
    await this.#segment.close()
    this.#passedBytes += this.#segment.end
    this.#segment = next
    this.mark = undefined
    this.last = undefined
    return true
  }
}

/** Throws `log_corrupt`: the bytes have their checksum, so what does not fit together was written so. */
export function decoded(bytes: Buffer, place: Place): Frame {
  try {
    return new Frame(bytes)
  } catch (cause) {
    throw corrupt(place, `the frame there cannot be read (${(cause as Error).message})`)
  }
}

class SegmentReader {
  readonly number: number
  readonly #file: DiskFile
  readonly #buffer: Buffer
  /** What was last read of the file, and where. */
  #window = { at: 0, bytes: Buffer.alloc(0) }
  /** The end of the last good frame. */
  end = segmentHeaderBytes

  private constructor(number: number, file: DiskFile, readBytes: number) {
    this.number = number
    this.#file = file
    this.#buffer = Buffer.allocUnsafeSlow(Math.ceil(readBytes / frameAlignment) * frameAlignment)
  }

  static async open(
    { disk, dir, limits }: LogSource,
    { segment, firstPosition }: { segment: number; firstPosition: Position },
  ): Promise<SegmentReader> {
    const file = await disk.open(join(dir, segmentName(segment)), 'read')
    const reader = new SegmentReader(segment, file, limits.readBytesMax)
    try {
      checkHeader(await reader.#bytes(0, segmentHeaderBytes), segment, firstPosition)
    } catch (error) {
      await file.close()
      throw error
    }
    return reader
  }

  async next(): Promise<Buffer | undefined> {
    const bytes = (await this.#frameAt(this.end)) ?? (await this.#freshFrame())
    if (bytes) this.end += bytes.length
    return bytes
  }

  async tail(): Promise<Tail> {
    const step = this.#buffer.length
    const zeros = Buffer.alloc(step)
    let clean = true
    for (let at = this.end; ; at += step) {
      this.#forget()
      const bytes = await this.#bytes(at, step)
      const isLast = bytes.length < step
      if (!bytes.equals(zeros.subarray(0, bytes.length))) {
        clean = false
        for (const offset of frameOffsets(bytes)) {
          if (at + offset === this.end || !(await this.#frameAt(at + offset))) continue
          if (await this.#freshFrame()) return 'grown'
          const problem = `there is no whole frame, but at byte ${at + offset} there is`
          throw corrupt({ segment: this.number, offset: this.end }, problem)
        }
      }
      if (isLast) return clean ? 'clean' : 'torn'
    }
  }

  async sync(): Promise<void> {
    await this.#file.sync()
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  /** The frame as it is on the disk now: what is in the window may have been read before it was written. */
  async #freshFrame(): Promise<Buffer | undefined> {
    this.#forget()
    return await this.#frameAt(this.end)
  }

  async #frameAt(offset: number): Promise<Buffer | undefined> {
    const length = claimedLength(await this.#bytes(offset, frameHeaderBytes))
    if (length === undefined) return undefined
    // A wrong length must not make us allocate more than the file has.
    if (length > this.#buffer.length && offset + length > (await this.#file.size())) return undefined
    const bytes = await this.#bytes(offset, length)
    return isFrame(bytes, { segment: this.number, offset }) ? bytes : undefined
  }

  /** Some bytes of the file, fewer at its end, good until the next call. Reads ahead, so that small frames cost no read each. */
  async #bytes(at: number, length: number): Promise<Buffer> {
    const { at: from, bytes } = this.#window
    if (at < from || at + length > from + bytes.length) {
      const into = length > this.#buffer.length ? Buffer.allocUnsafeSlow(length) : this.#buffer
      this.#window = { at, bytes: into.subarray(0, await this.#file.read(into, at)) }
    }
    const start = at - this.#window.at
    return this.#window.bytes.subarray(start, start + length)
  }

  #forget(): void {
    this.#window = { at: 0, bytes: Buffer.alloc(0) }
  }
}

function frameOffsets(bytes: Buffer): number[] {
  const found: number[] = []
  for (let offset = 0; offset + 4 <= bytes.length; offset += frameAlignment) {
    if (seemsFrame(bytes, offset)) found.push(offset)
  }
  return found
}
