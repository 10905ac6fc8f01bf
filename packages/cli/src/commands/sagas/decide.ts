// `indelible sagas decide`: answers a question that a saga asks a person.

import type { Command } from 'commander'
import { operations } from 'indelible/operations'
import { CliError } from '../../errors/index.ts'
import { addCommand } from '../../help.ts'
import { addClientOptions } from '../../options/index.ts'
import type { Session } from '../../session.ts'
import { addActor, type DecisionOptions, decideByServer, idArgument, nameArgument } from './client-options.ts'

export function addDecide(group: Command, session: Session): void {
  const command = addCommand(group, 'decide', {
    summary: 'answer a question that a saga asks a person',
    about:
      'Answer a question that a saga asks a person. The decision is JSON, as the saga declares it. The log records who decided this and why.',
    examples: [
      [
        'indelible sagas decide refund o7 approve \'{"isAllowed":true}\' --actor ann --reason "Seen." --url http://127.0.0.1:3000',
        'on a running server',
      ],
    ],
  })
    .argument(...nameArgument)
    .argument(...idArgument)
    .argument('<step>', 'the step that asks, as sagas show names it')
    .argument('<decision>', 'the decision as JSON')
    .option('--reason <text>', 'why; the log records it')
  addClientOptions(addActor(command)).action((name: string, id: string, step: string, text: string) => {
    const { reason, ...options } = command.optsWithGlobals<DecisionOptions>()
    const decided = {
      operation: operations.decideSaga,
      input: { name, id, step, decision: decisionOf(text), reason },
      isDone: ({ decided }: { readonly decided: boolean }) => decided,
      done: `${name} ${id} has its decision. To see what it does: indelible sagas show ${name} ${id}`,
      undone: `${name} ${id} does not ask this at "${step}" (any more).`,
    }
    return decideByServer(decided, options, session)
  })
}

function decisionOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CliError('usage', `The decision must be JSON, such as '{"isAllowed":true}' or '"yes"', not ${text}`)
  }
}
