// `indelible access list`: the grants of the config.
import type { Command } from 'commander'
import { addCommand } from '../../help.ts'
import { addCommonOptions, type CommonOptions, systemOf } from '../../options/index.ts'
import { escapeControls, jsonLine, table } from '../../output/index.ts'
import type { Session } from '../../session.ts'
import { grantText, whomText } from './grant-text.ts'

export function addList(group: Command, session: Session): void {
  const command = addCommand(group, 'list', {
    summary: 'list the grants',
    about:
      'List the grants of the config. Where several fit, the first one decides what is seen. What no grant allows is refused.',
    examples: [
      ['indelible access list', 'all grants'],
      ['indelible access list --json', 'for a program: a line for each grant'],
    ],
  })
  addCommonOptions(command).action(() => list(command.optsWithGlobals(), session))
}

async function list(options: CommonOptions, session: Session): Promise<void> {
  const { out } = session
  const { access } = await systemOf(options, session)
  if (options.json) return await out.write((access?.grants ?? []).map((grant) => `${jsonLine(grant)}\n`).join(''))
  if (!access) return await out.write('The config declares no access: whoever reaches the server may do everything.\n')
  const rows = access.grants.map((grant) => [whomText(grant), grantText(grant)].map(escapeControls))
  await out.write(`${table(rows, () => false).join('\n')}\n`)
}
