// A scheduled command as readers see it: plain data.
import type { Command } from '../../kernel/commands.ts'
import { type ScheduledCommand, scheduleSaga } from '../../kernel/processes/index.ts'
import type { Instant } from '../../kernel/time.ts'
import type { SagaState } from './state.ts'
import { commandIdOf } from './walk.ts'

/** `waiting` for its time; `sent`, without an answer yet; `done`, it was carried out; `refused` by the domain; `cancelled` before its time. */
export type ScheduleStatus = 'waiting' | 'sent' | 'done' | 'refused' | 'cancelled'

export interface ScheduleView {
  readonly scheduleId: string
  readonly status: ScheduleStatus
  readonly command: Command
  /** When it is sent. */
  readonly at: Instant
  /** The id under which it is sent. */
  readonly commandId: string
  /** Who scheduled it. */
  readonly actor: string | null
  readonly refusal: { readonly reason: string; readonly details: Readonly<Record<string, unknown>> } | null
  /** Why it was cancelled. Its stream has who did it. */
  readonly cancelReason: string | null
}

export function scheduleViewOf(scheduleId: string, state: SagaState): ScheduleView {
  const { command, at, actor } = state.input as ScheduledCommand
  const { failure } = state
  const isRefused = failure !== null && failure.step !== ''
  return {
    scheduleId,
    status: statusOf(state),
    command,
    at,
    commandId: commandIdOf({ saga: scheduleSaga, sagaId: scheduleId, state }, 'send', 'do'),
    actor,
    refusal: isRefused ? { reason: failure.reason, details: failure.details } : null,
    cancelReason: failure !== null && !isRefused ? failure.reason : null,
  }
}

function statusOf({ status, failure, commands }: SagaState): ScheduleStatus {
  if (failure) return failure.step === '' ? 'cancelled' : 'refused'
  if (status === 'completed') return 'done'
  return commands.size > 0 ? 'sent' : 'waiting'
}
