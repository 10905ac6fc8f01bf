// `indelible schedules show`: what became of one scheduled command.
import type { Command } from 'commander'
import { operations, type ScheduleShown, shownSchedule } from 'indelible/operations'
import { addCommand } from '../../help.ts'
import { askServer } from '../../http/index.ts'
import { addClientOptions, type ClientOptions, openLog, serverOf } from '../../options/index.ts'
import { escapeControls, jsonLine, type Output, padToCells } from '../../output/index.ts'
import { type Session, untilInterrupted } from '../../session.ts'

export const scheduleArgument = ['<id>', 'the id of the schedule'] as const

export function addShow(group: Command, session: Session): void {
  const command = addCommand(group, 'show', {
    summary: 'show what became of one scheduled command',
    about: 'Show one scheduled command: when it is sent, who scheduled it, and what became of it.',
    examples: [['indelible schedules show reminder-7', 'from the log']],
  }).argument(...scheduleArgument)
  addClientOptions(command).action((id: string) => show(id, command.optsWithGlobals(), session))
}

async function show(scheduleId: string, options: ClientOptions, session: Session): Promise<void> {
  const { out } = session
  const found = await scheduleOf(scheduleId, options, session)
  await out.write(options.json ? `${jsonLine(found)}\n` : format(found, out))
}

async function scheduleOf(scheduleId: string, options: ClientOptions, session: Session): Promise<ScheduleShown> {
  const server = serverOf(options)
  if (server) return await askServer(server, session)(operations.showSchedule, { scheduleId })
  const store = await openLog(options, session)
  try {
    return await untilInterrupted(shownSchedule(store, scheduleId), session.signal)
  } finally {
    await store.close()
  }
}

function format(found: ScheduleShown, out: Output): string {
  const { scheduleId, status, at, command, commandId, actor, scheduledAt, refusal, cancelReason, problem } = found
  const facts = [
    ['Status', status],
    ['Command', `${command.type} for ${command.category}-${command.id}, ${JSON.stringify(command.input)}`],
    ['At', at],
    ['Scheduled', `${scheduledAt}${actor === null ? '' : ` by ${actor}`}`],
    ['Sent as', commandId],
    ...(refusal ? [['Refused', `${refusal.reason} ${JSON.stringify(refusal.details)}`]] : []),
    ...(cancelReason === null ? [] : [['Cancelled', cancelReason]]),
    ...(problem === null ? [] : [['Problem', problem]]),
  ] as const
  const lines = facts.map(([name, text]) => `${out.paint('bold', padToCells(name!, 9))}  ${escapeControls(text!)}`)
  return [out.paint(['cyan', 'bold'], escapeControls(scheduleId)), '', ...lines, ''].join('\n')
}
