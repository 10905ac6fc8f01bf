// Projections on a thread of their own, so that neither a rebuild nor a backlog slows commands. The thread opens the log for reading, and has its own
// access to the tables (see `run-projections.ts`).
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { IndelibleError, isIndelibleError } from '../../../kernel/errors.ts'
import type { Position } from '../../../kernel/positions.ts'
import type { Projection } from '../../../kernel/projections.ts'
import type { System } from '../../../kernel/system.ts'
import { type Timer, timer } from '../../../kernel/timers.ts'
import { type Input, type Result, ThreadClient } from '../../../threads/index.ts'
import { describeError } from '../../consumers/status.ts'
import { threadAnswerMsMax, threadCallMsMax, threadCloseMsMax, threadSoundMs, threadStartMsMax } from '../../limits.ts'
import { backoff } from '../../waiting.ts'
import type { HostCallOptions, HostNotice, ProjectionHost, ProjectionMethods, StartProjections } from '../host.ts'
import type { ProjectionStatus } from '../status.ts'
import type { ThreadNotice } from './run-projections.ts'

/**
 * For `SystemOptions.projections`: runs the projections of a system on a thread that begins with this module, which calls {@link runProjections}.
 * `workerData` is passed to that.
 */
export function projectionThread(
  module: URL,
  options: Pick<WorkerOptions, 'workerData' | 'execArgv'> = {},
): StartProjections {
  return (system, { notify }) => new ProjectionThread(system, () => new Worker(module, options), notify)
}

/** How long an answer may take. The other methods have a limit in their input, or can be aborted. */
const answerMsMax: { readonly [Name in keyof ProjectionMethods]?: number } = {
  status: threadAnswerMsMax,
  position: threadAnswerMsMax,
  setPaused: threadCallMsMax,
}

interface RunningThread {
  readonly worker: Worker
  readonly client: ThreadClient<ProjectionMethods>
  readonly exited: Promise<void>
  isReady: boolean
}

class ProjectionThread implements ProjectionHost {
  readonly #closing = new AbortController()
  readonly #start: () => Worker
  readonly #notify: (notice: HostNotice) => void
  readonly #running: Promise<void>
  #thread: RunningThread
  /** Why the last thread ended. */
  #end: IndelibleError | undefined
  /** What the process is to run, where several share the work: each thread has to hear it. */
  readonly #here = new Map<string, boolean>()
  /** The last answer. */
  #known: readonly ProjectionStatus[]

  constructor(system: System, start: () => Worker, notify: (notice: HostNotice) => void) {
    this.#start = start
    this.#notify = notify
    this.#known = system.projections.map(unknownYet)
    this.#thread = this.#begin()
    this.#running = this.#keepRunning()
  }

  /** If the thread does not answer: the last status that is known, and why there is no newer one. */
  async status(head: Position): Promise<readonly ProjectionStatus[]> {
    try {
      // Without extra time for a thread that is starting.
      this.#known = await this.#ask('status', { head }, {}, threadAnswerMsMax)
      return this.#known
    } catch (error) {
      if (!isIndelibleError(error, 'projections_ended')) throw error
      // For a thread that is starting, the end of the one before says more.
      const reason = this.#thread.isReady ? error : this.#end
      return this.#known.map((status) => {
        const known = { ...status, lagEvents: Math.max(0, head - status.position), rebuild: null }
        return reason ? { ...known, state: 'retrying', error: describeError(reason) } : known
      })
    }
  }

  async call<Name extends keyof ProjectionMethods>(
    method: Name,
    input: Input<ProjectionMethods, Name>,
    options: HostCallOptions<Name> = {},
  ): Promise<Result<ProjectionMethods, Name>> {
    if ('isHere' in input) this.#here.set(input.name, input.isHere)
    const limitMs = 'timeoutMs' in input ? input.timeoutMs + threadAnswerMsMax : answerMsMax[method]
    return await this.#ask(method, input, options, limitMs && limitMs + this.#startMs)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    const { worker, client } = this.#thread
    // A thread is stopped from outside only if it does not end by itself.
    const limit = timer(threadCloseMsMax, () => void worker.terminate())
    await client.close()
    limit.cancel()
    await this.#running
  }

  /** What a caller waits longer for a thread that is starting. */
  get #startMs(): number {
    return this.#thread.isReady ? 0 : threadStartMsMax
  }

  /** Throws `projections_ended` if the thread ends, or if it has not answered after the limit, or some time after the call was aborted. */
  async #ask<Name extends keyof ProjectionMethods>(
    method: Name,
    input: Input<ProjectionMethods, Name>,
    { signal, onProgress }: HostCallOptions<Name>,
    limitMs: number | undefined,
  ): Promise<Result<ProjectionMethods, Name>> {
    const asked = performance.now()
    const giveUp = new AbortController()
    let limit: Timer | undefined
    const giveUpAfter = (ms: number) => {
      limit?.cancel()
      limit = timer(ms, () => giveUp.abort(silent(performance.now() - asked)))
    }
    const aborted = () => giveUpAfter(this.#startMs + threadAnswerMsMax)
    if (limitMs !== undefined) giveUpAfter(limitMs)
    signal?.addEventListener('abort', aborted)
    if (signal?.aborted) aborted()
    try {
      return await this.#thread.client.call(method, input, { signal, giveUp: giveUp.signal, onProgress })
    } finally {
      limit?.cancel()
      signal?.removeEventListener('abort', aborted)
    }
  }

  /** If a thread ends by itself (an error that is not caught, no memory left), another one is started, at once or after a wait. */
  async #keepRunning(): Promise<void> {
    const { signal } = this.#closing
    for (let attempt = 0; ; attempt++) {
      const beganMs = performance.now()
      await this.#thread.exited
      if (signal.aborted) return
      this.#notify({ kind: 'thread ended', message: this.#end!.message })
      if (performance.now() - beganMs > threadSoundMs) attempt = 0
      await backoff(attempt, signal)
      if (signal.aborted) return
      this.#thread = this.#begin()
    }
  }

  #begin(): RunningThread {
    const worker = this.#start()
    const exited = Promise.withResolvers<void>()
    const client = new ThreadClient<ProjectionMethods>(worker, {
      ended: (cause = 'it exited.') => {
        const message = `The thread that runs the projections ended: ${describeError(cause).message}`
        this.#end = new IndelibleError('projections_ended', message, { cause })
        exited.resolve()
        return this.#end
      },
      onNotice: (notice: ThreadNotice) => {
        if (notice === 'ready') {
          thread.isReady = true
          for (const [name, isHere] of this.#here) client.call('setHere', { name, isHere }).catch(() => {})
        } else this.#notify(notice)
      },
    })
    const thread: RunningThread = { worker, client, exited: exited.promise, isReady: false }
    return thread
  }
}

function silent(ms: number): IndelibleError {
  return new IndelibleError(
    'projections_ended',
    `The thread that runs the projections has not answered for ${Math.round(ms)} ms.`,
  )
}

/** Before a thread has answered. */
function unknownYet({ name, version, table: { fingerprint }, staleness: { targetMs } }: Projection): ProjectionStatus {
  return {
    name,
    kind: 'projection',
    version,
    fingerprint,
    state: 'starting',
    position: 0,
    lagEvents: 0,
    staleness: { targetMs, lagMs: 0, p50Ms: null, p99Ms: null },
    holder: null,
    rebuild: null,
  }
}
