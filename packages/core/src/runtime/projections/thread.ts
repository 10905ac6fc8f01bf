// Projections on a thread of their own, so that neither a rebuild nor a backlog slows commands. The thread opens the log for reading and its own way to
// the tables; what is asked of it travels as messages.
import { parentPort, Worker, type WorkerOptions, workerData } from 'node:worker_threads'
import { errorCodes, IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { System } from '../../kernel/system.ts'
import { systemClock, systemIds } from '../../kernel/system-clock.ts'
import type { EventStore } from '../../store/port.ts'
import type { ReadTables } from '../../store/read-tables.ts'
import { threadCloseMsMax, threadSoundMs } from '../limits.ts'
import { projectionCall } from '../purity.ts'
import { backoff } from '../waiting.ts'
import { type ProjectionHost, projectionsHere, type StartProjections } from './host.ts'
import { describeError, type ProjectionNotice } from './status.ts'

type Method = Exclude<keyof ProjectionHost, 'close'>

/** What is asked of the thread. */
type Request =
  | { readonly call: number; readonly method: Method; readonly args: readonly unknown[] }
  | { readonly abort: number }
  | 'close'

/** What it says. */
type Message =
  | { readonly call: number; readonly result: unknown }
  | { readonly call: number; readonly progress: readonly unknown[] }
  | { readonly call: number; readonly fault: Fault }
  | { readonly failed: Fault }
  | { readonly notice: ProjectionNotice }

interface Fault {
  readonly message: string
  readonly code?: unknown
  readonly details?: unknown
}

interface Call {
  readonly resolve: (result: never) => void
  readonly reject: (error: unknown) => void
  readonly progress: ((...args: never[]) => void) | undefined
}

/**
 * For `SystemParts.projections`: runs the projections of a system on a thread that begins with this module, which calls {@link runProjections}.
 * `workerData` is what that gets.
 */
export function projectionThread(
  module: URL,
  options: Pick<WorkerOptions, 'workerData' | 'execArgv'> = {},
): StartProjections {
  return (_system, { notify }) => new ProjectionThread(module, options, notify)
}

class ProjectionThread implements ProjectionHost {
  readonly #calls = new Map<number, Call>()
  readonly #closing = new AbortController()
  readonly #notify: (notice: ProjectionNotice) => void
  readonly #running: Promise<void>
  #lastCall = 0
  #worker: Worker | undefined
  /** Why there is none. */
  #end: IndelibleError | undefined

  constructor(module: URL, options: WorkerOptions, notify: (notice: ProjectionNotice) => void) {
    this.#notify = notify
    const start = () => new Worker(module, options)
    this.#running = this.#keepRunning(start(), start)
  }

  status: ProjectionHost['status'] = (head) => this.#call('status', [head])

  waitFor: ProjectionHost['waitFor'] = (name, position, { signal, ...options }) =>
    this.#call('waitFor', [name, position, options], { signal })

  rebuild: ProjectionHost['rebuild'] = (name, { signal, progress }) =>
    this.#call('rebuild', [name, {}], { signal, progress })

  verify: ProjectionHost['verify'] = (name, { signal, progress }) =>
    this.#call('verify', [name, {}], { signal, progress })

  setPaused: ProjectionHost['setPaused'] = (name, isPaused) => this.#call('setPaused', [name, isPaused])

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
      if ('notice' in message) this.#notify(message.notice)
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
    await exit
    this.#worker = undefined
    return cause
  }

  async #call<Result>(
    method: Method,
    args: readonly unknown[],
    { signal, progress }: { signal?: AbortSignal | undefined; progress?: Call['progress'] } = {},
  ): Promise<Result> {
    const worker = this.#worker
    if (!worker) throw this.#end!
    const call = ++this.#lastCall
    const abort = () => worker.postMessage({ abort: call } satisfies Request)
    worker.ref()
    try {
      return await new Promise<Result>((resolve, reject) => {
        this.#calls.set(call, { resolve, reject, progress })
        worker.postMessage({ call, method, args } satisfies Request)
        signal?.addEventListener('abort', abort)
        if (signal?.aborted) abort()
      })
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#calls.delete(call)
      if (this.#calls.size === 0) worker.unref()
    }
  }

  #answered(message: Extract<Message, { call: number }>): void {
    const call = this.#calls.get(message.call)
    if (!call) return
    if ('progress' in message) call.progress?.(...(message.progress as never[]))
    else if ('fault' in message) call.reject(errorOf(message.fault))
    else call.resolve(message.result as never)
  }
}

/** Stops a thread from outside only where it does not end by itself. */
function endInOrder(worker: Worker): void {
  worker.ref()
  const stop = setTimeout(() => worker.terminate(), threadCloseMsMax)
  worker.once('exit', () => clearTimeout(stop))
  worker.postMessage('close' satisfies Request)
}

/** What a thread of projections runs on. It takes the store and the tables over. */
export interface ThreadParts {
  readonly system: System
  /** Open for reading. */
  readonly store: EventStore
  readonly tables: ReadTables
  /** As in `SystemParts`. */
  readonly domainCode?: 'watched' | 'trusted'
}

/** To be called by the module of a {@link projectionThread}. `open` gets its `workerData`. */
export async function runProjections<Data>(open: (data: Data) => Promise<ThreadParts>): Promise<void> {
  const port = parentPort
  if (!port) throw new IndelibleError('invalid_declaration', 'runProjections is for the module of a projectionThread.')
  const say = (message: Message) => port.postMessage(message)
  const requests: Request[] = []
  // Nothing is open yet that would have to be closed in order.
  let serve = (request: Request): void => (request === 'close' ? process.exit() : void requests.push(request))
  port.on('message', (request: Request) => serve(request))
  try {
    const { system, store, tables, domainCode } = await opened(() => open(workerData as Data))
    const call = projectionCall(domainCode)
    const notify = (notice: ProjectionNotice) => say({ notice })
    const host = projectionsHere(system, { store, tables, call, notify, clock: systemClock, ids: systemIds })
    const aborts = new Map<number, AbortController>()

    const answer = async ({ call, method, args }: Extract<Request, { call: number }>) => {
      const abort = new AbortController()
      aborts.set(call, abort)
      try {
        const result = await invoke(host, method, args, {
          signal: abort.signal,
          progress: (...progress) => say({ call, progress }),
        })
        say({ call, result })
      } catch (error) {
        say({ call, fault: faultOf(error) })
      } finally {
        aborts.delete(call)
      }
    }
    const close = async () => {
      await host.close()
      await store.close()
      await tables.close()
      port.close()
    }
    serve = (request) => {
      if (request === 'close') void close()
      else if ('abort' in request) aborts.get(request.abort)?.abort()
      else void answer(request)
    }
    for (const request of requests) serve(request)
  } catch (error) {
    // What is open already would keep the thread alive; whoever hears this says `close`.
    serve = (request) => void (request === 'close' && process.exit())
    say({ failed: faultOf(error) })
  }
}

/** A log that is just being indexed, or a database that just starts, is there a little later. */
async function opened(open: () => Promise<ThreadParts>): Promise<ThreadParts> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await open()
    } catch (error) {
      if (!isIndelibleError(error) || !errorCodes[error.code].retryable) throw error
      await backoff(attempt, new AbortController().signal)
    }
  }
}

function invoke(
  host: ProjectionHost,
  method: Method,
  args: readonly unknown[],
  also: { signal: AbortSignal; progress: (...progress: unknown[]) => void },
): Promise<unknown> {
  const [first, second, third] = args as [never, never, object]
  switch (method) {
    case 'status':
      return host.status(first)
    case 'setPaused':
      return host.setPaused(first, second)
    case 'waitFor':
      return host.waitFor(first, second, { ...(third as { timeoutMs: number }), signal: also.signal })
    default:
      return host[method](first, also)
  }
}

/** Threads pass messages, not errors with fields of their own. */
function faultOf(error: unknown): Fault {
  if (isIndelibleError(error)) return { message: error.message, code: error.code, details: error.details }
  return { message: error instanceof Error ? error.message : String(error) }
}

function errorOf(fault: Fault): Error {
  if (!isIndelibleError(fault)) return new Error(fault.message)
  return new IndelibleError(fault.code, fault.message, { details: fault.details as Record<string, unknown> })
}
