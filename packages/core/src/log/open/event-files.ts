// Finds events by position and reads them from the files: one by one where an index knows their places, by whole frames before that. What comes
// from a disk is checked each time.
import { crc32 } from 'node:zlib'
import { IndelibleError } from '../../kernel/errors.ts'
import { batchEventsMax } from '../../kernel/limits.ts'
import type { Position } from '../../kernel/positions.ts'
import { RecentlyUsed, RecordCache, SeenBefore } from '../cache/index.ts'
import {
  claimedLength,
  corrupt,
  Frame,
  frameHeaderBytes,
  isFrame,
  LogEvent,
  type PlacedFrame,
  readU48,
  recordFixedBytes,
  segmentHeaderBytes,
  segmentName,
} from '../format/index.ts'
import type { LogIndex, RecordLocation, SegmentIndex } from '../index/index.ts'
import type { LogSource } from '../limits.ts'
import type { FrameStart } from '../read/index.ts'

/** Records at most this far apart are read together. */
const gapBytesMax = 4096
/** When at most this many records are read together, they may be cached. */
const fewRecords = 64
/** A record is cached when it is asked for again before about this many others. */
const seenRecords = 32 * 1024

export class EventFiles {
  readonly #log: LogSource
  readonly #index: LogIndex
  /** Frames by the position of their first event. */
  readonly #frames: RecentlyUsed<Position, Buffer>
  readonly #records: RecordCache
  readonly #seen = new SeenBefore({ keysMax: seenRecords })

  constructor(log: LogSource, index: LogIndex) {
    this.#log = log
    this.#index = index
    this.#frames = new RecentlyUsed({ bytesMax: log.limits.frameCacheBytesMax })
    this.#records = new RecordCache({ bytesMax: log.limits.recordCacheBytesMax })
  }

  /** The events at these positions, in this order. Throws `log_corrupt`, `index_damaged` or `io_failed`. */
  fetch(positions: readonly Position[]): LogEvent[] {
    const events: LogEvent[] = []
    // A frame that is too large for the cache must not be read again for each of its events.
    let held: { readonly frame: PlacedFrame; readonly bytes: Buffer } | undefined
    for (let at = 0; at < positions.length; ) {
      const position = positions[at]!
      const known = this.#records.get(position)
      if (known) {
        events.push(new LogEvent(known, 0))
        at++
        continue
      }
      const segment = this.#index.segmentOf(position)
      if (segment) {
        at = this.#fetchIndexed(segment, positions, at, events)
        continue
      }
      const frame = this.#index.frameOf(position)
      if (!frame) throw new IndelibleError('io_failed', `Position ${position} is not in the log.`)
      if (held?.frame !== frame) held = { frame, bytes: this.#frame(frame) }
      events.push(new LogEvent(held.bytes, frame.starts[position - frame.firstPosition]!))
      at++
    }
    return events
  }

  /** Finds an event of an indexed segment without its index, frame by frame: for synchronous reads when a page of the index is damaged. */
  inFrames(position: Position): LogEvent {
    const { segment } = this.#index.segmentOf(position)!.header
    const name = segmentName(segment)
    const header = Buffer.alloc(frameHeaderBytes)
    for (let offset = segmentHeaderBytes; ; ) {
      const length = this.#index.files.read(name, header, offset) < header.length ? undefined : claimedLength(header)
      const place = { segment, offset }
      if (length === undefined || offset + length > this.#index.files.size(name))
        throw corrupt(place, 'there is no whole frame')
      const { lastPosition, events } = new Frame(header)
      offset += length
      if (events === 0 || lastPosition < position) continue
      const bytes = Buffer.allocUnsafeSlow(length)
      this.#index.files.read(name, bytes, place.offset)
      const frame = isFrame(bytes, place) ? new Frame(bytes) : undefined
      const start = frame?.starts()[position - frame.firstPosition]
      if (!frame || start === undefined) throw corrupt(place, `position ${position} is not where it was`)
      return frame.event(start)
    }
  }

  /** The frame that begins with a position, if one does. */
  frameStart(position: Position): FrameStart | undefined {
    const segment = this.#index.segmentOf(position)
    if (!segment) {
      const frame = this.#index.frameOf(position)
      return frame?.firstPosition === position ? { segment: frame.segment, offset: frame.offset, position } : undefined
    }
    const spot = segment.place(position)
    const offset = spot.offset - frameHeaderBytes
    if (position === segment.firstPosition) return { segment: spot.segment, offset, position }
    // Between two records there is nothing, unless a frame begins.
    const before = segment.place(position - 1)
    const end = before.offset + this.fetch([position - 1])[0]!.length
    return end < spot.offset ? { segment: spot.segment, offset, position } : undefined
  }

  /** The events from a position on up to the end of its frame, or up to another position. */
  untilFrameEnd(position: Position, to: Position): LogEvent[] {
    const segment = this.#index.segmentOf(position)
    const frame = segment ? undefined : this.#index.frameOf(position)
    if (frame) return this.fetch(upTo(position, Math.min(to, frame.firstPosition + frame.starts.length - 1)))
    const last = Math.min(to, segment?.lastPosition ?? to)
    const found: LogEvent[] = []
    for (let next = position; next <= last; ) {
      for (const event of this.fetch(upTo(next, Math.min(last, next + batchEventsMax - 1)))) {
        found.push(event)
        const end = segment!.place(next++).offset + event.length
        if (next <= last && segment!.place(next).offset > end) return found
      }
    }
    return found
  }

  close(): void {
    this.#frames.clear()
    this.#records.clear()
  }

  /** Reads records of one segment that lie near each other at once. Gives how far it came. */
  #fetchIndexed(segment: SegmentIndex, positions: readonly Position[], at: number, events: LogEvent[]): number {
    const spots = [segment.place(positions[at]!)]
    let [low, high] = [spots[0]!.offset, spots[0]!.end]
    for (let next = at + 1; next < positions.length; next++) {
      const position = positions[next]!
      if (position < segment.firstPosition || position > segment.lastPosition) break
      const spot = segment.place(position)
      const far = spot.offset > high + gapBytesMax || spot.end < low - gapBytesMax
      const [lower, higher] = [Math.min(low, spot.offset), Math.max(high, spot.end)]
      if (far || higher - lower > this.#log.limits.readBytesMax) break
      spots.push(spot)
      low = lower
      high = higher
    }
    const bytes = this.#read(spots[0]!, low, high)
    for (let index = 0; index < spots.length; index++) {
      const position = positions[at + index]!
      const record = checkedRecord(bytes, low, spots[index]!, position)
      // Records of a long run are not likely to be read again soon.
      if (spots.length <= fewRecords && this.#seen.see(position)) this.#records.keep(position, record)
      events.push(new LogEvent(record, 0))
    }
    return at + spots.length
  }

  #read({ segment, offset }: RecordLocation, low: number, high: number): Buffer {
    if (high < low) throw corrupt({ segment, offset }, 'its index says that an event ends before it begins')
    const { files } = this.#index
    const name = segmentName(segment)
    // A wrong place must not make us allocate more than the file has.
    if (high - low > this.#log.limits.readBytesMax && high > files.size(name)) {
      throw corrupt({ segment, offset }, 'its index says that an event ends behind the end of the file')
    }
    const bytes = Buffer.allocUnsafe(high - low)
    const read = files.read(name, bytes, low)
    return bytes.subarray(0, read)
  }

  #frame(place: PlacedFrame): Buffer {
    const known = this.#frames.get(place.firstPosition)
    if (known) return known
    const bytes = Buffer.allocUnsafeSlow(place.length)
    const read = this.#index.files.read(segmentName(place.segment), bytes, place.offset)
    if (read < place.length || !isFrame(bytes, place)) throw corrupt(place, 'the frame that was there has changed')
    this.#frames.keep(place.firstPosition, bytes)
    return bytes
  }
}

function checkedRecord(
  bytes: Buffer,
  from: number,
  { segment, offset, end, crc }: RecordLocation,
  position: Position,
): Buffer {
  const at = offset - from
  const length = at + 4 <= bytes.length ? bytes.readUInt32LE(at) : 0
  const record = bytes.subarray(at, at + length)
  const whole = length >= recordFixedBytes && at + length <= Math.min(end - from, bytes.length)
  if (!whole || crc32(record) !== crc || readU48(record, 4) !== position) {
    throw corrupt({ segment, offset }, 'the event that was there has changed')
  }
  return record
}

function upTo(first: Position, last: Position): Position[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}
