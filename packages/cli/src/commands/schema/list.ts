// `indelible schema list`: all event types, with how often and when each was recorded.

import type { Command } from 'commander'
import type { EventTypeListed } from 'indelible/schema'
import { addCommand } from '../../help.ts'
import { addClientOptions, type ClientOptions } from '../../options/index.ts'
import { escapeControls, formatNumber, jsonLine, type Output, table, truncate } from '../../output/index.ts'
import type { Session } from '../../session.ts'
import { withSchemaClient } from './with-client.ts'

export function addList(group: Command, session: Session): void {
  const command = addCommand(group, 'list', {
    summary: 'list the event types',
    about:
      'List the event types that the log has registered, that the code declares, and that the log has events of. ' +
      'The status says how they differ: registered, changed, new, former, retired, unknown.',
    examples: [
      ['indelible schema list', 'the log and the code of the config'],
      ['indelible schema list --data /backup/data', 'a log alone'],
      ['indelible schema list --json | jq \'select(.status == "unknown")\'', 'for a program, one per line'],
    ],
  })
  addClientOptions(command).action(() => list(command.optsWithGlobals(), session))
}

async function list(options: ClientOptions, session: Session): Promise<void> {
  const { out } = session
  const types = await withSchemaClient(options, session, (client) => client.list())
  if (options.json) return await out.write(types.map((each) => `${jsonLine(each)}\n`).join(''))
  await out.write(format(types, out))
}

const titles = ['TYPE', 'VERSION', 'OWNER', 'EVENTS', 'FIRST', 'LAST', 'STATUS', 'PERSONAL']

function format(types: readonly EventTypeListed[], out: Output): string {
  if (types.length === 0) return 'The log has no event, and no event type was registered.\n'
  const rows = types.map(({ type, version, owners, count, first, last, status, personal }) =>
    [
      type,
      version === null ? '-' : String(version),
      owners.join(', ') || '-',
      formatNumber(count),
      first?.recordedAt ?? '-',
      last?.recordedAt ?? '-',
      status,
      personal.join(', ') || '-',
    ].map(escapeControls),
  )
  const isFigure = (column: number) => column === 1 || column === 3
  const [head, ...lines] = table([titles, ...rows], isFigure).map((line) => truncate(line, out.columns))
  return [out.paint('bold', head!), ...lines, ''].join('\n')
}
