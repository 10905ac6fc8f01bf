// `indelible sagas cancel`: makes a running saga take back what it did.

import type { Command } from 'commander'
import { operations } from 'indelible/operations'
import { addCommand } from '../../help.ts'
import { addClientOptions } from '../../options/index.ts'
import type { Session } from '../../session.ts'
import { addActor, type DecisionOptions, decideByServer, idArgument, nameArgument } from './client-options.ts'

export function addCancel(group: Command, session: Session): void {
  const command = addCommand(group, 'cancel', {
    summary: 'make a running saga take back what it did',
    about:
      'Cancel a running saga: it takes back what it did, in reverse order, and ends as compensated. The log records who decided this and why.',
    examples: [
      [
        'indelible sagas cancel order o7 --reason "The shop is closed." --url http://127.0.0.1:3000',
        'on a running server',
      ],
    ],
  })
    .argument(...nameArgument)
    .argument(...idArgument)
    .requiredOption('--reason <text>', 'why; the log records it')
  addClientOptions(addActor(command)).action((name: string, id: string) => {
    const { reason, ...options } = command.optsWithGlobals<DecisionOptions>()
    const decided = {
      operation: operations.cancelSaga,
      input: { name, id, reason: reason! },
      isDone: ({ cancelled }: { readonly cancelled: boolean }) => cancelled,
      done: `${name} ${id} is cancelled and takes back what it did. To see it: indelible sagas show ${name} ${id}`,
      undone: `${name} ${id} does not run any more, so that there is nothing to cancel.`,
    }
    return decideByServer(decided, options, session)
  })
}
