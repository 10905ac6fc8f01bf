// Reads one segment frame by frame, and distinguishes the end of the log from damage.
import { join } from 'node:path'
import { closeOnError, type DiskFile } from '../disk/index.ts'
import {
  checkHeader,
  claimedLength,
  corrupt,
  decodeHeader,
  frameAlignment,
  frameHeaderBytes,
  isFrame,
  type SegmentHeader,
  seemsFrame,
  segmentHeaderBytes,
  segmentName,
} from '../format/index.ts'
import type { LogSource } from '../limits.ts'

/** What comes after the last good frame: zeros at most, remains of a write that was never acknowledged, or by now another good frame. */
export type Tail = 'clean' | 'torn' | 'grown'

const noWindow = { at: 0, bytes: Buffer.alloc(0) }

export class SegmentReader {
  readonly header: SegmentHeader
  readonly #file: DiskFile
  /** How many bytes are read at once, unless a frame is longer. */
  readonly #readBytes: number
  /** As long as the longest frame so far, at least. */
  #buffer: Buffer
  /** What was last read of the file, and where. */
  #window: { readonly at: number; readonly bytes: Buffer } = noWindow
  /** The end of the last good frame. */
  end = segmentHeaderBytes

  private constructor(header: SegmentHeader, file: DiskFile, buffer: Buffer) {
    this.header = header
    this.#file = file
    this.#readBytes = buffer.length
    this.#buffer = buffer
  }

  /** Throws `log_corrupt` where the header is not the expected one, or `log_format_unknown`. */
  static async open(
    { disk, dir, limits }: LogSource,
    { segment, ...expected }: Partial<SegmentHeader> & { segment: number },
  ): Promise<SegmentReader> {
    const file = await disk.open(join(dir, segmentName(segment)), 'read')
    return await closeOnError(file, async () => {
      const buffer = Buffer.allocUnsafeSlow(Math.ceil(limits.readBytesMax / frameAlignment) * frameAlignment)
      const bytes = Buffer.alloc(segmentHeaderBytes)
      const header = decodeHeader(bytes.subarray(0, await file.read(bytes, 0)), segment)
      checkHeader(header, expected)
      return new SegmentReader(header, file, buffer)
    })
  }

  /** The next whole frame, good until the next call, or nothing where none is (yet). */
  async next(): Promise<Buffer | undefined> {
    const bytes = (await this.#frameAt(this.end)) ?? (await this.#freshFrame())
    if (bytes) this.end += bytes.length
    return bytes
  }

  /** Whether there is anything behind the last good frame. Synchronous. */
  hasMore(): boolean {
    const next = Buffer.alloc(frameHeaderBytes)
    return this.#file.readNow(next, this.end) === frameHeaderBytes && next.some((byte) => byte !== 0)
  }

  /** Reads all that is left. Throws `log_corrupt` where a frame is not whole and one after it is: then it was acknowledged. */
  async tail(): Promise<Tail> {
    const step = this.#readBytes
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
          throw corrupt({ segment: this.header.segment, offset: this.end }, problem)
        }
      }
      if (!isLast) continue
      if (clean) return 'clean'
      return (await this.#freshFrame()) ? 'grown' : 'torn'
    }
  }

  async sync(): Promise<void> {
    await this.#file.sync()
  }

  /** Nothing was written through the file, so an error at closing is ignored. */
  async close(): Promise<void> {
    await this.#file.close().catch(() => {})
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
    return isFrame(bytes, { segment: this.header.segment, offset }) ? bytes : undefined
  }

  /** Some bytes of the file, fewer at its end, good until the next call. Reads ahead, so that small frames cost no read each. */
  async #bytes(at: number, length: number): Promise<Buffer> {
    const { at: from, bytes } = this.#window
    if (at < from || at + length > from + bytes.length) {
      if (length > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(length)
      const into = this.#buffer.subarray(0, Math.max(length, this.#readBytes))
      this.#window = { at, bytes: into.subarray(0, await this.#file.read(into, at)) }
    }
    const start = at - this.#window.at
    return this.#window.bytes.subarray(start, start + length)
  }

  #forget(): void {
    this.#window = noWindow
  }
}

function frameOffsets(bytes: Buffer): number[] {
  const found: number[] = []
  for (let offset = 0; offset + 4 <= bytes.length; offset += frameAlignment) {
    if (seemsFrame(bytes, offset)) found.push(offset)
  }
  return found
}
