// `indelible schedules cancel`: a scheduled command is not sent.

import type { Command } from 'commander'
import { operations } from 'indelible/operations'
import { addCommand } from '../../help.ts'
import { addClientOptions } from '../../options/index.ts'
import type { Session } from '../../session.ts'
import { addActor, type DecisionOptions, decideByServer } from '../sagas/client-options.ts'
import { scheduleArgument } from './show.ts'

export function addCancel(group: Command, session: Session): void {
  const command = addCommand(group, 'cancel', {
    summary: 'cancel a scheduled command',
    about: 'Cancel a scheduled command: it is never sent. The log records who decided this and why.',
    examples: [
      [
        'indelible schedules cancel reminder-7 --reason "It was paid." --url http://127.0.0.1:3000',
        'on a running server',
      ],
    ],
  })
    .argument(...scheduleArgument)
    .requiredOption('--reason <text>', 'why; the log records it')
  addClientOptions(addActor(command)).action((scheduleId: string) => {
    const { reason, ...options } = command.optsWithGlobals<DecisionOptions>()
    const decided = {
      operation: operations.cancelSchedule,
      input: { scheduleId, reason: reason! },
      isDone: ({ cancelled }: { readonly cancelled: boolean }) => cancelled,
      done: `${scheduleId} is cancelled.`,
      undone: `${scheduleId} was sent or cancelled before. To see it: indelible schedules show ${scheduleId}`,
      code: 'schedule_unchanged' as const,
    }
    return decideByServer(decided, options, session)
  })
}
