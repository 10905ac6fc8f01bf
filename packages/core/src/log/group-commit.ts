// Group commit: while one frame is being written, the commits that arrive collect in the next one, so that many callers share one sync.
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import { FrameEncoder, type NewCommit } from './frame-encoder.ts'
import type { LogLimits } from './limits.ts'
import type { FramePlace } from './writer.ts'

/** What group commit needs, and whom it tells. */
export interface GroupSink {
  readonly limits: Pick<LogLimits, 'groupBytesMax' | 'groupCommitsMax'>
  /** Makes a frame durable. Throws `store_full`, or for good `store_poisoned`. */
  readonly write: (frame: FrameEncoder) => Promise<FramePlace>
  readonly written: (place: FramePlace, last: { position: Position; recordedAtMs: number }) => void
  /** A frame was not written, nor will be what was added after it. */
  readonly refused: () => void
}

/** Commits that become durable together. */
interface Group {
  readonly frame: FrameEncoder
  readonly durable: PromiseWithResolvers<void>
  last: { position: Position; recordedAtMs: number }
}

const initialFrameBytes = 64 * 1024

export class GroupCommit {
  readonly #sink: GroupSink
  #collecting = newGroup()
  #writing: Group | undefined
  #spare: FrameEncoder | undefined
  /** Those who wait for room, in the order in which they came. */
  readonly #waiting = new Set<() => void>()
  #running: Promise<void> | undefined
  #poison: IndelibleError | undefined

  constructor(sink: GroupSink) {
    this.#sink = sink
  }

  /** Throws `store_poisoned` if no write can succeed any more. */
  assertSound(): void {
    if (this.#poison) throw this.#poison
  }

  /** Runs `admit`, which may add a commit: at once if there is room, else in turn. Throws `aborted` if the caller gives up while waiting. */
  async enter<Value>(admit: () => Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
    // As long as anyone waits there is no room: nobody is overtaken.
    if (this.#hasRoom) return await admit()
    return await new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(run)
        signal?.removeEventListener('abort', giveUp)
      }
      const run = () => {
        leave()
        resolve(admit())
      }
      const giveUp = () => {
        leave()
        reject(new IndelibleError('aborted', 'The caller gave up.', { cause: signal?.reason }))
      }
      this.#waiting.add(run)
      signal?.addEventListener('abort', giveUp)
    })
  }

  /** Adds a commit that ends at a position. Resolves when it is durable. Throws what `write` throws. */
  add(commit: NewCommit, position: Position): Promise<void> {
    const group = this.#collecting
    group.frame.add(commit)
    group.last = { position, recordedAtMs: commit.recordedAtMs }
    this.#running ??= this.#run()
    return group.durable.promise
  }

  /** Resolves when what was added at a position is durable. Throws what `write` throws. */
  durable(position: Position): Promise<void> {
    const group = this.#writing && position <= this.#writing.last.position ? this.#writing : this.#collecting
    return group.durable.promise
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running
  }

  get #hasRoom(): boolean {
    const { groupBytesMax, groupCommitsMax } = this.#sink.limits
    return this.#collecting.frame.size < groupBytesMax && this.#collecting.frame.commits < groupCommitsMax
  }

  async #run(): Promise<void> {
    while (this.#collecting.frame.commits > 0) {
      // Whoever else appends in this turn of the event loop shares the frame.
      await new Promise((resolve) => setImmediate(resolve))
      const group = this.#collecting
      this.#writing = group
      this.#collecting = newGroup(this.#spare)
      this.#letIn()
      try {
        const place = await this.#sink.write(group.frame)
        this.#writing = undefined
        this.#sink.written(place, group.last)
        group.durable.resolve()
      } catch (fault) {
        this.#refuse(group, fault as IndelibleError)
      }
      group.frame.clear()
      this.#spare = group.frame
      this.#letIn()
    }
    this.#running = undefined
  }

  #letIn(): void {
    for (const run of this.#waiting) {
      if (!this.#hasRoom) return
      run()
    }
  }

  /** Commits were checked against those before them, so with one all that follow are refused. */
  #refuse(group: Group, fault: IndelibleError): void {
    const following = this.#collecting
    this.#writing = undefined
    this.#collecting = newGroup()
    if (!isIndelibleError(fault, 'store_full')) this.#poison = fault
    this.#sink.refused()
    group.durable.reject(fault)
    following.durable.reject(fault)
  }
}

function newGroup(frame = new FrameEncoder(initialFrameBytes)): Group {
  const durable = Promise.withResolvers<void>()
  // Whoever added a commit sees the fault; a group without commits has nobody to tell.
  durable.promise.catch(() => {})
  return { frame, durable, last: { position: 0, recordedAtMs: 0 } }
}
