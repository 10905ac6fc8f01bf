// `indelible tenants list`: who has a log.
import type { Command } from 'commander'
import type { Tenant } from 'indelible'
import { addCommand } from '../../help.ts'
import { addClientOptions, type ClientOptions } from '../../options/index.ts'
import { escapeControls, jsonLine, type Output, table, truncate } from '../../output/index.ts'
import type { Session } from '../../session.ts'
import { openTenantsClient } from './client.ts'

export function addList(group: Command, session: Session): void {
  const command = addCommand(group, 'list', {
    summary: 'list tenants',
    about: 'List tenants in the order in which they were made: their names, when each was made and by whom.',
    examples: [
      ['indelible tenants list', 'of the config found here'],
      ['indelible tenants list --url https://bank.example --key-file admin.key --json | jq -r .tenant', 'their names'],
    ],
  })
  addClientOptions(command).action(() => list(command.optsWithGlobals(), session))
}

async function list(options: ClientOptions, session: Session): Promise<void> {
  const client = await openTenantsClient(options, 'inspect', session)
  try {
    const found = await client.list()
    await session.out.write(
      options.json ? found.map((each) => `${jsonLine(each)}\n`).join('') : format(found, session.out),
    )
  } finally {
    await client.close()
  }
}

function format(tenants: readonly Tenant[], out: Output): string {
  if (tenants.length === 0) return 'There is no tenant. To make one: indelible tenants create NAME\n'
  const rows = tenants.map(({ tenant, createdAt, createdBy }) =>
    [tenant, createdAt.slice(0, 10), createdBy ?? '-'].map(escapeControls),
  )
  const [head, ...lines] = table([['TENANT', 'MADE', 'BY'], ...rows], () => false).map((line) =>
    truncate(line, out.columns),
  )
  return [out.paint('bold', head!), ...lines, ''].join('\n')
}
