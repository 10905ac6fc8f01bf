// The module of the thread that builds index files and column files.
import { parentPort } from 'node:worker_threads'
import { IndelibleError } from '../../kernel/errors.ts'
import { serve } from '../../threads/index.ts'
import { nodeDisk } from '../disk/index.ts'
import type { LogLimits } from '../limits.ts'
import type { BuildTask } from '../read/index.ts'

export interface BuildProtocol {
  buildIndex(request: BuildRequest): void
  buildColumns(request: BuildRequest): void
}

export interface BuildRequest {
  readonly dir: string
  readonly limits: LogLimits
  readonly task: BuildTask
  /** How many appends there were, and 1 when columns must not be built any further. */
  readonly signals: Int32Array
}

// What builds columns or an index is loaded when the first one is to be built: many threads build only one of them, and loading costs more than building a
// small one.

/** Columns wait for it: appends may wait for an index. */
let indexing: Promise<void> | undefined

serve<BuildProtocol>(parentPort!, {
  async buildIndex({ dir, limits, task }) {
    const { buildIndex } = await import('../index/index.ts')
    indexing = buildIndex({ dir, limits, disk: nodeDisk }, task)
    await indexing.finally(() => {
      indexing = undefined
    })
  },
  async buildColumns({ dir, limits, task, signals }) {
    const { buildColumns, SharedPace } = await import('../columns/index.ts')
    const pace = new SharedPace({
      shareMax: limits.columnsShareMax,
      count: () => Atomics.load(signals, 0),
      wait: async () => {
        if (Atomics.load(signals, 1) === 1) throw new IndelibleError('aborted', 'The log was closed.')
        await indexing?.catch(() => {})
      },
    })
    await buildColumns({ dir, limits, disk: nodeDisk }, task, pace)
  },
})
