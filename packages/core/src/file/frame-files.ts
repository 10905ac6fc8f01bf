// Finds events by position: which frame they are in, where that frame is, and its bytes, checked anew whenever they are read from the disk.
import { join } from 'node:path'
import { IndelibleError } from '../kernel/errors.ts'
import { type RecordedEvent, recordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import type { DiskFile } from '../log/disk.ts'
import { Frame, isFrame } from '../log/frame.ts'
import type { LogSource } from '../log/limits.ts'
import { corrupt, segmentName } from '../log/segment.ts'
import type { FramePlace } from '../log/writer.ts'

/** What a decoded frame costs in memory besides its bytes, for each event. */
const entryBytes = 16

export class FrameFiles {
  readonly #log: LogSource
  /** In the order of the log. */
  readonly #places: FramePlace[] = []
  readonly #files = new Map<number, Promise<DiskFile>>()
  /** By index in `#places`; the one used longest ago comes first. */
  readonly #cache = new Map<number, Frame>()
  #cacheBytes = 0
  readonly #fetching = new Set<Promise<unknown>>()
  #closed = false

  constructor(log: LogSource) {
    this.#log = log
  }

  /** Takes in the next frame of the log. */
  add(place: FramePlace): void {
    this.#places.push(place)
  }

  /** The events at these positions, in this order. Throws `log_corrupt`. */
  async fetch(positions: readonly Position[]): Promise<readonly RecordedEvent[]> {
    if (this.#closed) throw new IndelibleError('store_closed', 'The store is closed.')
    const fetching = this.#fetch(positions)
    this.#fetching.add(fetching)
    return await fetching.finally(() => this.#fetching.delete(fetching))
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#fetching)
    for (const file of this.#files.values()) await (await file).close()
    this.#files.clear()
    this.#cache.clear()
  }

  async #fetch(positions: readonly Position[]): Promise<readonly RecordedEvent[]> {
    const indexes = positions.map((position) => this.#indexOf(position))
    const frames = await this.#frames(new Set(indexes))
    return positions.map((position, at) => {
      const frame = frames.get(indexes[at]!)!
      return recordedEvent(frame.event(position - frame.firstPosition))
    })
  }

  /** The index of the frame that a position is in. */
  #indexOf(position: Position): number {
    let low = 0
    let high = this.#places.length
    while (low + 1 < high) {
      const middle = (low + high) >>> 1
      if (this.#places[middle]!.firstPosition <= position) low = middle
      else high = middle
    }
    return low
  }

  async #frames(indexes: ReadonlySet<number>): Promise<ReadonlyMap<number, Frame>> {
    const found = new Map<number, Frame>()
    const missing: number[] = []
    for (const index of indexes) {
      const frame = this.#cached(index)
      if (frame) found.set(index, frame)
      else missing.push(index)
    }
    for (const run of this.#runs(missing.sort((a, b) => a - b))) {
      for (const [index, frame] of await this.#read(run)) {
        found.set(index, frame)
        this.#keep(index, frame)
      }
    }
    return found
  }

  /** Parts ascending indexes into runs of frames that lie side by side and can be read together. */
  #runs(indexes: readonly number[]): number[][] {
    const runs: number[][] = []
    let end = { segment: 0, offset: 0, start: 0 }
    for (const index of indexes) {
      const { segment, offset, length } = this.#places[index]!
      const joins = segment === end.segment && offset === end.offset
      if (joins && offset + length - end.start <= this.#log.limits.readBytesMax) runs.at(-1)!.push(index)
      else runs.push([index])
      end = { segment, offset: offset + length, start: runs.at(-1)!.length === 1 ? offset : end.start }
    }
    return runs
  }

  async #read(run: readonly number[]): Promise<[number, Frame][]> {
    const first = this.#places[run[0]!]!
    const last = this.#places[run.at(-1)!]!
    const file = await this.#file(first.segment)
    const bytes = Buffer.allocUnsafeSlow(last.offset + last.length - first.offset)
    const read = bytes.subarray(0, await file.read(bytes, first.offset))
    return run.map((index) => {
      const place = this.#places[index]!
      const start = place.offset - first.offset
      // A copy, so that a frame that stays in the cache does not keep its neighbours there.
      const own = Buffer.alloc(place.length)
      read.copy(own, 0, start)
      if (!isFrame(own, place)) throw corrupt(place, 'the frame that was there has changed')
      return [index, new Frame(own)]
    })
  }

  #file(segment: number): Promise<DiskFile> {
    const open = this.#files.get(segment)
    if (open) return open
    const opening = this.#log.disk.open(join(this.#log.dir, segmentName(segment)), 'read')
    this.#files.set(segment, opening)
    opening.catch(() => this.#files.delete(segment))
    return opening
  }

  #cached(index: number): Frame | undefined {
    const frame = this.#cache.get(index)
    if (!frame) return undefined
    this.#cache.delete(index)
    this.#cache.set(index, frame)
    return frame
  }

  #keep(index: number, frame: Frame): void {
    if (this.#cache.has(index)) return
    this.#cache.set(index, frame)
    this.#cacheBytes += weight(frame)
    for (const [oldest, old] of this.#cache) {
      if (this.#cacheBytes <= this.#log.limits.cacheBytesMax) return
      this.#cache.delete(oldest)
      this.#cacheBytes -= weight(old)
    }
  }
}

function weight(frame: Frame): number {
  return frame.bytes + frame.events * entryBytes
}
