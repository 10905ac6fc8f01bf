// The far side of a thread that checks segments.
import { parentPort } from 'node:worker_threads'
import { isIndelibleError } from '../../kernel/errors.ts'
import { nodeDisk } from '../disk/index.ts'
import { checkSegment } from './check-segment.ts'
import type { CheckAnswer, CheckRequest } from './check-threads.ts'

parentPort?.on('message', async (request: CheckRequest | 'close') => {
  if (request === 'close') {
    parentPort?.close()
    return
  }
  const { dir, limits, ...task } = request
  try {
    const findings = await checkSegment({ dir, limits, disk: nodeDisk }, task)
    const { high, low, firstVersion, lastVersion } = findings.streams
    answer({ findings }, [high.buffer, low.buffer, firstVersion.buffer, lastVersion.buffer] as ArrayBuffer[])
  } catch (error) {
    const { code, message, details } = error as Record<string, unknown>
    answer({ fault: { code: isIndelibleError(error) ? code : undefined, message: String(message), details } })
  }
})

function answer(message: CheckAnswer, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer)
}
