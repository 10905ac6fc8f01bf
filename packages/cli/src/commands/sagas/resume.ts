// `indelible sagas resume`: lets a saga go on that waits for a person.

import { type Command, Option } from 'commander'
import { operations } from 'indelible/operations'
import { addCommand } from '../../help.ts'
import { addClientOptions } from '../../options/index.ts'
import type { Session } from '../../session.ts'
import { addActor, type DecisionOptions, decideByServer, idArgument, nameArgument } from './client-options.ts'

interface Options extends DecisionOptions {
  readonly how: 'retry' | 'accept'
}

export function addResume(group: Command, session: Session): void {
  const command = addCommand(group, 'resume', {
    summary: 'resume a saga whose compensation or code failed',
    about:
      'Resume a saga that waits for a person. After a refused compensation, retry sends it again; accept leaves in effect what it should ' +
      'have taken back. A saga whose code failed is tried again. The log records who decided this and why.',
    examples: [
      ['indelible sagas resume transfer t1 --url http://127.0.0.1:3000', 'try the compensation again'],
      [
        'indelible sagas resume transfer t1 --how accept --reason "Paid back in cash." --actor ann --url http://127.0.0.1:3000',
        'leave it as it is',
      ],
    ],
  })
    .argument(...nameArgument)
    .argument(...idArgument)
    .addOption(new Option('--how <how>', 'how it goes on').choices(['retry', 'accept']).default('retry'))
    .option('--reason <text>', 'why; the log records it')
  addClientOptions(addActor(command)).action((name: string, id: string) => {
    const { how, reason, ...options } = command.optsWithGlobals<Options>()
    const decided = {
      operation: operations.resumeSaga,
      input: { name, id, how, reason },
      isDone: ({ resumed }: { readonly resumed: boolean }) => resumed,
      done: `${name} ${id} is resumed. To see what it does: indelible sagas show ${name} ${id}`,
      undone: `There is nothing to resume: ${name} ${id} does not wait for a person to resume it.`,
    }
    return decideByServer(decided, options, session)
  })
}
