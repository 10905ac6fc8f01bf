// Group commit: while one frame is being written, the commits that arrive collect in the next one, so that many callers share one sync.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { IdWriter } from '../../kernel/ids.ts'
import type { Position } from '../../kernel/positions.ts'
import type { FramePlace, NewCommit, PlacedFrame } from '../format/index.ts'
import type { LogLimits } from '../limits.ts'
import { FrameEncoder } from './frame-encoder.ts'

/** What group commit needs, and what it calls back. */
export interface GroupSink {
  readonly limits: Pick<LogLimits, 'queuedBytesMax' | 'queuedAppendsMax' | 'earlyWriteBytesMin'>
  readonly newId: IdWriter
  /** Makes a frame durable. A retryable error may pass; any other error is final. */
  readonly write: (frame: FrameEncoder, options: { readonly mayBlock: boolean }) => Promise<FramePlace>
  /** Tries whether a write could succeed now. Throws what `write` throws. */
  readonly probe: () => Promise<void>
  readonly written: (frame: PlacedFrame, recordedAtMs: number) => void
  /** These commits, in order, were not written. `recordedAtMs` is the time at which the first group would have been recorded. */
  readonly refused: (commits: readonly QueuedCommit[], fault: Error, recordedAtMs: number) => void
}

/** What is kept of a commit until it is durable. Its payloads are in the frame. */
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
  /** The callers that wait for room, in the order in which they came. */
  readonly #waiting = new Set<() => void>()
  /** Set while a short frame waits for the end of this turn of the event loop. */
  #turn: NodeJS.Immediate | undefined
  /** Set while anything is under way. */
  #busy: PromiseWithResolvers<void> | undefined
  #poison: Error | undefined

  constructor(sink: GroupSink) {
    this.#sink = sink
    this.#collecting = newGroup(new FrameEncoder(sink.newId))
  }

  /** Throws `store_poisoned` if no write can succeed any more. */
  assertNotPoisoned(): void {
    if (this.#poison) throw this.#poison
  }

  /** Runs `admit`, which may add a commit, when there is room and all earlier callers had their turn. Throws `aborted` if the caller gives up first. */
  async inTurn<Value>(admit: () => Value | Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
    return await new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(run)
        signal?.removeEventListener('abort', giveUp)
      }
      const run = () => {
        leave()
        // What it throws goes to the waiting caller.
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
    if (this.#writing === undefined) this.#begin()
    return group.durable.promise
  }

  /** Resolves when what was added at a position is durable. Throws what `write` throws. */
  durable(position: Position): Promise<void> {
    const isWriting = this.#writing !== undefined && position <= this.#writing.lastPosition
    return (isWriting ? this.#writing! : this.#collecting).durable.promise
  }

  /** Probes in the place of a write. False when a write is under way: its outcome says more than a probe. Throws what `write` throws. */
  async probe(): Promise<boolean> {
    if (this.#busy) return false
    this.#busy = Promise.withResolvers()
    this.#writing = newGroup(this.#spare ?? new FrameEncoder(this.#sink.newId))
    try {
      await this.#sink.probe()
      return true
    } finally {
      this.#writing = undefined
      this.#goOn()
    }
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#busy?.promise
  }

  /** Whether a commit can be added immediately. Callers that wait go first: there is no room as long as any of them waits. */
  get hasRoom(): boolean {
    const { queuedBytesMax, queuedAppendsMax } = this.#sink.limits
    return this.#collecting.frame.size < queuedBytesMax && this.#collecting.frame.commits < queuedAppendsMax
  }

  /** A long frame is written immediately, and later appends of this turn of the event loop are encoded meanwhile. A short frame waits for all of them. */
  #begin(): void {
    this.#busy ??= Promise.withResolvers()
    if (this.#collecting.frame.size >= this.#sink.limits.earlyWriteBytesMin) void this.#write({ mayBlock: false })
    else this.#turn ??= setImmediate(() => this.#endTurn())
  }

  #endTurn(): void {
    this.#turn = undefined
    if (this.#writing === undefined && this.#collecting.frame.commits > 0) void this.#write({ mayBlock: true })
  }

  async #write({ mayBlock }: { readonly mayBlock: boolean }): Promise<void> {
    const group = this.#collecting
    this.#writing = group
    this.#collecting = newGroup(this.#spare ?? new FrameEncoder(this.#sink.newId))
    this.#spare = undefined
    const write = this.#sink.write(group.frame, { mayBlock })
    this.#letIn()
    let fault: Error | undefined
    try {
      const place = await write
      this.#sink.written({ ...place, starts: group.frame.starts }, group.lastRecordedAtMs)
    } catch (error) {
      fault = error as Error
    }
    this.#writing = undefined
    if (fault) this.#refuse(group, fault)
    group.frame.clear()
    this.#spare = group.frame
    this.#letIn()
    this.#goOn()
    if (!fault) group.durable.resolve()
  }

  /** Runs before the waiting callers are resumed: what they append next is encoded while the disk works. */
  #goOn(): void {
    // A caller that was let in may have begun a write.
    if (this.#writing !== undefined) return
    if (this.#collecting.frame.commits > 0) this.#begin()
    else {
      this.#busy?.resolve()
      this.#busy = undefined
    }
  }

  #letIn(): void {
    for (const run of this.#waiting) {
      if (!this.hasRoom) return
      run()
    }
  }

  /** Each commit was checked against the commits before it, so when one is refused, all later ones are refused too. */
  #refuse(group: Group, fault: Error): void {
    const following = this.#collecting
    following.frame.clear()
    this.#collecting = newGroup(following.frame)
    if (!isIndelibleError(fault) || !fault.retryable) this.#poison = fault
    this.#sink.refused([...group.commits, ...following.commits], fault, group.lastRecordedAtMs)
    group.durable.reject(fault)
    following.durable.reject(fault)
  }
}

function newGroup(frame: FrameEncoder): Group {
  const durable = Promise.withResolvers<void>()
  // A caller that added a commit gets the error. In a group without commits no caller would handle it.
  durable.promise.catch(() => {})
  return { frame, durable, commits: [], lastPosition: 0, lastRecordedAtMs: 0 }
}
