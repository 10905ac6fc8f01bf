// `indelible schema show`: everything that is known of an event type.

import type { Command } from 'commander'
import { addCommand } from '../../help.ts'
import { addClientOptions, type ClientOptions } from '../../options/index.ts'
import { jsonLine } from '../../output/index.ts'
import { shownText } from '../../schemas/index.ts'
import type { Session } from '../../session.ts'
import { withSchemaClient } from './with-client.ts'

interface Options extends ClientOptions {
  readonly countVersions?: boolean
}

export function addShow(group: Command, session: Session): void {
  const command = addCommand(group, 'show', {
    summary: 'show an event type',
    about:
      'Show an event type: who emits it, who handles it, its tags and personal members, how many events there are, ' +
      'its versions with when each was registered first, and the JSON Schema of its data.',
    examples: [
      ['indelible schema show OrderPlaced', 'the log and the code of the config'],
      [
        'indelible schema show OrderPlaced --data /backup/data --count-versions',
        'a log alone, with the events of each version',
      ],
      ["indelible schema show OrderPlaced --json | jq '.versions[-1].schema'", 'its JSON Schema, for a program'],
    ],
  })
    .argument('<type>', 'the name of the event type')
    .option('--count-versions', 'read the events of this type, and count them by version')
  addClientOptions(command).action((type: string) => show(type, command.optsWithGlobals(), session))
}

async function show(type: string, options: Options, session: Session): Promise<void> {
  const { countVersions = false, json } = options
  const shown = await withSchemaClient(options, session, (client) => client.show(type, { countVersions }))
  await session.out.write(json ? `${jsonLine(shown)}\n` : shownText(shown, session.out))
}
