// `indelible keys revoke`: a key is refused from now on.

import type { Command } from 'commander'
import { CliError } from '../../errors/index.ts'
import { addCommand } from '../../help.ts'
import { openKeys } from '../../keys/index.ts'
import { addClientOptions } from '../../options/index.ts'
import { jsonLine } from '../../output/index.ts'
import type { Session } from '../../session.ts'
import { addActor, type DecisionOptions } from '../sagas/client-options.ts'

export function addRevoke(group: Command, session: Session): void {
  const command = addCommand(group, 'revoke', {
    summary: 'revoke an API key',
    about:
      'Revoke an API key: servers refuse it at once. It cannot be taken back; make a new key instead. The log records who decided this and why.',
    examples: [['indelible keys revoke 3fQk2Lw9aZbX01yT --reason "It was in a chat." --actor ann', 'in the log here']],
  })
    .argument('<id>', 'the id of the key: the part after ind_, as keys list shows it')
    .requiredOption('--reason <text>', 'why; the log records it')
  addClientOptions(addActor(command)).action((keyId: string) => revoke(keyId, command.optsWithGlobals(), session))
}

async function revoke(keyId: string, options: DecisionOptions, session: Session): Promise<void> {
  const { reason, actor, json } = options
  const keys = await openKeys({ ...options, write: true }, session)
  try {
    const revoked = await keys.revoke({ keyId, reason: reason! }, actor === undefined ? {} : { actor })
    if (json) await session.out.write(`${jsonLine({ keyId, revoked })}\n`)
    if (!revoked) throw new CliError('key_unchanged', `${keyId} was revoked before.`)
    if (!json) await session.out.write(`${keyId} is revoked.\n`)
  } finally {
    await keys.close()
  }
}
