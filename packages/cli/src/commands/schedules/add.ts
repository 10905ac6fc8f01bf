// `indelible schedules add`: sends a command at a later time.

import type { Command } from 'commander'
import { operations } from 'indelible/operations'
import { CliError } from '../../errors/index.ts'
import { addCommand } from '../../help.ts'
import { addClientOptions } from '../../options/index.ts'
import type { Session } from '../../session.ts'
import { addActor, type DecisionOptions, decideByServer } from '../sagas/client-options.ts'

interface Options extends DecisionOptions {
  readonly at?: string
  readonly in?: string
  readonly id?: string
}

export function addAdd(group: Command, session: Session): void {
  const command = addCommand(group, 'add', {
    summary: 'send a command at a later time',
    about:
      'Send a command at a later time, once. Its input is JSON, and is checked now. The log records who scheduled it.',
    examples: [
      [
        "indelible schedules add account 576 CloseAccount '{}' --at 2026-12-31T18:00:00+01:00 --actor ann --url http://127.0.0.1:3000",
        'at an instant',
      ],
      [
        "indelible schedules add order o7 Remind '{}' --in 2d --id remind-o7 --url http://127.0.0.1:3000",
        'in two days, under an id, so that it may be repeated',
      ],
    ],
  })
    .argument('<category>', 'the category of the aggregate')
    .argument('<aggregate>', 'the id of the aggregate')
    .argument('<command>', 'the name of the command')
    .argument('<input>', 'the input of the command as JSON')
    .option('--at <time>', 'when: an RFC 3339 date-time with its zone')
    .option('--in <time>', 'after how long: 30s, 5m, 2h or 7d')
    .option('--id <id>', 'the id of the schedule')
  addClientOptions(addActor(command)).action((category: string, id: string, name: string, text: string) => {
    const { at, in: length, id: scheduleId, ...options } = command.optsWithGlobals<Options>()
    const decided = {
      operation: operations.scheduleCommand,
      input: { category, id, command: name, input: inputOf(text), at, in: length, scheduleId },
      isDone: () => true,
      done: (scheduled: { readonly scheduleId: string; readonly at: string; readonly duplicate: boolean }) =>
        `${name} is sent at ${scheduled.at}, as schedule ${scheduled.scheduleId}${scheduled.duplicate ? ' (it was scheduled before)' : ''}.`,
      undone: '',
    }
    return decideByServer(decided, options, session)
  })
}

function inputOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CliError('usage', `The input must be JSON, such as '{"amount":100}', not ${text}`)
  }
}
