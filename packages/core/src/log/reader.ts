// Reads a log frame by frame from its first segment to its last, checking all it passes: to open a log, to follow one, to verify one.
import { join } from 'node:path'
import { IndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import type { Disk, DiskFile } from './disk.ts'
import { Frame, frameHeaderBytes, isFrame, type Mark, type Place, seemingLength } from './frame.ts'
import { checkHeader, corrupt, lastSegment, segmentHeaderBytes, segmentName } from './segment.ts'

/** What comes after the last good frame: nothing, remains of a write that was never acknowledged, or by now another good frame. */
export type Tail = 'clean' | 'torn' | 'grown'

export class LogReader {
  readonly #disk: Disk
  readonly #dir: string
  readonly #readBytes: number
  #segment: SegmentReader
  /** Of the last event read. */
  position: Position = 0
  /** What the last frame said, if it was a mark. */
  mark: Mark | undefined
  /** The last frame read in this segment. */
  last: { readonly place: Place; readonly bytes: Buffer } | undefined
  /** The bytes of the segments before this one. */
  #passedBytes = 0

  private constructor(disk: Disk, dir: string, readBytes: number, segment: SegmentReader) {
    this.#disk = disk
    this.#dir = dir
    this.#readBytes = readBytes
    this.#segment = segment
  }

  /** Throws `store_missing`, `log_corrupt` or `log_format_unknown`. */
  static async open(disk: Disk, dir: string, readBytes: number): Promise<LogReader> {
    if ((await lastSegment(disk, dir)) === 0) {
      throw new IndelibleError('store_missing', `There is no log in ${dir}.`, { details: { dir } })
    }
    return new LogReader(disk, dir, readBytes, await SegmentReader.open(disk, dir, { segment: 1, after: 0, readBytes }))
  }

  /** Where the next frame will be. */
  get end(): Place {
    return { segment: this.#segment.number, offset: this.#segment.end }
  }

  /** How much has been read, over all segments. */
  get passedBytes(): number {
    return this.#passedBytes + this.#segment.end
  }

  /** The next frame with commits, or nothing while there is none. Throws `log_corrupt`. */
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
      this.last = { place, bytes }
      this.position = frame.lastPosition
      if (frame.kind === 'commits') return { frame, place }
    }
  }

  /** Reads on to the end of the last segment. Throws `log_corrupt` where a frame is damaged and whole ones follow. */
  async tail(): Promise<Tail> {
    return await this.#segment.tail()
  }

  async close(): Promise<void> {
    await this.#segment.close()
  }

  async #nextSegment(): Promise<boolean> {
    const number = this.#segment.number + 1
    if ((await lastSegment(this.#disk, this.#dir)) < number) {
      if (this.mark === 'sealed') throw corrupt({ segment: number, offset: 0 }, 'the file is missing')
      return false
    }
    // A later segment is made only when nothing more will be written to this one; before we saw it, more may have been.
    const tail = await this.#segment.tail()
    if (tail === 'grown') return true
    if (tail === 'torn') throw corrupt(this.end, 'what is there is no frame')
    const options = { segment: number, after: this.position, readBytes: this.#readBytes }
    const next = await SegmentReader.open(this.#disk, this.#dir, options)
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
  readonly #readBytes: number
  /** The end of the last good frame. */
  end = segmentHeaderBytes
  #window = { at: 0, bytes: Buffer.alloc(0) }

  private constructor(number: number, file: DiskFile, readBytes: number) {
    this.number = number
    this.#file = file
    this.#readBytes = readBytes
  }

  static async open(
    disk: Disk,
    dir: string,
    { segment, after, readBytes }: { segment: number; after: Position; readBytes: number },
  ): Promise<SegmentReader> {
    const file = await disk.open(join(dir, segmentName(segment)), 'read')
    const reader = new SegmentReader(segment, file, readBytes)
    try {
      checkHeader(await reader.#bytes(0, segmentHeaderBytes), segment, after + 1)
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
    const zeros = Buffer.alloc(this.#readBytes)
    let clean = true
    for (let at = this.end; ; at += this.#readBytes) {
      this.#forget()
      const bytes = await this.#bytes(at, this.#readBytes)
      if (!bytes.equals(zeros.subarray(0, bytes.length))) {
        clean = false
        const later = await this.#frameWithin(bytes, at)
        if (later !== undefined) {
          if (await this.#freshFrame()) return 'grown'
          throw corrupt({ segment: this.number, offset: this.end }, `the frame at byte ${later} is whole, this one is not`)
        }
      }
      if (bytes.length < this.#readBytes) return clean ? 'clean' : 'torn'
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  /** Where the first whole frame begins that is after the end and begins in these bytes. */
  async #frameWithin(bytes: Buffer, at: number): Promise<number | undefined> {
    for (let offset = 0; offset + 4 <= bytes.length; offset += 8) {
      const place = at + offset
      if (place > this.end && startsFrame(bytes, offset) && (await this.#frameAt(place))) return place
    }
    return undefined
  }

  /** The frame as it is on the disk now: what was read before may have been read too early. */
  async #freshFrame(): Promise<Buffer | undefined> {
    this.#forget()
    return await this.#frameAt(this.end)
  }

  async #frameAt(offset: number): Promise<Buffer | undefined> {
    const length = seemingLength(await this.#bytes(offset, frameHeaderBytes))
    // A wrong length must not make us allocate more than the file has.
    if (length === undefined || (length > this.#readBytes && offset + length > (await this.#file.size()))) return undefined
    const bytes = await this.#bytes(offset, length)
    return isFrame(bytes, { segment: this.number, offset }) ? bytes : undefined
  }

  /** Some bytes of the file, fewer at its end, by reading more of it at once than was asked for. */
  async #bytes(at: number, length: number): Promise<Buffer> {
    const { at: from, bytes } = this.#window
    if (at < from || at + length > from + bytes.length) {
      const fresh = Buffer.allocUnsafeSlow(Math.max(length, this.#readBytes))
      this.#window = { at, bytes: fresh.subarray(0, await this.#file.read(fresh, at)) }
    }
    const start = at - this.#window.at
    return this.#window.bytes.subarray(start, start + length)
  }

  #forget(): void {
    this.#window = { at: 0, bytes: Buffer.alloc(0) }
  }
}
