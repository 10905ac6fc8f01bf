// `indelible schedules list`: commands that are sent at a later time.
import { type Command, Option } from 'commander'
import {
  listedSchedules,
  operations,
  type ScheduleFilters,
  type ScheduleShown,
  scheduleStatuses,
} from 'indelible/operations'
import { addCommand } from '../../help.ts'
import { askServer } from '../../http/index.ts'
import { addClientOptions, type ClientOptions, openLog, serverOf, wholeNumber } from '../../options/index.ts'
import { escapeControls, jsonLine, type Output, table, truncate } from '../../output/index.ts'
import { pagesOf } from '../../sagas/index.ts'
import { type Session, untilInterrupted } from '../../session.ts'

const limitDefault = 100
const pageMax = 1_000

interface Options extends ClientOptions {
  readonly status: NonNullable<ScheduleFilters['status']>
  readonly limit: number
}

export function addList(group: Command, session: Session): void {
  const command = addCommand(group, 'list', {
    summary: 'list commands that are sent later',
    about:
      'List commands that wait for their time, in the order in which they were scheduled: when each is sent, and who scheduled it.',
    examples: [
      ['indelible schedules list', 'those that wait for their time'],
      ['indelible schedules list --status refused', 'those that the domain refused, and why'],
      ['indelible schedules list --status all --json | jq .command', 'for a program, one per line'],
    ],
  })
    .addOption(
      new Option('--status <status>', 'only with this status').choices(['all', ...scheduleStatuses]).default('waiting'),
    )
    .option('--limit <count>', 'at most so many', wholeNumber('--limit', 'a count', 1), limitDefault)
  addClientOptions(command).action(() => list(command.optsWithGlobals(), session))
}

async function list(options: Options, session: Session): Promise<void> {
  const { out, signal } = session
  const { status, limit, json } = options
  const server = serverOf(options)
  const store = server ? undefined : await openLog(options, session)
  const ask = server && askServer(server, session)
  const found: ScheduleShown[] = []
  let isCut = false
  try {
    const read = (from: number) => {
      const filters = { status, from, limit: Math.min(pageMax, limit - found.length) }
      return ask ? ask(operations.listSchedules, filters) : untilInterrupted(listedSchedules(store!, filters), signal)
    }
    for await (const { schedules, next } of pagesOf(read)) {
      found.push(...schedules)
      isCut = next !== null && found.length >= limit
      if (isCut) break
    }
  } finally {
    await store?.close()
  }
  if (json) return await out.write(found.map((each) => `${jsonLine(each)}\n`).join(''))
  const more = isCut ? `\nThese are the first ${limit}. There may be more: give --limit or --status.\n` : ''
  await out.write(format(found, status, out) + more)
}

const titles = ['ID', 'STATUS', 'AT', 'COMMAND', 'FOR', 'BY', 'WHY']

function format(schedules: readonly ScheduleShown[], status: Options['status'], out: Output): string {
  if (schedules.length === 0)
    return status === 'waiting' ? 'No command waits for its time. To see all: --status all\n' : 'No schedule matches.\n'
  const rows = schedules.map(({ scheduleId, status, at, command, actor, refusal, cancelReason, problem }) =>
    [
      scheduleId,
      status,
      at,
      command.type,
      `${command.category}-${command.id}`,
      actor ?? '-',
      problem ?? refusal?.reason ?? cancelReason ?? '-',
    ].map(escapeControls),
  )
  const [head, ...lines] = table([titles, ...rows], () => false).map((line) => truncate(line, out.columns))
  return [out.paint('bold', head!), ...lines, ''].join('\n')
}
