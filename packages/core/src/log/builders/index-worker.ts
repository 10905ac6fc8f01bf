// The far side of the thread that makes indexes and columns.
import { parentPort } from 'node:worker_threads'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import { buildColumns, SharedPace } from '../columns/index.ts'
import { nodeDisk } from '../disk/index.ts'
import { buildIndex } from '../index/index.ts'
import type { LogLimits } from '../limits.ts'
import type { BuildTask } from '../read/index.ts'

export type BuildKind = 'index' | 'columns'

export interface BuildRequest {
  readonly kind: BuildKind
  readonly dir: string
  readonly limits: LogLimits
  readonly task: BuildTask
  /** How often the log was appended to, and 1 when the work must end. */
  readonly signals: Int32Array
}

export interface BuildAnswer {
  readonly kind: BuildKind
  readonly fault?: { readonly code: unknown; readonly message: string; readonly details: unknown } | undefined
}

/** Columns wait for it: appends may wait for an index. */
let indexing: Promise<void> | undefined

parentPort?.on('message', async (request: BuildRequest | 'close') => {
  if (request === 'close') {
    parentPort?.close()
    return
  }
  const { kind } = request
  const answer = (message: BuildAnswer) => parentPort?.postMessage(message)
  try {
    await build(request)
    answer({ kind })
  } catch (error) {
    const { code, message, details } = error as Record<string, unknown>
    answer({ kind, fault: { code: isIndelibleError(error) ? code : undefined, message: String(message), details } })
  }
})

async function build({ kind, dir, limits, task, signals }: BuildRequest): Promise<void> {
  const log = { dir, limits, disk: nodeDisk }
  if (kind === 'index') {
    indexing = buildIndex(log, task)
    await indexing.finally(() => {
      indexing = undefined
    })
    return
  }
  const pace = new SharedPace({
    shareMax: limits.columnsShareMax,
    count: () => Atomics.load(signals, 0),
    wait: async () => {
      if (Atomics.load(signals, 1) === 1) throw new IndelibleError('aborted', 'The log was closed.')
      await indexing?.catch(() => {})
    },
  })
  await buildColumns(log, task, pace)
}
