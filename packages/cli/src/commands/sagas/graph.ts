// `indelible sagas graph`: the drawing of a saga, from its declaration.
import type { Command } from 'commander'
import { declaredSaga } from 'indelible/operations'
import { describeSystem, sagaDiagram } from 'indelible/schema'
import { addCommand } from '../../help.ts'
import { addCommonOptions, type CommonOptions, systemOf } from '../../options/index.ts'
import { jsonLine } from '../../output/index.ts'
import type { Session } from '../../session.ts'
import { nameArgument } from './client-options.ts'

export function addGraph(group: Command, session: Session): void {
  const command = addCommand(group, 'graph', {
    summary: 'draw a saga, as Mermaid text',
    about:
      'Print the flow of a saga as a Mermaid flowchart: solid lines lead to success, dashed lines take back. It shows waits, timeouts, and ' +
      'the refusals that make the saga compensate. It needs only the config.',
    examples: [
      ['indelible sagas graph transfer', 'as text'],
      ['indelible sagas graph transfer > transfer.mmd', 'for a page that draws Mermaid'],
    ],
  }).argument(...nameArgument)
  addCommonOptions(command).action((name: string) => graph(name, command.optsWithGlobals(), session))
}

async function graph(name: string, options: CommonOptions, session: Session): Promise<void> {
  const { system } = await systemOf(options, session)
  declaredSaga(system.sagas, name)
  const description = describeSystem(system)
  const mermaid = sagaDiagram(description.sagas.find((each) => each.name === name)!, description)
  await session.out.write(options.json ? `${jsonLine({ saga: name, mermaid })}\n` : mermaid)
}
