// Commands that are sent at a later time: scheduling, listing and cancelling them.
import { scheduleSaga } from '../kernel/processes/index.ts'
import type { By } from '../runtime/consumers/by.ts'
import { type Scheduled, scheduledByAnother } from '../runtime/processes/schedules.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import { instantSchema, objectOf, ref } from './json-schemas.ts'
import { pageDefault, pageMax, recordedTextBytesMax, sagaEventsExaminedMax } from './limits.ts'
import { operation } from './operation.ts'
import { oneOf, required, text, wholeNumber } from './parameters.ts'
import {
  listedSchedules,
  type SchedulePage,
  type ScheduleShown,
  scheduleStatuses,
  shownSchedule,
} from './schedule-list.ts'
import { assertPublic, commandParameters, nameOf } from './send-command.ts'

const { category, id, command, input } = commandParameters

export const scheduleCommand = operation({
  name: 'scheduleCommand',
  effect: 'changes',
  needs: ({ category, command, id, input }) => ({ verb: 'send', command: `${category}.${command}`, id, input }),
  parameters: {
    category,
    id,
    command,
    input,
    at: text({
      description:
        'When to send it: an RFC 3339 date-time with its zone. One that is past is sent at once. Give at or in.',
    }),
    in: text({ description: 'How long to wait before sending it: 30s, 5m, 2h or 7d.' }),
    scheduleId: text({
      bytesMax: recordedTextBytesMax,
      description: 'The id of the schedule. The same command at the same time is scheduled once for an id.',
    }),
    correlationId: text({
      bytesMax: recordedTextBytesMax,
      description: 'Shared by everything that one request sets in motion. The id of the schedule by default.',
    }),
  },
  refusals: [
    'invalid_command',
    'invalid_stream_name',
    'invalid_time',
    'unknown_command',
    'schedule_id_reused',
    'store_full',
  ],
  describe: ({ commands }) =>
    commands
      .filter(({ visibility }) => visibility === 'public')
      .map((described) => ({
        given: { category: described.category, command: described.type },
        group: described.category,
        summary: `${described.type}, at a later time`,
        description: 'The input is checked now. What the domain says is decided at that time.',
        schemas: { input: ref(nameOf(described)) },
        result: {
          description: 'It is recorded, and is sent at its time. duplicate: it had been scheduled before with this id.',
          schema: objectOf({
            scheduleId: { type: 'string' },
            at: instantSchema,
            duplicate: { type: 'boolean' },
          }),
        },
      })),
  async run(running, { category, id, command, input, scheduleId, ...when }, { by }): Promise<Scheduled> {
    assertPublic(running.system, { category, type: command })
    const scheduled = await running.schedule({ category, id, type: command, input }, { ...when, id: scheduleId, ...by })
    if (scheduled.duplicate) await assertOwn(running, scheduled.scheduleId, by)
    return scheduled
  },
})

/** As for a command that is sent: another principal's schedule must not pass for one of the caller. Throws `schedule_id_reused`. */
async function assertOwn(running: RunningSystem, scheduleId: string, { actor }: By): Promise<void> {
  if (running.access.isOpen || (await running.scheduled(scheduleId)).actor === (actor ?? null)) return
  throw scheduledByAnother(scheduleId)
}

const shownSchema = objectOf({
  scheduleId: { type: 'string' },
  status: {
    enum: scheduleStatuses,
    description: 'sent: without an answer yet. done: carried out. refused: by the domain, nothing was carried out.',
  },
  command: { type: 'object', description: 'With category, id, type and input.' },
  at: instantSchema,
  commandId: { type: 'string', description: 'The id under which it is sent.' },
  actor: { type: ['string', 'null'], description: 'Who scheduled it.' },
  refusal: { type: ['object', 'null'], description: 'Why it was refused: reason and details.' },
  cancelReason: { type: ['string', 'null'], description: 'Why it was cancelled.' },
  scheduledAt: instantSchema,
  problem: {
    type: ['string', 'null'],
    description: 'Why it cannot be sent until a person helps, as far as this process knows.',
  },
})

export const listSchedules = operation({
  name: 'listSchedules',
  effect: 'reads',
  needs: () => ({ verb: 'operate' }),
  parameters: {
    status: oneOf(['waiting', 'all', 'sent', 'done', 'refused', 'cancelled'], {
      description: 'Only those with this status.',
    }),
    from: wholeNumber({
      min: 1,
      description: 'The position in the log where the page starts: `next` of the page before.',
    }),
    limit: wholeNumber({
      min: 1,
      max: pageMax,
      default: pageDefault,
      description: `The maximum number of schedules on the page. A page reads about ${sagaEventsExaminedMax} events at most, so that it may have fewer, or none, and a next page.`,
    }),
  },
  paging: { parameter: 'from', firstPageOnly: [] },
  describe: () => [
    {
      group: 'schedules',
      summary: 'Commands that are sent at a later time, oldest first',
      result: {
        description: 'A page, and where the next page starts; null if this is the last page.',
        schema: objectOf({
          schedules: { type: 'array', items: shownSchema },
          next: { type: ['integer', 'null'] },
        }),
      },
    },
  ],
  async run(running, filters): Promise<SchedulePage> {
    const page = await listedSchedules(running.store, filters)
    return { ...page, schedules: await withProblems(running, page.schedules) }
  },
})

const which = { scheduleId: required(text({ description: 'The id of the schedule.' })) }

export const showSchedule = operation({
  name: 'showSchedule',
  effect: 'reads',
  needs: () => ({ verb: 'operate' }),
  parameters: which,
  refusals: ['invalid_stream_name', 'schedule_missing'],
  describe: () => [
    {
      group: 'schedules',
      summary: 'What became of a scheduled command',
      result: { description: 'Its state.', schema: shownSchema },
    },
  ],
  async run(running, { scheduleId }): Promise<ScheduleShown> {
    return (await withProblems(running, [await shownSchedule(running.store, scheduleId)]))[0]!
  },
})

/** Whether a schedule was cancelled. */
export interface ScheduleCancelled {
  readonly scheduleId: string
  /** False if the command was already sent, or cancelled before. */
  readonly cancelled: boolean
}

export const cancelSchedule = operation({
  name: 'cancelSchedule',
  effect: 'changes',
  needs: () => ({ verb: 'operate' }),
  parameters: {
    ...which,
    reason: required(text({ bytesMax: recordedTextBytesMax, description: 'Why, recorded with the decision.' })),
  },
  refusals: ['invalid_stream_name', 'schedule_missing', 'store_full'],
  describe: () => [
    {
      group: 'schedules',
      summary: 'Cancel a scheduled command',
      result: {
        description:
          'cancelled is false if the command was already sent, or cancelled before. If it is true, the command is never sent.',
        schema: objectOf({ scheduleId: { type: 'string' }, cancelled: { type: 'boolean' } }),
      },
    },
  ],
  async run(running, { scheduleId, reason }, { by }): Promise<ScheduleCancelled> {
    return { scheduleId, cancelled: await running.cancelSchedule(scheduleId, { reason, ...by }) }
  },
})

/** With what the runner in this process knows. */
async function withProblems(
  { consumers }: RunningSystem,
  shown: readonly ScheduleShown[],
): Promise<readonly ScheduleShown[]> {
  const status = await consumers.show(scheduleSaga)
  const problems = status.kind === 'saga' ? status.needsIntervention : []
  const byId = new Map(problems.map(({ sagaId, problem }) => [sagaId, problem]))
  return shown.map((each) => ({ ...each, problem: byId.get(each.scheduleId) ?? null }))
}
