// Copies a log to another place, commit by commit, while others write it; compares all of it; and then lets the copy take the place of the log.

import { throwIfAborted } from '../kernel/abort.ts'
import { isIndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import { type CopySource, type CopyTarget, copyMismatch, type OpenCopyTarget } from '../store/copying.ts'
import { historyUpTo } from '../store/history.ts'
import { CopyCheck } from './copy-check.ts'

export interface CopyOptions {
  readonly source: CopySource
  readonly openTarget: OpenCopyTarget
  /** Whether the copy takes the place of the log: the log is closed for writing for good, and the copy becomes a log like any other. */
  readonly switches?: boolean
  /** With `switches`: what else is moved, after the last write to the log and before the first one to the copy. */
  readonly moveRest?: () => Promise<void>
  /** Ends it between two steps. What was copied stays, and the next run goes on there. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: CopyProgress) => void
}

export interface CopyProgress {
  /** `waiting`: everything is copied and compared, and another process still writes the log. */
  readonly phase: 'copying' | 'checking' | 'waiting'
  readonly position: Position
  /** The end of the log, as far as it is known. */
  readonly head: Position
}

export interface CopySummary {
  /** The last position of the copy. */
  readonly head: Position
  /** How many events this run copied. */
  readonly copied: number
  /** Names the log and its history up to there: the same for both. */
  readonly history: string
  /** The root of the Merkle tree of both up to there. */
  readonly root: Uint8Array
  /** Whether the copy has taken the place of the log. */
  readonly isSwitched: boolean
}

/**
 * Brings a copy up to the end of its log, and compares all of it. Throws `copy_mismatch` before anything is written where the target cannot take it,
 * `copy_differs`, `aborted`, and what source and target throw. The log is only read, except that with `switches` it is closed for writing at the end.
 */
export async function copyLog(options: CopyOptions): Promise<CopySummary> {
  const { source, openTarget, switches = false } = options
  const target = await openTarget(await historyUpTo(source, 0))
  try {
    const copy = new Copy(options, target)
    await copy.assertBeginning()
    await copy.catchUp()
    if (switches) await copy.takePlace()
    return await copy.summary(switches)
  } finally {
    await target.close()
  }
}

class Copy {
  readonly #options: CopyOptions
  readonly #source: CopySource
  readonly #target: CopyTarget
  readonly #check: CopyCheck
  #copied = 0

  constructor(options: CopyOptions, target: CopyTarget) {
    this.#options = options
    this.#source = options.source
    this.#target = target
    this.#check = new CopyCheck({ source: options.source, target })
  }

  /** Throws `copy_mismatch` unless the log goes on where the target ends. */
  async assertBeginning(): Promise<void> {
    const { position } = await this.#target.head()
    if ((await this.#source.historyAt(position)) === (await this.#target.historyAt(position))) return
    throw copyMismatch(
      'diverged',
      `What is there is no beginning of this log: its last event, at position ${position}, is not the one that the log has there.`,
    )
  }

  /** Copies and compares up to the end of the log as it is now. */
  async catchUp(): Promise<void> {
    const { position: head } = await this.#source.head()
    const { position: after } = await this.#target.head()
    let written = Promise.resolve()
    try {
      for await (const commits of after < head ? this.#source.commits({ after, to: head }) : []) {
        await written
        throwIfAborted(this.#options.signal)
        // The next ones are read while these are written.
        written = this.#target.receive(commits)
        written.catch(() => {})
        const { position } = commits.at(-1)!.events.at(-1)!
        this.#copied += position - (commits[0]!.events[0]!.position - 1)
        this.#tell('copying', position, head)
      }
    } finally {
      await written
    }
    await this.#check.goOn(head, (position) => {
      throwIfAborted(this.#options.signal)
      this.#tell('checking', position, head)
    })
  }

  /** Waits until nobody writes the log any more, copies the rest, and finishes. At no moment can both be written. */
  async takePlace(): Promise<void> {
    while (!(await this.#retired())) {
      await this.#grown()
      await this.catchUp()
    }
    try {
      await this.catchUp()
      await this.#options.moveRest?.()
    } catch (error) {
      await this.#source.reopen()
      throw error
    }
    await this.#target.finish()
  }

  async summary(isSwitched: boolean): Promise<CopySummary> {
    const { position: head, root } = this.#check
    return { head, copied: this.#copied, history: await historyUpTo(this.#target, head), root, isSwitched }
  }

  /** False while a process writes the log that only this process can end. */
  async #retired(): Promise<boolean> {
    try {
      await this.#source.retire(this.#target.copyId)
      return true
    } catch (error) {
      if (isIndelibleError(error, 'store_locked')) return false
      throw error
    }
  }

  /** Resolves when there is more to copy, or after a while: a process that ends does not say so. */
  async #grown(): Promise<void> {
    const { position } = this.#check
    this.#tell('waiting', position, position)
    const patience = AbortSignal.timeout(retryMs)
    const { signal } = this.#options
    await this.#source.waitBeyond(position, signal ? AbortSignal.any([signal, patience]) : patience)
    throwIfAborted(signal)
  }

  #tell(phase: CopyProgress['phase'], position: Position, head: Position): void {
    this.#options.onProgress?.({ phase, position, head })
  }
}

/** How often it is tried to close the log for writing while another process writes it. */
const retryMs = 250
