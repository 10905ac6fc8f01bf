// `indelible sagas graph`: the drawing of a saga, from its declaration.
import { type Command, Option } from 'commander'
import { declaredSaga } from 'indelible/operations'
import { describeSystem, mermaidOf, sagaDiagram } from 'indelible/schema'
import { addCommand } from '../../help.ts'
import { addCommonOptions, type CommonOptions, systemOf } from '../../options/index.ts'
import { jsonLine } from '../../output/index.ts'
import type { Session } from '../../session.ts'
import { nameArgument } from './client-options.ts'

interface Options extends CommonOptions {
  readonly format: (typeof formats)[number]
}

const formats = ['mermaid', 'svg'] as const

export function addGraph(group: Command, session: Session): void {
  const command = addCommand(group, 'graph', {
    summary: 'draw a saga, as Mermaid text or SVG',
    about:
      'Print the flow of a saga as a Mermaid flowchart or as an SVG picture: solid lines lead to success, dashed lines take back, dotted lines lead to what a person must mend. It shows ' +
      'waits, timeouts, and the refusals that make the saga compensate. It needs only the config.',
    examples: [
      ['indelible sagas graph transfer', 'as text'],
      ['indelible sagas graph transfer --format svg > transfer.svg', 'a picture, for light and dark pages'],
      ['indelible sagas graph transfer > transfer.mmd', 'for a page that draws Mermaid'],
    ],
  })
    .argument(...nameArgument)
    .addOption(new Option('--format <format>', 'what it is drawn as').choices(formats).default('mermaid'))
  addCommonOptions(command).action((name: string) => graph(name, command.optsWithGlobals(), session))
}

async function graph(name: string, options: Options, session: Session): Promise<void> {
  const { system } = await systemOf(options, session)
  declaredSaga(system.sagas, name)
  const description = describeSystem(system)
  const { format, json } = options
  const diagram = sagaDiagram(description.sagas.find((each) => each.name === name)!, description)
  // The library of the layout is loaded where it is needed.
  const drawn = format === 'mermaid' ? mermaidOf(diagram) : (await import('../../drawing/index.ts')).svgOf(diagram)
  await session.out.write(json ? `${jsonLine({ saga: name, [format]: drawn })}\n` : drawn)
}
