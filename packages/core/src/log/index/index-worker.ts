// The far side of the thread that makes indexes.
import { parentPort } from 'node:worker_threads'
import { isIndelibleError } from '../../kernel/errors.ts'
import { nodeDisk } from '../disk.ts'
import type { LogLimits } from '../limits.ts'
import { buildIndex, type IndexTask } from './build.ts'

export interface IndexRequest {
  readonly dir: string
  readonly limits: LogLimits
  readonly task: IndexTask
}

export interface IndexAnswer {
  readonly fault?: { readonly code: unknown; readonly message: string; readonly details: unknown } | undefined
}

parentPort?.on('message', async ({ dir, limits, task }: IndexRequest) => {
  const answer = (message: IndexAnswer) => parentPort?.postMessage(message)
  try {
    await buildIndex({ dir, limits, disk: nodeDisk }, task)
    answer({})
  } catch (error) {
    const { code, message, details } = error as Record<string, unknown>
    answer({ fault: { code: isIndelibleError(error) ? code : undefined, message: String(message), details } })
  }
})
