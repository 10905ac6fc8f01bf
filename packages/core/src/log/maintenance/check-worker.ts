// The module of a thread that checks segments.
import { parentPort } from 'node:worker_threads'
import { serve } from '../../threads/index.ts'
import { nodeDisk } from '../disk/index.ts'
import type { LogLimits } from '../limits.ts'
import { checkSegment, type SegmentFindings, type SegmentTask } from './check-segment.ts'

export interface CheckProtocol {
  check(request: CheckRequest): SegmentFindings
}

export interface CheckRequest extends SegmentTask {
  readonly dir: string
  readonly limits: LogLimits
}

serve<CheckProtocol>(parentPort!, {
  async check({ dir, limits, ...task }, { transfer }) {
    const findings = await checkSegment({ dir, limits, disk: nodeDisk }, task)
    const { high, low, firstVersion, lastVersion } = findings.streams
    transfer([high.buffer, low.buffer, firstVersion.buffer, lastVersion.buffer] as ArrayBuffer[])
    return findings
  },
})
