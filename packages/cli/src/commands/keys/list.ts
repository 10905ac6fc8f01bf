// `indelible keys list`: who has an API key.

import { type Command, Option } from 'commander'
import type { ApiKey, ApiKeyStatus } from 'indelible'
import { addCommand } from '../../help.ts'
import { openKeys } from '../../keys/index.ts'
import { addClientOptions, type ClientOptions } from '../../options/index.ts'
import { escapeControls, jsonLine, type Output, table, truncate } from '../../output/index.ts'
import type { Session } from '../../session.ts'

interface Options extends ClientOptions {
  readonly status: ApiKeyStatus | 'all'
}

export function addList(group: Command, session: Session): void {
  const command = addCommand(group, 'list', {
    summary: 'list API keys',
    about:
      'List API keys in the order in which they were made: who each is for, who made it, and until when it is valid.',
    examples: [
      ['indelible keys list', 'those that are valid'],
      ['indelible keys list --status all --json | jq .keyId', 'for a program, one per line'],
    ],
  }).addOption(
    new Option('--status <status>', 'only with this status')
      .choices(['all', 'active', 'expired', 'revoked'])
      .default('active'),
  )
  addClientOptions(command).action(() => list(command.optsWithGlobals(), session))
}

async function list(options: Options, session: Session): Promise<void> {
  const { out } = session
  const { status, json } = options
  const keys = await openKeys(options, session)
  try {
    const found = (await keys.list()).filter((key) => status === 'all' || key.status === status)
    await out.write(json ? found.map((each) => `${jsonLine(each)}\n`).join('') : format(found, out))
  } finally {
    await keys.close()
  }
}

const titles = ['ID', 'STATUS', 'FOR', 'ROLES', 'MADE', 'BY', 'EXPIRES', 'WHY']

function format(keys: readonly ApiKey[], out: Output): string {
  if (keys.length === 0) return 'No key matches. To make one: indelible keys create NAME\n'
  const rows = keys.map(({ keyId, status, principal, issuedAt, issuedBy, expiresAt, reason }) =>
    [
      keyId,
      status,
      principal.actor,
      principal.roles.join(', ') || '-',
      issuedAt.slice(0, 10),
      issuedBy ?? '-',
      expiresAt?.slice(0, 10) ?? 'never',
      reason ?? '-',
    ].map(escapeControls),
  )
  const [head, ...lines] = table([titles, ...rows], () => false).map((line) => truncate(line, out.columns))
  return [out.paint('bold', head!), ...lines, ''].join('\n')
}
