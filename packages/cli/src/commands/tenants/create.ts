// `indelible tenants create`: makes a tenant.
import type { Command } from 'commander'
import { addCommand } from '../../help.ts'
import { addClientOptions, type ClientOptions } from '../../options/index.ts'
import { jsonLine } from '../../output/index.ts'
import type { Session } from '../../session.ts'
import { addActor } from '../sagas/client-options.ts'
import { openTenantsClient } from './client.ts'

interface Options extends ClientOptions {
  readonly actor?: string
}

export function addCreate(group: Command, session: Session): void {
  const command = addCommand(group, 'create', {
    summary: 'make a tenant',
    about: 'Make a tenant. Its log is empty. Nothing else makes one, so that a misspelt name never does.',
    examples: [
      ['indelible tenants create acme --actor ann', 'the list records who made it'],
      ['indelible tenants create acme --url https://bank.example --key-file admin.key', 'on a running server'],
    ],
  }).argument('<name>', 'a-z, 0-9 and "-", with a letter or digit at both ends, at most 63 characters')
  addClientOptions(addActor(command)).action((name: string) => create(name, command.optsWithGlobals(), session))
}

async function create(name: string, { actor, ...options }: Options, session: Session): Promise<void> {
  const client = await openTenantsClient(options, 'run', session)
  try {
    const made = await client.create(name, actor === undefined ? {} : { actor })
    await session.out.write(options.json ? `${jsonLine(made)}\n` : `The tenant ${made.tenant} was made.\n`)
  } finally {
    await client.close()
  }
}
