// Group commit: while one frame is being written, the commits that arrive collect in the next one, so that many callers share one sync.
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import type { IdWriter } from '../kernel/ids.ts'
import type { Position } from '../kernel/positions.ts'
import { FrameEncoder } from './frame-encoder.ts'
import type { PlacedFrame } from './index/recent-index.ts'
import type { LogLimits } from './limits.ts'
import type { NewCommit } from './record.ts'
import type { FramePlace } from './writer.ts'

/** What group commit needs, and whom it tells. */
export interface GroupSink {
  readonly limits: Pick<LogLimits, 'queuedBytesMax' | 'queuedAppendsMax'>
  readonly newId: IdWriter
  /** Makes a frame durable. Throws `store_full`, or for good `store_poisoned`. */
  readonly write: (frame: FrameEncoder, options: { readonly mayBlock: boolean }) => Promise<FramePlace>
  readonly written: (frame: PlacedFrame, recordedAtMs: number) => void
  /** These commits, in order, were not written. */
  readonly refused: (commits: readonly QueuedCommit[]) => void
}

/** What is remembered of a commit until it is durable: its payloads are in the frame by then. */
export interface QueuedCommit {
  readonly commandId: string | undefined
  /** How many. */
  readonly events: number
}

/** Commits that become durable together. */
interface Group {
  readonly frame: FrameEncoder
  readonly durable: PromiseWithResolvers<void>
  readonly commits: QueuedCommit[]
  lastPosition: Position
  lastRecordedAtMs: number
}

export class GroupCommit {
  readonly #sink: GroupSink
  #collecting: Group
  #writing: Group | undefined
  #spare: FrameEncoder | undefined
  /** Those who wait for room, in the order in which they came. */
  readonly #waiting = new Set<() => void>()
  #running: Promise<void> | undefined
  #poison: IndelibleError | undefined

  constructor(sink: GroupSink) {
    this.#sink = sink
    this.#collecting = newGroup(new FrameEncoder(sink.newId))
  }

  /** Throws `store_poisoned` if no write can succeed any more. */
  assertSound(): void {
    if (this.#poison) throw this.#poison
  }

  /** Runs `admit`, which may add a commit, when there is room and those before had their turn. Throws `aborted` if the caller gives up first. */
  async inTurn<Value>(admit: () => Value | Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
    return await new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(run)
        signal?.removeEventListener('abort', giveUp)
      }
      const run = () => {
        leave()
        // What it throws goes to whoever waits.
        resolve((async () => await admit())())
      }
      const giveUp = () => {
        leave()
        reject(new IndelibleError('aborted', 'The caller gave up.', { cause: signal?.reason }))
      }
      this.#waiting.add(run)
      signal?.addEventListener('abort', giveUp)
    })
  }

  /** Adds a commit. Resolves when it is durable. Throws what `write` throws. */
  add(commit: NewCommit): Promise<void> {
    const group = this.#collecting
    group.frame.add(commit)
    group.commits.push({ commandId: commit.commandId, events: commit.events.length })
    group.lastPosition = commit.firstPosition + commit.events.length - 1
    group.lastRecordedAtMs = commit.recordedAtMs
    this.#running ??= this.#run()
    return group.durable.promise
  }

  /** Resolves when what was added at a position is durable. Throws what `write` throws. */
  durable(position: Position): Promise<void> {
    const isWriting = this.#writing !== undefined && position <= this.#writing.lastPosition
    return (isWriting ? this.#writing! : this.#collecting).durable.promise
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running
  }

  /** Whether a commit can be added at once. As long as anyone waits there is no room: nobody is overtaken. */
  get hasRoom(): boolean {
    const { queuedBytesMax, queuedAppendsMax } = this.#sink.limits
    return this.#collecting.frame.size < queuedBytesMax && this.#collecting.frame.commits < queuedAppendsMax
  }

  async #run(): Promise<void> {
    while (this.#collecting.frame.commits > 0) {
      // Whoever else appends in this turn of the event loop shares the frame, until it is full.
      // One that is full does not wait, so its write must: the event loop turns once a frame.
      const mayBlock = this.hasRoom
      if (mayBlock) await new Promise((resolve) => setImmediate(resolve))
      const group = this.#collecting
      this.#writing = group
      this.#collecting = newGroup(this.#spare ?? new FrameEncoder(this.#sink.newId))
      this.#spare = undefined
      this.#letIn()
      try {
        const place = await this.#sink.write(group.frame, { mayBlock })
        this.#writing = undefined
        this.#sink.written({ ...place, starts: group.frame.starts }, group.lastRecordedAtMs)
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
      if (!this.hasRoom) return
      run()
    }
  }

  /** Commits were checked against those before them, so with one all that follow are refused. */
  #refuse(group: Group, fault: IndelibleError): void {
    const following = this.#collecting
    this.#writing = undefined
    following.frame.clear()
    this.#collecting = newGroup(following.frame)
    if (!isIndelibleError(fault, 'store_full')) this.#poison = fault
    this.#sink.refused([...group.commits, ...following.commits])
    group.durable.reject(fault)
    following.durable.reject(fault)
  }
}

function newGroup(frame: FrameEncoder): Group {
  const durable = Promise.withResolvers<void>()
  // Whoever added a commit sees the fault; a group without commits has nobody to tell.
  durable.promise.catch(() => {})
  return { frame, durable, commits: [], lastPosition: 0, lastRecordedAtMs: 0 }
}
