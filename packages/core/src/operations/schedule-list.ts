// Scheduled commands as a list, oldest first, a page at a time; and one of them.
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import { scheduleSaga } from '../kernel/processes/index.ts'
import type { Instant } from '../kernel/time.ts'
import { type ScheduleStatus, type ScheduleView, scheduleViewOf } from '../runtime/processes/schedule-view.ts'
import type { EventStore } from '../store/port.ts'
import { pageDefault, sagaEventsExaminedMax } from './limits.ts'
import { isPassed, readInstance, type SagaInstance, sagaInstances } from './saga-reading.ts'

export const scheduleStatuses = ['waiting', 'sent', 'done', 'refused', 'cancelled'] as const

/** A scheduled command, in a list or alone. */
export interface ScheduleShown extends ScheduleView {
  readonly scheduledAt: Instant
  /** Why it cannot be sent until a person helps. Only the process that runs the system knows; null elsewhere. */
  readonly problem: string | null
}

/** A page of scheduled commands. */
export interface SchedulePage {
  readonly schedules: readonly ScheduleShown[]
  /** Where the next page starts, or null. A page may be empty and have a next one. */
  readonly next: Position | null
}

export interface ScheduleFilters {
  /** `waiting` when left out. */
  readonly status?: ScheduleStatus | 'all' | undefined
  readonly from?: Position | undefined
  readonly limit?: number | undefined
}

export async function listedSchedules(store: EventStore, filters: ScheduleFilters): Promise<SchedulePage> {
  const { status = 'waiting', from = 1, limit = pageDefault } = filters
  const isOpenOnly = status === 'waiting' || status === 'sent'
  const schedules: ScheduleShown[] = []
  let events = 0
  for await (const instance of sagaInstances({ store, sagas: [scheduleSaga] }, { from, isOpenOnly })) {
    if (schedules.length === limit || events >= sagaEventsExaminedMax)
      return { schedules, next: instance.startedPosition }
    events += instance.events
    if (isPassed(instance)) continue
    const shown = shownOf(instance)
    if (status === 'all' || status === shown.status) schedules.push(shown)
  }
  return { schedules, next: null }
}

/** Throws `schedule_missing`, `invalid_stream_name`. */
export async function shownSchedule(store: EventStore, scheduleId: string): Promise<ScheduleShown> {
  try {
    return shownOf(await readInstance(store, scheduleSaga, scheduleId, () => {}))
  } catch (cause) {
    if (!isIndelibleError(cause, 'saga_missing')) throw cause
    throw new IndelibleError('schedule_missing', `No command was scheduled with the id "${scheduleId}".`, { cause })
  }
}

function shownOf({ id, state, startedAt: scheduledAt }: SagaInstance): ScheduleShown {
  return { ...scheduleViewOf(id, state), scheduledAt, problem: null }
}
