// Writes frames behind one another, each durable before the next one begins. It writes only behind what is durable: nothing here can change that.
import { join } from 'node:path'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { type DiskDir, type DiskFile, orClosed } from '../disk/disk.ts'
import { encodeMark, type Mark, type Place } from '../format/frame.ts'
import { createSegment, type SegmentHeader, segmentHeaderBytes, segmentName } from '../format/segment.ts'
import type { LogSource } from '../limits.ts'
import type { LogReader } from '../read/reader.ts'
import { BlockingBudget } from './blocking-budget.ts'
import type { FrameEncoder } from './frame-encoder.ts'

export interface FramePlace extends Place {
  readonly length: number
  readonly firstPosition: Position
}

/** Whom a writer tells. */
export interface WriterEvents {
  /** A segment got its last frame. What this waits for, the next append waits for. */
  readonly sealed: (task: { segment: number; lastPosition: Position }) => Promise<void>
  /** A write became durable. */
  readonly durable: (ms: number) => void
}

interface Writing {
  /** Held open, so that making a name durable takes no descriptor that might not be there to be had. */
  readonly dir: DiskDir
  readonly file: DiskFile
  readonly header: SegmentHeader
  /** The events of the segment so far. */
  readonly events: number
  readonly offset: number
}

/** Making the file longer costs a write of the file's metadata: much beside a short frame, nothing beside one of this share of the reserve. */
const longFrameShare = 1 / 8

export class LogWriter {
  readonly #log: LogSource
  readonly #tell: WriterEvents
  readonly #logId: string
  readonly #blocking: BlockingBudget
  readonly #dir: DiskDir
  #file: DiskFile
  #segment: number
  #segmentEvents: number
  /** The end of what is durable in this segment. */
  #end: number
  /** The end of the zeros behind it. */
  #reserved: number
  /** Of the last durable event. */
  #position: Position
  /** What the last frame says, if it is a mark. */
  #mark: Mark | undefined
  /** Set from the first try to begin the next segment until it is begun: that may have its name already, so nothing more is written to this one. */
  #isLeft = false
  #poisoned = false

  private constructor(log: LogSource, tell: WriterEvents, { dir, file, header, events, offset }: Writing) {
    this.#log = log
    this.#tell = tell
    this.#logId = header.logId
    this.#blocking = new BlockingBudget({ slowMs: log.limits.blockingWriteMsMax })
    this.#dir = dir
    this.#file = file
    this.#segment = header.segment
    this.#segmentEvents = events
    this.#position = header.firstPosition + events - 1
    this.#end = offset
    this.#reserved = offset
  }

  /** Begins a log. */
  static async create(log: LogSource, logId: string, tell: WriterEvents): Promise<LogWriter> {
    const header = { segment: 1, firstPosition: 1, logId }
    return await inDirectory(log, async (dir) => {
      const file = await createSegment(log, header)
      return await orClosed(file, async () => {
        await dir.sync()
        return new LogWriter(log, tell, { dir, file, header, events: 0, offset: segmentHeaderBytes })
      })
    })
  }

  /** Goes on where a reader is that has read everything, and takes away a torn tail. */
  static async resume(
    log: LogSource,
    { reader, tail, tell }: { reader: LogReader; tail: 'clean' | 'torn'; tell: WriterEvents },
  ): Promise<LogWriter> {
    const { header, end, position } = reader
    return await inDirectory(log, async (dir) => {
      const file = await log.disk.open(join(log.dir, segmentName(header.segment)), 'write')
      return await orClosed(file, async () => {
        const events = position + 1 - header.firstPosition
        const writer = new LogWriter(log, tell, { dir, file, header, events, offset: end.offset })
        writer.#mark = reader.mark
        if (tail === 'clean') writer.#reserved = Math.max(writer.#end, await file.size())
        // It was never acknowledged, and nothing of it may ever be taken for a frame.
        else await file.truncate(writer.#end)
        if (reader.last && reader.mark === undefined) await rewrite(file, reader.last)
        await file.sync()
        await dir.sync()
        return writer
      })
    })
  }

  /** What the segment that is written to has so far. */
  get active(): { readonly segment: number; readonly lastPosition: Position; readonly events: number } {
    return { segment: this.#segment, lastPosition: this.#position, events: this.#segmentEvents }
  }

  /**
   * Throws `store_full` or `io_failed`: nothing was written, and it can be tried again. Or `store_poisoned`, from then on. `mayBlock`: the thread may be
   * held up.
   */
  async append(frame: FrameEncoder, { mayBlock }: { mayBlock: boolean }): Promise<FramePlace> {
    if (this.#poisoned) throw poisoned()
    const length = frame.size
    const startMs = performance.now()
    if (this.#isLeft || !this.#fits(frame)) await this.#roll()
    try {
      await this.#writeFrame(frame, mayBlock)
    } catch (error) {
      await this.#clean(error)
      throw error
    }
    this.#tell.durable(performance.now() - startMs)
    const place = { ...this.#place, length, firstPosition: this.#position + 1 }
    this.#end += length
    this.#reserved = Math.max(this.#reserved, this.#end)
    this.#position += frame.events
    this.#segmentEvents += frame.events
    this.#mark = undefined
    return place
  }

  /** Tries whether an append could go well by now: opens a file, begins the next segment if that is due, and reserves space. Throws as `append` does. */
  async probe(): Promise<void> {
    if (this.#poisoned) throw poisoned()
    const { disk, dir, limits } = this.#log
    await (await disk.open(join(dir, segmentName(this.#segment)), 'read')).close()
    if (this.#isLeft) await this.#roll()
    const zeros = Math.min(limits.reserveBytes, limits.segmentBytesMax - this.#end)
    if (this.#end + zeros <= this.#reserved) return
    try {
      await this.#write(Buffer.alloc(zeros), this.#end, false)
      this.#reserved = this.#end + zeros
    } catch (error) {
      await this.#clean(error)
      throw error
    }
  }

  /** Leaves a mark that the log was closed in order, by which damage to the last frame can later be told from a torn write. */
  async close(): Promise<void> {
    try {
      if (!this.#poisoned && this.#mark !== 'closed') await this.#leaveMark('closed')
    } finally {
      await this.#dir.close().catch(() => {})
      await this.#file.close()
    }
  }

  get #place(): Place {
    return { segment: this.#segment, offset: this.#end }
  }

  #fits(frame: FrameEncoder): boolean {
    const { segmentBytesMax, segmentEventsMax } = this.#log.limits
    if (this.#segmentEvents === 0) return true
    return this.#end + frame.size <= segmentBytesMax && this.#segmentEvents + frame.events <= segmentEventsMax
  }

  /**
   * Begins the next segment, durably, and then seals this one: where a sealed segment has no next one, a file was lost. What fails before the next one has
   * its name has changed nothing, and can be tried again.
   */
  async #roll(): Promise<void> {
    this.#isLeft = true
    const sealed = this.#segment
    const segment = sealed + 1
    const header = { segment, firstPosition: this.#position + 1, logId: this.#logId }
    const file = await createSegment(this.#log, header).catch(async (error) => {
      if (!isIndelibleError(error, 'io_failed')) await this.#clean(error)
      throw error
    })
    await orClosed(file, async () => {
      await this.#orPoison(this.#dir.sync())
      await this.#leaveMark('sealed')
    })
    // All that it has is durable, however closing it ends.
    await this.#file.close().catch(() => {})
    this.#file = file
    this.#segment = segment
    this.#segmentEvents = 0
    this.#end = segmentHeaderBytes
    this.#reserved = segmentHeaderBytes
    this.#mark = undefined
    this.#isLeft = false
    await this.#tell.sealed({ segment: sealed, lastPosition: this.#position })
  }

  /** Where the zeros are used up, writes new ones in the same call, unless that is what fills the disk. A long frame gains nothing by them. */
  async #writeFrame(frame: FrameEncoder, mayBlock: boolean): Promise<void> {
    const { reserveBytes, segmentBytesMax } = this.#log.limits
    const end = this.#end + frame.size
    const needsNone = end <= this.#reserved || frame.size > reserveBytes * longFrameShare
    const zeros = needsNone ? 0 : Math.max(0, Math.min(reserveBytes, segmentBytesMax - end))
    try {
      await this.#writeOnce(frame, { zeros, mayBlock })
    } catch (error) {
      if (zeros === 0 || !isIndelibleError(error, 'store_full')) throw error
      await this.#clean(error)
      await this.#writeOnce(frame, { zeros: 0, mayBlock })
    }
  }

  async #writeOnce(frame: FrameEncoder, { zeros, mayBlock }: { zeros: number; mayBlock: boolean }): Promise<void> {
    const bytes = frame.finish(this.#place, zeros)
    try {
      await this.#write(bytes, this.#end, mayBlock)
      this.#reserved = Math.max(this.#reserved, this.#end + bytes.length)
    } catch (error) {
      const whole = bytes.subarray(0, frame.size)
      if (!isIndelibleError(error, 'store_full') || !(await this.#isThere(whole))) throw error
      // Whoever follows the log takes it for written, so it can no longer be refused: it is made durable, or nobody knows. A sync alone would not bring
      // down again what one failed to.
      await this.#orPoison(this.#file.write(whole, this.#end))
    }
  }

  /** Whether these bytes stand behind what is durable. */
  async #isThere(bytes: Buffer): Promise<boolean> {
    const found = Buffer.alloc(bytes.length)
    return (await this.#file.read(found, this.#end)) === bytes.length && found.equals(bytes)
  }

  /** Writes a mark and gives back the reserve. Where the disk is full it goes without a mark. */
  async #leaveMark(mark: Mark): Promise<void> {
    const bytes = encodeMark(mark, this.#place, this.#position + 1)
    try {
      await this.#write(bytes, this.#end, false)
    } catch (error) {
      await this.#clean(error)
      return
    }
    await this.#orPoison(this.#file.truncate(this.#end + bytes.length))
    await this.#orPoison(this.#file.sync())
    this.#mark = mark
  }

  /** The only way into the file. What is durable is never written again (the first law). */
  async #write(bytes: Uint8Array, at: number, mayBlock: boolean): Promise<void> {
    if (at < this.#end) throw new RangeError(`A write at ${at} would change what is durable up to ${this.#end}.`)
    if (mayBlock && bytes.length <= this.#log.limits.blockingWriteBytesMax && this.#blocking.hasLeft()) {
      this.#blocking.spend(() => this.#file.writeNow(bytes, at))
    } else {
      await this.#file.write(bytes, at)
    }
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

/** Opens the directory of the log for as long as what is made of it is used. */
async function inDirectory<Value>(log: LogSource, make: (dir: DiskDir) => Promise<Value>): Promise<Value> {
  const dir = await log.disk.openDir(log.dir)
  return await orClosed(dir, () => make(dir))
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
