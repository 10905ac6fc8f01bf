// Writes frames one behind the other, each durable before the next one begins, and starts the next segment when one is full.
import { join } from 'node:path'
import { isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { closeOnError, type DiskDir, type DiskFile } from '../disk/index.ts'
import {
  encodeMark,
  type FramePlace,
  type Mark,
  type SegmentHeader,
  segmentHeaderBytes,
  segmentName,
} from '../format/index.ts'
import type { LogSource } from '../limits.ts'
import type { LogReader } from '../read/index.ts'
import { BlockingBudget } from './blocking-budget.ts'
import { createSegment } from './create-segment.ts'
import type { FrameEncoder } from './frame-encoder.ts'
import { Poison } from './poison.ts'
import { SegmentFile, type SegmentFileOptions } from './segment-file.ts'

/** Gets what happens to the log. */
export interface WriterListener {
  /** A segment has its last frame. The next append waits for the promise. */
  readonly sealed: (task: { segment: number; lastPosition: Position }) => Promise<void>
  /** A write became durable. */
  readonly durable: (ms: number) => void
}

interface Writing {
  /** Held open, so that making a name durable never fails for lack of a file descriptor. */
  readonly dir: DiskDir
  readonly file: DiskFile
  readonly header: SegmentHeader
  /** The events of the segment so far. */
  readonly events: number
  /** The end of what is durable. */
  readonly end: number
  /** The end of the zeros behind it. */
  readonly reserved: number
  readonly mark: Mark | undefined
}

export class LogWriter {
  readonly #log: LogSource
  readonly #listener: WriterListener
  readonly #logId: string
  readonly #blocking: BlockingBudget
  readonly #poison = new Poison()
  readonly #dir: DiskDir
  #file: SegmentFile
  #segmentEvents: number
  /** Of the last durable event. */
  #position: Position
  /** What the last frame says, if it is a mark. */
  #mark: Mark | undefined
  /** Set from the first try to begin the next segment until that succeeds. The next segment may have its name already, so nothing more is written to this one. */
  #isLeft = false

  private constructor(
    log: LogSource,
    listener: WriterListener,
    { dir, file, header, events, end, reserved, mark }: Writing,
  ) {
    this.#log = log
    this.#listener = listener
    this.#logId = header.logId
    this.#blocking = new BlockingBudget({ slowMs: log.limits.blockingWriteMsMax })
    this.#dir = dir
    this.#file = this.#segmentFile(file, { segment: header.segment, end, reserved })
    this.#segmentEvents = events
    this.#position = header.firstPosition + events - 1
    this.#mark = mark
  }

  /** Begins a log. */
  static async create(log: LogSource, logId: string, listener: WriterListener): Promise<LogWriter> {
    const header = { segment: 1, firstPosition: 1, logId }
    return await inDirectory(log, async (dir) => {
      const file = await createSegment(log, header)
      return await closeOnError(file, async () => {
        await dir.sync()
        const end = segmentHeaderBytes
        return new LogWriter(log, listener, { dir, file, header, events: 0, end, reserved: end, mark: undefined })
      })
    })
  }

  /** Continues a log behind a reader that has read everything, and cuts off a torn tail. */
  static async resume(
    log: LogSource,
    { reader, tail, listener }: { reader: LogReader; tail: 'clean' | 'torn'; listener: WriterListener },
  ): Promise<LogWriter> {
    const { header, position, mark } = reader
    const { offset: end } = reader.end
    return await inDirectory(log, async (dir) => {
      const file = await log.disk.open(join(log.dir, segmentName(header.segment)), 'write')
      return await closeOnError(file, async () => {
        const events = position + 1 - header.firstPosition
        const reserved = tail === 'clean' ? Math.max(end, await file.size()) : end
        // A torn tail was never acknowledged, and nothing of it may ever be taken for a frame.
        if (tail === 'torn') await file.truncate(end)
        if (reader.last && mark === undefined) await rewrite(file, reader.last)
        await file.sync()
        await dir.sync()
        return new LogWriter(log, listener, { dir, file, header, events, end, reserved, mark })
      })
    })
  }

  /** What the segment that is written to has so far. */
  get active(): { readonly segment: number; readonly lastPosition: Position; readonly events: number } {
    return { segment: this.#file.segment, lastPosition: this.#position, events: this.#segmentEvents }
  }

  /**
   * Throws `store_full` or `io_failed` when nothing was written and it can be tried again, otherwise `store_poisoned`, from then on. `mayBlock`: the write may
   * block the thread.
   */
  async append(frame: FrameEncoder, { mayBlock }: { mayBlock: boolean }): Promise<FramePlace> {
    this.#poison.assertNone()
    const length = frame.size
    const startMs = performance.now()
    if (this.#isLeft || !this.#fits(frame)) await this.#roll()
    const { segment, end: offset } = this.#file
    await this.#file.append(frame, { mayBlock })
    this.#listener.durable(performance.now() - startMs)
    const place = { segment, offset, length, firstPosition: this.#position + 1 }
    this.#position += frame.events
    this.#segmentEvents += frame.events
    this.#mark = undefined
    return place
  }

  /** Tries whether an append could succeed now: opens a file, begins the next segment if that is due, and reserves space. Throws as `append` does. */
  async probe(): Promise<void> {
    this.#poison.assertNone()
    const { disk, dir } = this.#log
    await (await disk.open(join(dir, segmentName(this.#file.segment)), 'read')).close()
    if (this.#isLeft) await this.#roll()
    await this.#file.reserve()
  }

  /** Leaves a mark that the log was closed in order. With it, damage to the last frame can later be distinguished from a torn write. */
  async close(): Promise<void> {
    try {
      if (!this.#poison.isPoisoned && this.#mark !== 'closed') await this.#leaveMark('closed')
    } finally {
      await this.#dir.close().catch(() => {})
      await this.#file.close()
    }
  }

  #fits(frame: FrameEncoder): boolean {
    const { segmentBytesMax, segmentEventsMax } = this.#log.limits
    if (this.#segmentEvents === 0) return true
    return this.#file.end + frame.size <= segmentBytesMax && this.#segmentEvents + frame.events <= segmentEventsMax
  }

  /**
   * Begins the next segment, durably, and then seals this one: a sealed segment without a next one means that a file was lost. A failure before the next segment
   * has its name has changed nothing, and the roll can be tried again.
   */
  async #roll(): Promise<void> {
    this.#isLeft = true
    const sealed = this.#file
    const segment = sealed.segment + 1
    const header = { segment, firstPosition: this.#position + 1, logId: this.#logId }
    const file = await createSegment(this.#log, header).catch(async (error) => {
      if (!isIndelibleError(error, 'io_failed')) await sealed.clean(error)
      throw error
    })
    await closeOnError(file, async () => {
      await this.#poison.guard(this.#dir.sync())
      await this.#leaveMark('sealed')
    })
    // Everything in it is durable, whether or not closing fails.
    await sealed.close().catch(() => {})
    this.#file = this.#segmentFile(file, { segment, end: segmentHeaderBytes, reserved: segmentHeaderBytes })
    this.#segmentEvents = 0
    this.#mark = undefined
    this.#isLeft = false
    await this.#listener.sealed({ segment: sealed.segment, lastPosition: this.#position })
  }

  /** When the disk is full, the segment stays without a mark. */
  async #leaveMark(mark: Mark): Promise<void> {
    const place = { segment: this.#file.segment, offset: this.#file.end }
    if (await this.#file.leaveMark(encodeMark(mark, place, this.#position + 1))) this.#mark = mark
  }

  #segmentFile(file: DiskFile, place: Pick<SegmentFileOptions, 'segment' | 'end' | 'reserved'>): SegmentFile {
    const { limits } = this.#log
    return new SegmentFile(file, { ...place, limits, blocking: this.#blocking, poison: this.#poison })
  }
}

/** Opens the directory of the log, and closes it when `make` fails. */
async function inDirectory<Value>(log: LogSource, make: (dir: DiskDir) => Promise<Value>): Promise<Value> {
  const dir = await log.disk.openDir(log.dir)
  return await closeOnError(dir, () => make(dir))
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
    // A full disk must not prevent opening a log.
    if (!isIndelibleError(error, 'store_full')) throw error
  })
}
