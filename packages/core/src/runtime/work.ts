// What a system would still do by itself. One of many tenants is closed where this can wait, and opened again when it is due.
import type { Position } from '../kernel/positions.ts'
import type { ConsumerState } from './consumers/status.ts'
import type { Health } from './health.ts'
import { hearEveryMs, retryClosedMs } from './limits.ts'

export interface Work {
  /** Something that follows the log has not handled all of it, or a saga is being driven. */
  readonly isUnderWay: boolean
  /** When the system has something to do at the latest, in milliseconds since 1970: a timer, another try, a look at another system. Never where it is undefined. */
  readonly dueMs: number | undefined
  /** Up to where the log was looked at. */
  readonly head: Position | undefined
}

/** Nobody knows, so that it must be looked at. */
export const unknownWork: Work = { isUnderWay: true, dueMs: undefined, head: undefined }

/** `dueMs` are those of the sagas. */
export function workOf(
  { head: { position: head }, consumers }: Health,
  { nowMs, dueMs: sagasDue }: { readonly nowMs: number; readonly dueMs: readonly (number | undefined)[] },
): Work {
  const due = sagasDue.filter((each) => each !== undefined)
  let isUnderWay = false
  for (const status of consumers) {
    if (resting.includes(status.state)) continue
    if (status.state === 'retrying') due.push(nowMs + retryClosedMs)
    else if (status.state !== 'running' || status.lagEvents > 0) isUnderWay = true
    else if (status.kind === 'saga' && status.active > 0) isUnderWay = true
    // Nobody tells a closed system that there is something to hear.
    else if (status.kind === 'feed') due.push(nowMs + hearEveryMs)
  }
  return { isUnderWay, dueMs: due.length === 0 ? undefined : Math.min(...due), head }
}

/** They go on when a person or another process sees to it. */
const resting: readonly ConsumerState[] = ['standby', 'parked', 'paused', 'diverged', 'stopped']
