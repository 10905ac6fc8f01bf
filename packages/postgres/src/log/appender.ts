// Group commit: commits that wait in this process go to the database together, in one statement and one transaction.
import { type AppendOutcome, IndelibleError, type Position } from 'indelible'
import { type EncodedCommit, throwIfAborted } from 'indelible/adapter'
import { type BatchAnswer, type Earlier, headAfter, outcomesOf } from './batch.ts'
import { isOfValues, isPassing, toStoreError, unknownOutcome, unstorable } from './faults.ts'
import * as limits from './limits.ts'
import { inRounds, type Round } from './rounds.ts'
import type { Writer } from './writer.ts'

/** What the appender needs of its log. */
export interface AppenderOptions {
  readonly newWriter: () => Writer
  readonly outageMsMax: number
  /** Learns which kinds of events there are, so that the batch can name them by number. */
  readonly learnKinds: (commits: readonly EncodedCommit[]) => Promise<void>
  readonly written: (batch: WrittenBatch) => void
  readonly refused: (fault: unknown, appends: number) => void
}

export interface WrittenBatch {
  readonly rounds: readonly Round[]
  readonly answer: BatchAnswer
  /** Of the log after it. */
  readonly head: Position
  readonly ms: number
}

interface Waiting {
  readonly commit: EncodedCommit
  readonly signal: AbortSignal | undefined
  readonly sinceMs: number
  readonly bytes: number
  resolve(outcome: AppendOutcome | Earlier): void
  reject(fault: unknown): void
}

export class Appender {
  readonly #options: AppenderOptions
  #waiting: Waiting[] = []
  #taken = 0
  readonly #idle: Writer[]
  readonly #done: (() => void)[] = []

  constructor(options: AppenderOptions) {
    this.#options = options
    this.#idle = Array.from({ length: limits.lanesMax }, options.newWriter)
  }

  append(commit: EncodedCommit, signal: AbortSignal | undefined): Promise<AppendOutcome | Earlier> {
    if (this.#waiting.length - this.#taken >= limits.waitingCommitsMax) {
      const message = `${limits.waitingCommitsMax} commits wait for the database already. Nothing was written.`
      throw new IndelibleError('io_failed', message)
    }
    return new Promise((resolve, reject) => {
      const bytes = commit.events.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0)
      this.#waiting.push({ commit, signal, sinceMs: performance.now(), bytes, resolve, reject })
      if (this.#waiting.length - this.#taken === 1) queueMicrotask(() => this.#pump())
    })
  }

  /** Resolves once nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    if (this.#idle.length === limits.lanesMax && this.#waiting.length === 0) return
    await new Promise<void>((resolve) => this.#done.push(resolve))
  }

  #pump(): void {
    while (this.#idle.length > 0 && this.#taken < this.#waiting.length) {
      const writer = this.#idle.pop()!
      void this.#run(writer, this.#take()).finally(() => {
        this.#pump()
        if (this.#idle.length === limits.lanesMax) for (const done of this.#done.splice(0)) done()
      })
    }
  }

  #take(): Waiting[] {
    const batch: Waiting[] = []
    let [events, bytes] = [0, 0]
    while (this.#taken < this.#waiting.length && batch.length < limits.batchCommitsMax) {
      const next = this.#waiting[this.#taken]!
      events += next.commit.events.length
      bytes += next.bytes
      if (batch.length > 0 && (events > limits.batchEventsMax || bytes > limits.batchBytesMax)) break
      batch.push(next)
      this.#taken++
    }
    if (2 * this.#taken >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#taken)
      this.#taken = 0
    }
    return batch
  }

  async #run(writer: Writer, batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#write(writer, batch)
      this.#idle.push(writer)
    } catch (error) {
      // It is unknown what became of the last batch of this writer, so nothing more is written under its name.
      this.#idle.push(this.#options.newWriter())
      this.#refuse(batch, unknownOutcome(error))
    }
  }

  async #write(writer: Writer, batch: readonly Waiting[]): Promise<void> {
    const live = batch.filter(({ signal, reject }) => {
      try {
        throwIfAborted(signal)
        return true
      } catch (aborted) {
        reject(aborted)
        return false
      }
    })
    if (live.length === 0) return
    const commits = live.map(({ commit }) => commit)
    const patience = { sinceMs: live[0]!.sinceMs, writer }
    try {
      await this.#persistently(patience, () => this.#options.learnKinds(commits))
      const rounds = inRounds(commits)
      const beganMs = performance.now()
      const answer = await this.#persistently(patience, () => writer.write(rounds))
      const outcomes = outcomesOf(rounds, answer)
      const head = headAfter(rounds, answer)
      if (head > answer.head) this.#options.written({ rounds, answer, head, ms: performance.now() - beganMs })
      for (const { commit, resolve } of live) resolve(outcomes.get(commit)!)
    } catch (error) {
      if (writer.isUnsettled) throw error
      // One commit with a value that the database cannot store must not take the others with it.
      if (isOfValues(error) && live.length > 1) for (const one of live) await this.#write(writer, [one])
      else this.#refuse(live, isOfValues(error) ? unstorable(error) : toStoreError(error))
    }
  }

  /** Tries again while the database may come back, as long as the commits may wait. */
  async #persistently<Result>(
    { sinceMs, writer }: { sinceMs: number; writer: Writer },
    attempt: () => Promise<Result>,
  ): Promise<Result> {
    for (let waitMs = limits.reconnectMsMin; ; waitMs = Math.min(2 * waitMs, limits.reconnectMsMax)) {
      try {
        return await attempt()
      } catch (error) {
        const mayHelp = writer.isUnsettled || isPassing(error)
        if (!mayHelp || performance.now() - sinceMs + waitMs > this.#options.outageMsMax) throw error
        await new Promise((resolve) => setTimeout(resolve, waitMs))
      }
    }
  }

  #refuse(batch: readonly Waiting[], fault: unknown): void {
    this.#options.refused(fault, batch.length)
    for (const { reject } of batch) reject(fault)
  }
}
