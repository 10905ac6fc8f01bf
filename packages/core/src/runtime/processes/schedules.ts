// Schedules commands, cancels and shows what was scheduled. Each is an instance of the saga of schedules, which does the rest.
import { canonicalText } from '../../kernel/canonical.ts'
import type { Command } from '../../kernel/commands.ts'
import { durationMs } from '../../kernel/durations.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import type { ScheduledCommand } from '../../kernel/processes/index.ts'
import { shown } from '../../kernel/shown.ts'
import { streamName } from '../../kernel/streams.ts'
import { epochMs, type Instant, instant } from '../../kernel/time.ts'
import type { By } from '../consumers/by.ts'
import type { SagaEvent, SagaStart } from './events.ts'
import { loadSaga, type SagaInstanceOptions, takeTurn, tell } from './instance.ts'
import { type ScheduleView, scheduleViewOf } from './schedule-view.ts'

/** When a command is to be sent, and who says so. Give either `at` or `in`. */
export interface ScheduleOptions {
  /** An instant: an RFC 3339 date-time with its zone, `2026-03-29T09:00:00+02:00`. One that is past is sent at once. */
  readonly at?: Instant | undefined
  /** A length of time from now: `30s`, `5m`, `2h` or `7d`. */
  readonly in?: string | undefined
  /** Makes it idempotent: the same command at the same time is scheduled once for an id. The default is a new UUIDv7. */
  readonly id?: string | undefined
  /** Recorded with the schedule. */
  readonly actor?: string | undefined
  /** The default is the id of the schedule. The events of the command have it too. */
  readonly correlationId?: string | undefined
  /** The event or command that directly led to this. */
  readonly causationId?: string | undefined
  /** A W3C traceparent of what led to it. The command continues that trace. */
  readonly traceparent?: string | undefined
}

export interface Scheduled {
  readonly scheduleId: string
  /** When the command is sent, in UTC. */
  readonly at: Instant
  /** True if it had been scheduled before with this id. */
  readonly duplicate: boolean
}

export interface SchedulesOptions extends SagaInstanceOptions {
  /** The command in the form in which it is recorded. Throws where it could not be sent. */
  readonly recordable: (command: Command<string, unknown, unknown>) => Command
}

export class Schedules {
  readonly #options: SchedulesOptions

  constructor(options: SchedulesOptions) {
    this.#options = options
  }

  /** Throws `unknown_command`, `invalid_command`, `invalid_stream_name`, `invalid_time`, `schedule_id_reused`, and what the store throws. */
  async schedule(command: Command<string, unknown, unknown>, options: ScheduleOptions): Promise<Scheduled> {
    const { clock, ids, recordable, saga } = this.#options
    const { id = ids(), actor, correlationId = id, causationId = id, traceparent } = options
    checkTexts({ actor, correlationId, causationId, traceparent })
    const at = timeOf(options, clock.now())
    const input: ScheduledCommand = { command: recordable(command), at, in: options.in ?? null, actor: actor ?? null }
    const startedBy: SagaStart = { ...byCall, eventId: causationId, correlationId }
    const started: SagaEvent = {
      type: '$SagaStarted',
      data: { saga: saga.name, version: saga.version, input, startedBy },
    }
    const turn = await takeTurn(this.#options, id, { state: undefined, inputs: [started], actor, cause: traceparent })
    if (turn.status === 'written') return { scheduleId: id, at, duplicate: false }
    const earlier = turn.state.input as ScheduledCommand
    if (requestOf(earlier) === requestOf(input)) return { scheduleId: id, at: earlier.at, duplicate: true }
    if (earlier.actor !== input.actor) throw scheduledByAnother(id)
    throw new IndelibleError(
      'schedule_id_reused',
      `The schedule "${id}" is ${earlier.command.type} for ${earlier.command.category}-${earlier.command.id} at ${earlier.at}. Choose another id.`,
      { details: { scheduleId: id } },
    )
  }

  /** False where the command was already sent, or cancelled. Throws `schedule_missing`. */
  async cancel(id: string, { actor, reason, traceparent }: By & { readonly reason: string }): Promise<boolean> {
    await this.show(id)
    const data = { reason, event: null, actor: actor ?? null }
    const told = await tell(
      this.#options,
      id,
      ({ status, commands }) =>
        status === 'running' && commands.size === 0 ? { type: '$SagaCancelled', data } : undefined,
      { actor, traceparent },
    )
    return told !== undefined
  }

  /** Throws `schedule_missing`, `invalid_stream_name`. */
  async show(id: string): Promise<ScheduleView> {
    const { saga, store } = this.#options
    const state = await loadSaga(store, streamName(saga.category, id))
    if (state) return scheduleViewOf(id, state)
    throw new IndelibleError('schedule_missing', `No command was scheduled with the id "${id}".`)
  }
}

/** Does not tell what the other scheduled. */
export function scheduledByAnother(scheduleId: string): IndelibleError {
  return new IndelibleError(
    'schedule_id_reused',
    `The schedule "${scheduleId}" is of another principal. Choose another id.`,
    {
      details: { scheduleId },
    },
  )
}

const byCall = { type: '$CommandScheduled', position: 0, schemaVersion: 1, validAt: null } as const

/** Throws `invalid_time`. */
function timeOf({ at, in: length }: ScheduleOptions, nowMs: number): Instant {
  if ((at === undefined) === (length === undefined))
    throw new IndelibleError('invalid_time', 'Say when: give either "at", an instant, or "in", a length of time.')
  if (length !== undefined) return instant(nowMs + lengthMs(length))
  // The midnight of a day is another instant in each zone.
  if (typeof at === 'string' && at.includes('T')) return instant(epochMs(at))
  throw new IndelibleError(
    'invalid_time',
    `${shown(at)} is no instant. Write a date-time with its zone: 2026-03-29T09:00:00+02:00.`,
  )
}

function lengthMs(length: string): number {
  try {
    return durationMs(length)
  } catch (cause) {
    throw new IndelibleError('invalid_time', (cause as Error).message, { cause })
  }
}

function checkTexts(texts: Readonly<Record<string, string | undefined>>): void {
  for (const [name, text] of Object.entries(texts)) {
    if (text === undefined || typeof text === 'string') continue
    throw new IndelibleError('invalid_command', `The ${name} of a schedule must be text, not ${shown(text)}.`)
  }
}

/** What was asked for. A length of time gives another instant with each try. */
function requestOf({ command, at, in: length }: ScheduledCommand): string {
  const asked = { command, when: length ?? at }
  return canonicalText(asked) ?? JSON.stringify(asked)
}
