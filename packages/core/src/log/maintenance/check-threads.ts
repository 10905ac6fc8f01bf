// Segments are checked on several threads, for each can be checked by itself. On a disk that is only in this thread, here.

import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { IndelibleError } from '../../kernel/errors.ts'
import { nodeDisk } from '../disk/index.ts'
import type { LogLimits, LogSource } from '../limits.ts'
import { checkSegment, type SegmentFindings, type SegmentTask } from './check-segment.ts'

/** More would wait for the disk, and each holds the index of a segment in memory. */
const threadsMax = 4
/** A smaller log is checked before threads have started. */
const threadedBytesMin = 64 * 1024 * 1024

export interface CheckRequest extends SegmentTask {
  readonly dir: string
  readonly limits: LogLimits
}

export type CheckAnswer =
  | { readonly findings: SegmentFindings }
  | { readonly fault: { readonly code: unknown; readonly message: string; readonly details: unknown } }

/** In development Node runs the source itself. */
const workerFile = import.meta.url.endsWith('.ts') ? './check-worker.ts' : './check-worker.js'

export class SegmentChecker {
  readonly #log: LogSource
  readonly #threads: CheckThread[] = []
  /** How many segments are checked at once. */
  readonly width: number

  constructor(log: LogSource, { bytes }: { bytes: number }) {
    this.#log = log
    const threaded = log.disk === nodeDisk && bytes >= threadedBytesMin
    this.width = threaded ? Math.min(availableParallelism(), threadsMax) : 1
  }

  /** Throws what `checkSegment` throws. At most `width` at once. */
  async check(task: SegmentTask): Promise<SegmentFindings> {
    if (this.width === 1) return await checkSegment(this.#log, task)
    const { dir, limits } = this.#log
    return await this.#free().check({ dir, limits, ...task })
  }

  #free(): CheckThread {
    const free = this.#threads.find(({ busy }) => !busy)
    if (free) return free
    const thread = new CheckThread()
    this.#threads.push(thread)
    return thread
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()))
  }
}

class CheckThread {
  readonly #worker = new Worker(new URL(workerFile, import.meta.url), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  #pending: PromiseWithResolvers<SegmentFindings> | undefined
  #hasEnded = false

  constructor() {
    this.#worker.on('message', (answer: CheckAnswer) => {
      if ('findings' in answer) this.#settle()?.resolve(answer.findings)
      else this.#settle()?.reject(errorOf(answer.fault))
    })
    this.#worker.on('error', (error) => this.#settle()?.reject(error))
    this.#worker.on('exit', () => {
      this.#hasEnded = true
      this.#settle()?.reject(new IndelibleError('io_failed', 'A thread that checks segments ended.'))
    })
  }

  get busy(): boolean {
    return this.#pending !== undefined
  }

  async check(request: CheckRequest): Promise<SegmentFindings> {
    this.#pending = Promise.withResolvers()
    this.#worker.postMessage(request)
    return await this.#pending.promise
  }

  /** It ends by itself: to stop a thread from outside while it starts has brought the process down. */
  async close(): Promise<void> {
    if (this.#hasEnded) return
    const ended = once(this.#worker, 'exit')
    this.#worker.postMessage('close')
    await ended
  }

  #settle(): PromiseWithResolvers<SegmentFindings> | undefined {
    const pending = this.#pending
    this.#pending = undefined
    return pending
  }
}

function errorOf({ code, message, details }: { code: unknown; message: string; details: unknown }): Error {
  if (code === undefined) return new Error(message)
  return new IndelibleError(code as IndelibleError['code'], message, { details: details as Record<string, unknown> })
}
