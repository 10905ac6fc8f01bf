// Encodes commits into a frame, in one buffer that is reused.
import type { IdWriter } from '../../kernel/ids.ts'
import type { Position } from '../../kernel/positions.ts'
import {
  completed,
  frameAlignment,
  frameHeaderBytes,
  type NewCommit,
  type Place,
  recordBytesMax,
  type Utf8Buffer,
  writeRecord,
} from '../format/index.ts'

const initialBytes = 16 * 1024
const keptBytesMax = 4 * 1024 * 1024

/** Collects commits into one frame. It is used again for the next one, so it allocates nothing once it has grown. */
export class FrameEncoder {
  readonly #newId: IdWriter
  #bytes = Buffer.alloc(initialBytes)
  #length = frameHeaderBytes
  commits = 0
  firstPosition: Position = 0
  /** Where in the frame each record begins. */
  starts: number[] = []

  constructor(newId: IdWriter) {
    this.#newId = newId
  }

  /** The length of the frame in bytes. */
  get size(): number {
    return Math.ceil(this.#length / frameAlignment) * frameAlignment
  }

  get events(): number {
    return this.starts.length
  }

  /** Adds a whole commit, or nothing of it when that fails, for example because no id can be made. */
  add(commit: NewCommit): void {
    const { events, commandId, firstPosition } = commit
    const [length, count] = [this.#length, this.starts.length]
    try {
      for (let index = 0; index < events.length; index++) {
        this.#room(recordBytesMax(events[index]!, commandId))
        this.starts.push(this.#length)
        this.#length += writeRecord(this.#bytes as Utf8Buffer, this.#length, commit, index, this.#newId)
      }
    } catch (error) {
      this.#length = length
      this.starts.length = count
      throw error
    }
    if (this.commits++ === 0) this.firstPosition = firstPosition
  }

  /** The bytes to write, with this many zeros behind them; they stay as they are until `clear`. */
  finish(place: Place, zeros: number): Buffer {
    const { size } = this
    this.#room(size + zeros - this.#length)
    this.#bytes.fill(0, this.#length, size + zeros)
    completed(this.#bytes.subarray(0, size), {
      kind: 'commits',
      events: this.events,
      firstPosition: this.firstPosition,
      place,
    })
    return this.#bytes.subarray(0, size + zeros)
  }

  clear(): void {
    // Release the memory of a huge commit.
    if (this.#bytes.length > keptBytesMax) this.#bytes = Buffer.alloc(initialBytes)
    this.#length = frameHeaderBytes
    this.commits = 0
    this.starts = []
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#length + count))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
