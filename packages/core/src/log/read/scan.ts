// Reads a log forwards by frames, which is faster than by events: one checksum for each frame, and the next piece of the file is read meanwhile.
import { join } from 'node:path'
import type { Position } from '../../kernel/positions.ts'
import { closeOnError, type DiskFile } from '../disk/index.ts'
import {
  claimedLength,
  corrupt,
  Frame,
  frameHeaderBytes,
  isFrame,
  isReservedAt,
  LogEvent,
  type Place,
  segmentHeaderBytes,
  segmentName,
} from '../format/index.ts'
import type { LogSource } from '../limits.ts'
import { lastSegment } from './segment-list.ts'
import { SegmentReader } from './segment-reader.ts'

const pieceBytes = 1024 * 1024
/** Before a piece in its memory, for what is left of the one before. */
const roomBytes = 512 * 1024
const nothing = Buffer.alloc(0)

/** Where a frame begins, and the position of its first event. */
export interface FrameStart extends Place {
  readonly position: Position
}

/** Takes what a scan reads. */
export interface ScanSink {
  /** Takes the next record of a frame. */
  take(frame: Frame, start: number): void
  /** Whether the scan should yield now. */
  readonly isFull: boolean
}

/**
 * Reads from the beginning of a frame up to a position that is known to be durable. Yields the last position taken whenever the
 * sink is full, and at the end. Throws `log_corrupt`.
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

/**
 * The events from the beginning of a frame up to a position that is known to be durable, `batch` records at a time, without reserved events unless
 * `reserved`. Throws `log_corrupt`.
 */
export async function* scanEvents(
  log: LogSource,
  start: FrameStart,
  { to, batch, reserved = false }: { to: Position; batch: number; reserved: boolean | undefined },
): AsyncGenerator<{ readonly events: readonly LogEvent[]; readonly through: Position }> {
  let events: LogEvent[] = []
  let taken = 0
  const sink: ScanSink = {
    take(frame, start) {
      taken++
      if (reserved || !isReservedAt(frame.bytes, start)) events.push(new LogEvent(frame.bytes, start))
    },
    get isFull() {
      return taken >= batch
    },
  }
  for await (const through of scanRecords(log, start, { to, sink })) {
    if (taken > 0) yield { events, through }
    events = []
    taken = 0
  }
}

/** Whether a segment begins with a position. Then the segment before has all its events, even when a crash left it without a mark. */
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
  /** What was read and is used now. */
  #window: Buffer = nothing
  /** Where in the file the window begins, and what was read ends. */
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
    return await closeOnError(file, async () => new Chunks(file, await file.size(), place))
  }

  /** The next frame, if there is a whole one. */
  async frame(): Promise<Frame | undefined> {
    await this.#reach(frameHeaderBytes)
    await this.#reach(claimedLength(this.#bytes(frameHeaderBytes)) ?? 0)
    return this.frameNow()
  }

  /** The same, if all of it was read already: most frames are short. */
  frameNow(): Frame | undefined {
    const length = claimedLength(this.#bytes(frameHeaderBytes)) ?? 0
    const bytes = this.#bytes(length)
    if (length === 0 || bytes.length < length) return undefined
    if (!isFrame(bytes, { segment: this.#segment, offset: this.at })) return undefined
    this.at += length
    return new Frame(bytes)
  }

  /** Nothing was written through the file, so an error at closing is ignored. */
  async close(): Promise<void> {
    await this.#following.catch(() => {})
    await this.#file.close().catch(() => {})
  }

  /** Reads on until the window has this many bytes from here, or the file ends. */
  async #reach(length: number): Promise<void> {
    const left = this.#window.subarray(this.at - this.#start)
    const pieces: Buffer[] = []
    while (this.#end - this.at < length) {
      const piece = await this.#following
      if (piece.length === 0) break
      pieces.push(piece)
      this.#end += piece.length
      this.#following = this.#read()
    }
    if (pieces.length === 0) return
    this.#window = joined(left, pieces)
    this.#start = this.at
  }

  /** Bytes from here on; fewer where the window ends. */
  #bytes(length: number): Buffer {
    const from = this.at - this.#start
    return this.#window.subarray(from, from + length)
  }

  /** The next piece. */
  async #read(): Promise<Buffer> {
    const length = Math.min(pieceBytes, this.#size - this.#end)
    if (length <= 0) return nothing
    const room = this.#end === this.#start ? 0 : roomBytes
    const piece = Buffer.allocUnsafeSlow(room + length).subarray(room)
    return piece.subarray(0, await this.#file.read(piece, this.#end))
  }
}

/** One buffer of what is left of a piece and those that follow it. Of one, only what is left is copied, into the room before it. */
function joined(left: Buffer, pieces: readonly Buffer[]): Buffer {
  const [piece] = pieces as [Buffer, ...Buffer[]]
  const from = piece.byteOffset - left.length
  if (pieces.length > 1 || from < 0) return Buffer.concat([left, ...pieces])
  const whole = Buffer.from(piece.buffer, from, left.length + piece.length)
  whole.set(left)
  return whole
}
