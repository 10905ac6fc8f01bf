// The file of the segment that is being written. It writes only behind what is durable, so nothing durable can change (the first law).
import { isIndelibleError } from '../../kernel/errors.ts'
import type { DiskFile } from '../disk/index.ts'
import type { LogLimits } from '../limits.ts'
import type { BlockingBudget } from './blocking-budget.ts'
import type { FrameEncoder } from './frame-encoder.ts'
import type { Poison } from './poison.ts'

/** Extending the file costs a write of its metadata. That is much for a short frame, and nothing for a frame of this share of the reserve. */
const longFrameShare = 1 / 8

export interface SegmentFileOptions {
  readonly segment: number
  /** The end of what is durable. */
  readonly end: number
  /** The end of the zeros behind it. */
  readonly reserved: number
  readonly limits: LogLimits
  readonly blocking: BlockingBudget
  readonly poison: Poison
}

export class SegmentFile {
  readonly segment: number
  readonly #file: DiskFile
  readonly #limits: LogLimits
  readonly #blocking: BlockingBudget
  readonly #poison: Poison
  #end: number
  #reserved: number

  constructor(file: DiskFile, { segment, end, reserved, limits, blocking, poison }: SegmentFileOptions) {
    this.segment = segment
    this.#file = file
    this.#limits = limits
    this.#blocking = blocking
    this.#poison = poison
    this.#end = end
    this.#reserved = reserved
  }

  /** The end of what is durable. */
  get end(): number {
    return this.#end
  }

  /** Makes a frame durable. Throws `store_full` or `io_failed` when nothing of it was written, otherwise `store_poisoned`. */
  async append(frame: FrameEncoder, { mayBlock }: { mayBlock: boolean }): Promise<void> {
    try {
      await this.#writeFrame(frame, mayBlock)
    } catch (error) {
      await this.clean(error)
      throw error
    }
    this.#end += frame.size
    this.#reserved = Math.max(this.#reserved, this.#end)
  }

  /** Writes zeros ahead, unless there are enough. Throws as `append` does. */
  async reserve(): Promise<void> {
    const zeros = Math.min(this.#limits.reserveBytes, this.#limits.segmentBytesMax - this.#end)
    if (this.#end + zeros <= this.#reserved) return
    try {
      await this.#write(Buffer.alloc(zeros), false)
      this.#reserved = this.#end + zeros
    } catch (error) {
      await this.clean(error)
      throw error
    }
  }

  /** Writes a mark and releases the reserve. False when the disk is full: then there is no mark. */
  async leaveMark(mark: Buffer): Promise<boolean> {
    try {
      await this.#write(mark, false)
    } catch (error) {
      await this.clean(error)
      return false
    }
    await this.#poison.guard(this.#file.truncate(this.#end + mark.length))
    await this.#poison.guard(this.#file.sync())
    return true
  }

  /** After a write failed on a full disk, cuts off everything behind the durable end. After any other error what is there is unknown: throws `store_poisoned`. */
  async clean(error: unknown): Promise<void> {
    if (!isIndelibleError(error, 'store_full')) await this.#poison.guard(Promise.reject(error))
    await this.#poison.guard(this.#file.truncate(this.#end))
    await this.#poison.guard(this.#file.sync())
    this.#reserved = this.#end
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  /** When the zeros are used up, writes new ones in the same call, unless these fill the disk. A long frame gains nothing from them. */
  async #writeFrame(frame: FrameEncoder, mayBlock: boolean): Promise<void> {
    const { reserveBytes, segmentBytesMax } = this.#limits
    const end = this.#end + frame.size
    const needsNone = end <= this.#reserved || frame.size > reserveBytes * longFrameShare
    const zeros = needsNone ? 0 : Math.max(0, Math.min(reserveBytes, segmentBytesMax - end))
    try {
      await this.#writeOnce(frame, { zeros, mayBlock })
    } catch (error) {
      if (zeros === 0 || !isIndelibleError(error, 'store_full')) throw error
      await this.clean(error)
      await this.#writeOnce(frame, { zeros: 0, mayBlock })
    }
  }

  async #writeOnce(frame: FrameEncoder, { zeros, mayBlock }: { zeros: number; mayBlock: boolean }): Promise<void> {
    const bytes = frame.finish({ segment: this.segment, offset: this.#end }, zeros)
    try {
      await this.#write(bytes, mayBlock)
      this.#reserved = Math.max(this.#reserved, this.#end + bytes.length)
    } catch (error) {
      const whole = bytes.subarray(0, frame.size)
      if (!isIndelibleError(error, 'store_full') || !(await this.#isThere(whole))) throw error
      // A follower of the log already takes the frame for written, so it can no longer be refused: it is made durable, or the store is poisoned. A sync
      // alone would not write again what an earlier sync failed to write.
      await this.#poison.guard(this.#file.write(whole, this.#end))
    }
  }

  /** Whether these bytes stand behind what is durable. */
  async #isThere(bytes: Buffer): Promise<boolean> {
    const found = Buffer.alloc(bytes.length)
    return (await this.#file.read(found, this.#end)) === bytes.length && found.equals(bytes)
  }

  /** Writes directly behind what is durable. */
  async #write(bytes: Uint8Array, mayBlock: boolean): Promise<void> {
    const end = this.#end
    if (mayBlock && bytes.length <= this.#limits.blockingWriteBytesMax && this.#blocking.hasLeft()) {
      this.#blocking.spend(() => this.#file.writeNow(bytes, end))
    } else {
      await this.#file.write(bytes, end)
    }
  }
}
