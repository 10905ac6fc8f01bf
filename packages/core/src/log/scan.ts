// Reads a log forwards, frame by frame, faster than event by event: one checksum a frame, and the next piece of the file is read meanwhile.
import { join } from 'node:path'
import type { Position } from '../kernel/positions.ts'
import type { DiskFile } from './disk.ts'
import { claimedLength, Frame, frameHeaderBytes, isFrame, type Place } from './frame.ts'
import type { LogSource } from './limits.ts'
import { LogEvent } from './record.ts'
import { corrupt, lastSegment, segmentHeaderBytes, segmentName } from './segment.ts'
import { SegmentReader } from './segment-reader.ts'

const chunkBytes = 1024 * 1024
const nothing = Buffer.alloc(0)

/** Where a frame begins, and the position of its first event. */
export interface FrameStart extends Place {
  readonly position: Position
}

/** Where what is scanned goes. */
export interface ScanSink {
  /** Takes the next record of a frame. */
  take(frame: Frame, start: number): void
  /** Whether what was taken is to be handed on. */
  readonly isFull: boolean
}

/**
 * Reads from the beginning of a frame up to a position that is known to be durable. Gives the last position taken, each time when what was taken is to be
 * handed on, and at the end. Throws `log_corrupt`.
 */
export async function* scanRecords(
  log: LogSource,
  start: FrameStart,
  { to, sink }: { to: Position; sink: ScanSink },
): AsyncGenerator<Position> {
  let next = start.position
  for (let { segment, offset } = start; next <= to; segment++, offset = segmentHeaderBytes) {
    const chunks = await Chunks.open(log, { segment, offset })
    try {
      while (next <= to) {
        const { at } = chunks
        const frame = chunks.frameNow() ?? (await chunks.frame())
        if (!frame || frame.kind === 'sealed') {
          if (await beginsWith(log, segment + 1, next)) break
          throw corrupt({ segment, offset: at }, 'the frame that was there has changed')
        }
        if (frame.kind === 'closed') continue
        const place = { segment, offset: chunks.at - frame.bytes.length }
        if (frame.firstPosition !== next) throw corrupt(place, `position ${frame.firstPosition} is there, not ${next}`)
        for (const start of startsOf(frame, place)) {
          if (next > to) break
          sink.take(frame, start)
          next++
          if (sink.isFull) yield next - 1
        }
      }
    } finally {
      await chunks.close()
    }
  }
  yield to
}

/** The events from the beginning of a frame up to a position that is known to be durable, in lists of `batch`. Throws `log_corrupt`. */
export async function* scanEvents(
  log: LogSource,
  start: FrameStart,
  { to, batch }: { to: Position; batch: number },
): AsyncGenerator<LogEvent[]> {
  let events: LogEvent[] = []
  const sink: ScanSink = {
    take: (frame, start) => void events.push(new LogEvent(frame.bytes, start)),
    get isFull() {
      return events.length >= batch
    },
  }
  for await (const _ of scanRecords(log, start, { to, sink })) {
    if (events.length > 0) yield events
    events = []
  }
}

/** Whether a segment begins with a position: then the one before has all its events, though a crash kept its mark from it. */
async function beginsWith(log: LogSource, segment: number, position: Position): Promise<boolean> {
  if ((await lastSegment(log)) < segment) return false
  const reader = await SegmentReader.open(log, { segment })
  await reader.close()
  return reader.header.firstPosition === position
}

function startsOf(frame: Frame, place: Place): readonly number[] {
  try {
    return frame.starts()
  } catch (cause) {
    throw corrupt(place, `the frame there cannot be read (${(cause as Error).message})`)
  }
}

/** A segment in large pieces, the next one read while the one before is used. What is handed out is never written again. */
class Chunks {
  readonly #segment: number
  readonly #file: DiskFile
  /** What is asked for is durable already, so nothing behind this is needed. */
  readonly #size: number
  /** One behind the other in the file. */
  #pieces: Buffer[] = []
  /** Where in the file the first piece begins, and the last one ends. */
  #start: number
  #end: number
  #following: Promise<Buffer>
  /** Where in the file the next frame begins. */
  at: number

  private constructor(file: DiskFile, size: number, { segment, offset }: Place) {
    this.#file = file
    this.#size = size
    this.#segment = segment
    this.#start = offset
    this.#end = offset
    this.at = offset
    this.#following = this.#read()
  }

  static async open({ disk, dir }: LogSource, place: Place): Promise<Chunks> {
    const file = await disk.open(join(dir, segmentName(place.segment)), 'read')
    try {
      return new Chunks(file, await file.size(), place)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** The next frame, if there is a whole one. */
  async frame(): Promise<Frame | undefined> {
    if (this.#end - this.at < frameHeaderBytes) await this.#reach(frameHeaderBytes)
    const length = claimedLength(this.#bytes(frameHeaderBytes)) ?? 0
    if (this.#end - this.at < length) await this.#reach(length)
    return this.frameNow()
  }

  /** The same, if all of it was read already: most frames are short. */
  frameNow(): Frame | undefined {
    const length = claimedLength(this.#bytes(frameHeaderBytes)) ?? 0
    if (length === 0 || this.#end - this.at < length) return undefined
    const bytes = this.#bytes(length)
    if (!isFrame(bytes, { segment: this.#segment, offset: this.at })) return undefined
    this.at += length
    return new Frame(bytes)
  }

  async close(): Promise<void> {
    await this.#following.catch(() => {})
    await this.#file.close()
  }

  /** Reads on until so many bytes are there from here, or the file ends. */
  async #reach(length: number): Promise<void> {
    while (this.#end - this.at < length) {
      const piece = await this.#following
      if (piece.length === 0) return
      this.#pieces.push(piece)
      this.#end += piece.length
      this.#following = this.#read()
    }
  }

  /** Bytes from here on; fewer at the end of the file. Copied only where they cross from one piece into the next. */
  #bytes(length: number): Buffer {
    while (this.#pieces.length > 0 && this.#start + this.#pieces[0]!.length <= this.at) {
      this.#start += this.#pieces.shift()!.length
    }
    const from = this.at - this.#start
    const whole = this.#pieces[0] ?? nothing
    if (from + length <= whole.length || this.#pieces.length <= 1) return whole.subarray(from, from + length)
    const [first = nothing, ...others] = this.#pieces
    const missing = length - (first.length - from)
    return Buffer.concat([first.subarray(from), Buffer.concat(others).subarray(0, missing)])
  }

  async #read(): Promise<Buffer> {
    const piece = Buffer.allocUnsafeSlow(Math.max(0, Math.min(chunkBytes, this.#size - this.#end)))
    return piece.subarray(0, await this.#file.read(piece, this.#end))
  }
}
