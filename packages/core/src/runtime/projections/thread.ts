// Projections on a thread of their own, so that neither a rebuild nor a backlog slows commands. The thread opens the log for reading and its own way to
// the tables (see `run-projections.ts`); what is asked of it travels as messages.
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Projection } from '../../kernel/projections.ts'
import type { System } from '../../kernel/system.ts'
import { type Timer, timer } from '../../kernel/timers.ts'
import { describeError } from '../consumers/status.ts'
import { threadAnswerMsMax, threadCallMsMax, threadCloseMsMax, threadSoundMs, threadStartMsMax } from '../limits.ts'
import { backoff } from '../waiting.ts'
import type { ProjectionHost, StartProjections } from './host.ts'
import type { ProjectionNotice, ProjectionStatus } from './status.ts'
import { errorOf, type Message, type Method, type Request } from './thread-messages.ts'

interface Call {
  readonly resolve: (result: never) => void
  readonly reject: (error: unknown) => void
  readonly progress: ((...args: never[]) => void) | undefined
}

interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly progress?: Call['progress']
  /** Milliseconds to wait for the answer. */
  readonly limitMs?: number
  /** Whether the limit is the same for a thread that has only just begun. */
  readonly isStartCounted?: boolean
}

/**
 * For `SystemParts.projections`: runs the projections of a system on a thread that begins with this module, which calls {@link runProjections}.
 * `workerData` is what that gets.
 */
export function projectionThread(
  module: URL,
  options: Pick<WorkerOptions, 'workerData' | 'execArgv'> = {},
): StartProjections {
  return (system, { notify }) => new ProjectionThread(system, () => new Worker(module, options), notify)
}

class ProjectionThread implements ProjectionHost {
  readonly #calls = new Map<number, Call>()
  readonly #closing = new AbortController()
  readonly #notify: (notice: ProjectionNotice) => void
  readonly #running: Promise<void>
  #lastCall = 0
  #worker: Worker | undefined
  #isReady = false
  /** Why the last one ended. */
  #end: IndelibleError | undefined
  /** What was last told. */
  #known: readonly ProjectionStatus[]

  constructor(system: System, start: () => Worker, notify: (notice: ProjectionNotice) => void) {
    this.#notify = notify
    this.#known = system.projections.map(unknownYet)
    this.#running = this.#keepRunning(start(), start)
  }

  /** While there is no thread, or none that answers, what was known of them, and why. */
  status: ProjectionHost['status'] = async (head) => {
    try {
      const options = { limitMs: threadAnswerMsMax, isStartCounted: true }
      this.#known = await this.#call<readonly ProjectionStatus[]>('status', [head], options)
      return this.#known
    } catch (error) {
      if (!isIndelibleError(error, 'projections_ended')) throw error
      // Of one that only just begins it says more why the last one ended.
      const reason = this.#isReady ? error : this.#end
      return this.#known.map((status) => {
        const known = { ...status, lagEvents: Math.max(0, head - status.position), rebuild: null }
        return reason ? { ...known, state: 'retrying', error: describeError(reason) } : known
      })
    }
  }

  position: ProjectionHost['position'] = (name) => this.#call('position', [name], { limitMs: threadAnswerMsMax })

  waitFor: ProjectionHost['waitFor'] = (name, position, { signal, ...options }) =>
    this.#call('waitFor', [name, position, options], { signal, limitMs: options.timeoutMs + threadAnswerMsMax })

  rebuild: ProjectionHost['rebuild'] = (name, { signal, progress }) =>
    this.#call('rebuild', [name, {}], { signal, progress })

  verify: ProjectionHost['verify'] = (name, { signal, progress }) =>
    this.#call('verify', [name, {}], { signal, progress })

  setPaused: ProjectionHost['setPaused'] = (name, isPaused) =>
    this.#call('setPaused', [name, isPaused], { limitMs: threadCallMsMax })

  async close(): Promise<void> {
    this.#closing.abort()
    if (this.#worker) endInOrder(this.#worker)
    await this.#running
  }

  /** A thread that ends by itself (an error that nobody caught, no memory left) is followed by another one, sooner or later. */
  async #keepRunning(worker: Worker, start: () => Worker): Promise<void> {
    const { signal } = this.#closing
    for (let current = worker, attempt = 0; ; current = start(), attempt++) {
      const beganMs = performance.now()
      const cause = await this.#life(current)
      const message = `The thread that runs the projections ended: ${describeError(cause).message}`
      this.#end = new IndelibleError('projections_ended', message, { cause })
      for (const call of this.#calls.values()) call.reject(this.#end)
      if (signal.aborted) return
      this.#notify({ kind: 'thread ended', message })
      if (performance.now() - beganMs > threadSoundMs) attempt = 0
      await backoff(attempt, signal)
      if (signal.aborted) return
    }
  }

  /** Resolves when the thread has ended, with the reason. */
  async #life(worker: Worker): Promise<unknown> {
    let cause: unknown = 'it exited.'
    worker.on('message', (message: Message) => {
      if (message === 'ready') this.#isReady = true
      else if ('notice' in message) this.#notify(message.notice)
      else if ('failed' in message) {
        cause = errorOf(message.failed)
        endInOrder(worker)
      } else this.#answered(message)
    })
    worker.on('error', (error) => {
      cause = error
    })
    const exit = new Promise((resolve) => worker.once('exit', resolve))
    // Whoever waits for an answer keeps the process alive, the thread does not.
    worker.unref()
    this.#worker = worker
    this.#isReady = false
    await exit
    this.#worker = undefined
    return cause
  }

  /** What has no limit can be aborted. A thread that does not answer in time answers with `projections_ended`. */
  async #call<Result>(
    method: Method,
    args: readonly unknown[],
    { signal, progress, limitMs, isStartCounted = false }: CallOptions,
  ): Promise<Result> {
    const worker = this.#worker
    if (!worker) throw this.#end!
    const call = ++this.#lastCall
    const asked = performance.now()
    let limit: Timer | undefined
    const giveUpAfter = (ms: number) => {
      limit?.cancel()
      const startMs = this.#isReady || isStartCounted ? 0 : threadStartMsMax
      limit = timer(startMs + ms, () => this.#calls.get(call)?.reject(silent(performance.now() - asked)))
    }
    const abort = () => {
      worker.postMessage({ abort: call } satisfies Request)
      giveUpAfter(threadAnswerMsMax)
    }
    worker.ref()
    try {
      return await new Promise<Result>((resolve, reject) => {
        this.#calls.set(call, { resolve, reject, progress })
        worker.postMessage({ call, method, args } satisfies Request)
        if (limitMs !== undefined) giveUpAfter(limitMs)
        signal?.addEventListener('abort', abort)
        if (signal?.aborted) abort()
      })
    } finally {
      limit?.cancel()
      signal?.removeEventListener('abort', abort)
      this.#calls.delete(call)
      if (this.#calls.size === 0) worker.unref()
    }
  }

  #answered(message: Extract<Message, { call: number }>): void {
    const call = this.#calls.get(message.call)
    if (!call) return
    if ('progress' in message) this.#told(message.call, () => call.progress?.(...(message.progress as never[])))
    else if ('fault' in message) call.reject(errorOf(message.fault))
    else call.resolve(message.result as never)
  }

  /** What the caller's code throws ends the call, as it would on this thread. */
  #told(call: number, tell: () => void): void {
    try {
      tell()
    } catch (error) {
      this.#worker?.postMessage({ abort: call } satisfies Request)
      this.#calls.get(call)?.reject(error)
    }
  }
}

function silent(ms: number): IndelibleError {
  return new IndelibleError(
    'projections_ended',
    `The thread that runs the projections has not answered for ${Math.round(ms)} ms.`,
  )
}

/** Before a thread has said anything. */
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

/** Stops a thread from outside only where it does not end by itself. */
function endInOrder(worker: Worker): void {
  worker.ref()
  const stop = setTimeout(() => worker.terminate(), threadCloseMsMax)
  worker.once('exit', () => clearTimeout(stop))
  worker.postMessage('close' satisfies Request)
}
