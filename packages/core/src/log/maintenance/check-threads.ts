// Checks segments on several threads, because each segment can be checked by itself. A disk that only this thread has is checked here.
import { availableParallelism } from 'node:os'
import { IndelibleError } from '../../kernel/errors.ts'
import { startWorker, ThreadClient } from '../../threads/index.ts'
import { nodeDisk } from '../disk/index.ts'
import type { LogSource } from '../limits.ts'
import { checkSegment, type SegmentFindings, type SegmentTask } from './check-segment.ts'
import type { CheckProtocol } from './check-worker.ts'

/** More would wait for the disk, and each holds the index of a segment in memory. */
const threadsMax = 4
/** A smaller log is checked before threads have started. */
const threadedBytesMin = 64 * 1024 * 1024

export class SegmentChecker {
  readonly #log: LogSource
  readonly #idle: ThreadClient<CheckProtocol>[] = []
  readonly #threads: ThreadClient<CheckProtocol>[] = []
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
    const thread = this.#idle.pop() ?? this.#start()
    try {
      return await thread.call('check', { dir, limits, ...task })
    } finally {
      this.#idle.push(thread)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()))
  }

  #start(): ThreadClient<CheckProtocol> {
    const thread = new ThreadClient<CheckProtocol>(startWorker('./check-worker', import.meta.url), {
      ended: (cause) => new IndelibleError('io_failed', 'A thread that checks segments ended.', { cause }),
    })
    this.#threads.push(thread)
    return thread
  }
}
