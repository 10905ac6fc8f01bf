// Writes frames behind one another, each durable before the next one begins. It writes only behind what is durable: nothing here can change that.
import { join } from 'node:path'
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import type { DiskFile } from './disk.ts'
import { encodeMark, type Mark, type Place } from './frame.ts'
import type { FrameEncoder } from './frame-encoder.ts'
import type { LogSource } from './limits.ts'
import type { LogReader } from './reader.ts'
import { createSegment, segmentHeaderBytes, segmentName } from './segment.ts'

export interface FramePlace extends Place {
  readonly length: number
  readonly firstPosition: Position
}

export class LogWriter {
  readonly #log: LogSource
  #file: DiskFile
  #segment: number
  /** The end of what is durable in this segment. */
  #end: number
  /** The end of the zeros behind it. */
  #reserved: number
  /** Of the last durable event. */
  #position: Position = 0
  /** What the last frame says, if it is a mark. */
  #mark: Mark | undefined
  #poisoned = false

  private constructor(log: LogSource, file: DiskFile, { segment, offset }: Place) {
    this.#log = log
    this.#file = file
    this.#segment = segment
    this.#end = offset
    this.#reserved = offset
  }

  /** Begins a log. */
  static async create(log: LogSource): Promise<LogWriter> {
    const file = await createSegment(log, { segment: 1, firstPosition: 1 })
    await log.disk.syncDir(log.dir)
    return new LogWriter(log, file, { segment: 1, offset: segmentHeaderBytes })
  }

  /** Goes on where a reader is that has read everything, and takes away a torn tail. */
  static async resume(log: LogSource, reader: LogReader, tail: 'clean' | 'torn'): Promise<LogWriter> {
    const file = await log.disk.open(join(log.dir, segmentName(reader.end.segment)), 'write')
    try {
      const writer = new LogWriter(log, file, reader.end)
      writer.#position = reader.position
      writer.#mark = reader.mark
      if (tail === 'clean') writer.#reserved = Math.max(writer.#end, await file.size())
      // It was never acknowledged, and nothing of it may ever be taken for a frame.
      else await file.truncate(writer.#end)
      if (reader.last && reader.mark === undefined) await rewrite(file, reader.last)
      await file.sync()
      await log.disk.syncDir(log.dir)
      return writer
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Throws `store_full`: nothing was written, and it can be tried again. Or `store_poisoned`, from then on. */
  async append(frame: FrameEncoder): Promise<FramePlace> {
    if (this.#poisoned) throw poisoned()
    const length = frame.size
    try {
      if (this.#end > segmentHeaderBytes && this.#end + length > this.#log.limits.segmentBytesMax) await this.#roll()
      await this.#reserve(length)
      await this.#write(frame.finish(this.#place, this.#position + 1), this.#end)
    } catch (error) {
      await this.#clean(error)
      throw error
    }
    await this.#orPoison(this.#file.sync())
    const place = { ...this.#place, length, firstPosition: this.#position + 1 }
    this.#end += length
    this.#reserved = Math.max(this.#reserved, this.#end)
    this.#position += frame.events
    this.#mark = undefined
    return place
  }

  /** Leaves a mark that the log was closed in order, by which damage to the last frame can later be told from a torn write. */
  async close(): Promise<void> {
    try {
      if (!this.#poisoned && this.#mark !== 'closed') await this.#leaveMark('closed')
    } finally {
      await this.#file.close()
    }
  }

  get #place(): Place {
    return { segment: this.#segment, offset: this.#end }
  }

  /** Begins the next segment, durably, and then seals this one: where a sealed segment has no next one, a file was lost. */
  async #roll(): Promise<void> {
    const segment = this.#segment + 1
    const file = await createSegment(this.#log, { segment, firstPosition: this.#position + 1 })
    await this.#orPoison(this.#log.disk.syncDir(this.#log.dir))
    await this.#leaveMark('sealed')
    await this.#orPoison(this.#file.close())
    this.#file = file
    this.#segment = segment
    this.#end = segmentHeaderBytes
    this.#reserved = segmentHeaderBytes
    this.#mark = undefined
  }

  /** Writes zeros ahead. A frame longer than the reserve goes without: compared to it, a change of metadata costs little. */
  async #reserve(length: number): Promise<void> {
    const { reserveBytes, segmentBytesMax } = this.#log.limits
    const needed = this.#end + length
    if (needed <= this.#reserved || length > reserveBytes) return
    const reserved = Math.max(needed, Math.min(this.#reserved + reserveBytes, segmentBytesMax))
    await this.#write(Buffer.alloc(reserved - this.#reserved), this.#reserved)
    await this.#file.sync()
    this.#reserved = reserved
  }

  /** Writes a mark and gives back the reserve. Where the disk is full it goes without a mark. */
  async #leaveMark(mark: Mark): Promise<void> {
    const bytes = encodeMark(mark, this.#place, this.#position + 1)
    try {
      await this.#write(bytes, this.#end)
    } catch (error) {
      await this.#clean(error)
      return
    }
    await this.#orPoison(this.#file.truncate(this.#end + bytes.length))
    await this.#orPoison(this.#file.sync())
    this.#mark = mark
  }

  /** The only way into the file. What is durable is never written again (the first law). */
  async #write(bytes: Uint8Array, at: number): Promise<void> {
    if (at < this.#end) throw new RangeError(`A write at ${at} would change what is durable up to ${this.#end}.`)
    await this.#file.write(bytes, at)
  }

  /** After a write on a full disk, takes away whatever is behind the durable end. After any other fault nobody knows what is there. */
  async #clean(error: unknown): Promise<void> {
    if (!isIndelibleError(error, 'store_full')) await this.#orPoison(Promise.reject(error))
    await this.#orPoison(this.#file.truncate(this.#end))
    await this.#orPoison(this.#file.sync())
    this.#reserved = this.#end
  }

  async #orPoison(step: Promise<void>): Promise<void> {
    await step.catch((cause) => {
      this.#poisoned = true
      throw isIndelibleError(cause, 'store_poisoned') ? cause : poisoned(cause)
    })
  }
}

/**
 * Writes the last frame over itself. If the process before died between write and sync, or its sync failed, the frame may be in the page cache
 * only: it reads well and counts as written, so that another sync would not bring it to the disk.
 */
async function rewrite(
  file: DiskFile,
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<void> {
  const bytes = Buffer.alloc(length)
  await file.read(bytes, offset)
  await file.write(bytes, offset).catch((error) => {
    // A full disk must not keep a log from being opened.
    if (!isIndelibleError(error, 'store_full')) throw error
  })
}

function poisoned(cause?: unknown): IndelibleError {
  return new IndelibleError(
    'store_poisoned',
    'A write to the log failed and left unknown what is on disk. Close the store and open it again to find out.',
    { cause },
  )
}
