// `indelible projections show`: everything about one projection.

import type { Command } from 'commander'
import { type ProjectionStatus, previousTableName } from 'indelible'
import type { TableShown } from 'indelible/operations'
import { addCommand } from '../../help.ts'
import { addClientOptions, type ClientOptions } from '../../options/index.ts'
import { escapeControls, formatCount, formatNumber, jsonLine, type Output, padToCells } from '../../output/index.ts'
import { type ProjectionInfo, phaseText } from '../../projections/index.ts'
import type { Session } from '../../session.ts'
import { nameArgument, withProjectionClient } from './client-options.ts'
import { stateText } from './list.ts'

export function addShow(group: Command, session: Session): void {
  const command = addCommand(group, 'show', {
    summary: 'show everything about one projection',
    about:
      'Show one projection: its state and position, which process runs it, which code filled its table, and, if it is parked, ' +
      'the event, the row and the reason. With --url also the staleness of its rows and the progress of a rebuild.',
    examples: [
      ['indelible projections show account_balances', 'directly from log and database'],
      [
        'indelible projections show account_balances --url http://127.0.0.1:3000',
        'from a running server, with staleness',
      ],
      ['indelible projections show account_balances --json | jq .table.parked', 'for a program'],
    ],
  }).argument(...nameArgument)
  addClientOptions(command).action((name: string) => show(name, command.optsWithGlobals(), session))
}

async function show(name: string, options: ClientOptions, session: Session): Promise<void> {
  const { out } = session
  const projection = await withProjectionClient(options, session, (client) => client.show(name))
  await out.write(options.json ? `${jsonLine(projection)}\n` : format(projection, out))
}

type Line = readonly [title: string, text: string]

function format(projection: ProjectionInfo, out: Output): string {
  const { name, position, lagEvents, holder, staleness, rebuild, error, table } = projection
  const lines: readonly Line[] = [
    ['State', stateText(projection)],
    [
      'Position',
      `${formatNumber(position)}, ${lagEvents === 0 ? 'the end of the log' : `${formatCount(lagEvents, 'event')} behind`}`,
    ],
    ['Run by', escapeControls(holder ?? 'no process')],
    ['Version', versionText(projection)],
    ...(staleness ? [['Staleness', stalenessText(staleness)] as const] : []),
    ...(rebuild ? [['Rebuild', `${phaseText(rebuild)}, since ${rebuild.startedAt}`] as const] : []),
    ...(table ? tableLines(name, table) : [['Table', 'the database does not answer'] as const]),
    ...(error && !table?.parked ? [['Error', errorText(error)] as const] : []),
  ]
  const width = Math.max(...lines.map(([title]) => title.length))
  const texts = lines.map(([title, text]) => `${out.paint('bold', padToCells(title, width))}  ${text}`)
  return [out.paint(['cyan', 'bold'], name), '', ...texts, ''].join('\n')
}

function tableLines(name: string, { updatedAt, parked, staging, previous }: TableShown): readonly Line[] {
  return [
    ...(updatedAt === null ? [] : [['Written', updatedAt] as const]),
    ...(parked
      ? ([
          ['Parked', `at position ${formatNumber(parked.position)}, since ${parked.at}`],
          ['Event', escapeControls(`${parked.type} of ${parked.stream} (${parked.eventId})`)],
          ['Row', parked.row === null ? 'none' : jsonLine(parked.row)],
          ['Error', errorText(parked)],
        ] as const)
      : []),
    ...(staging
      ? [
          [
            'Staging',
            `the table of a rebuild that is running or was interrupted, at position ${formatNumber(staging.position)}`,
          ] as const,
        ]
      : []),
    ...(previous
      ? [
          [
            'Previous',
            `kept as ${previousTableName(name)}, at position ${formatNumber(previous.position)}, filled by code ${previous.fingerprint}`,
          ] as const,
        ]
      : []),
  ]
}

function versionText({ version, fingerprint, table }: ProjectionInfo): string {
  if (!table || table.fingerprint === fingerprint) return `${version} (${fingerprint})`
  return table.fingerprint === null
    ? `${version} (${fingerprint}); there is no table yet`
    : `${version} (${fingerprint}); the table is that of ${table.fingerprint}`
}

function stalenessText({ targetMs, lagMs, p50Ms, p99Ms }: ProjectionStatus['staleness']): string {
  const seen =
    p50Ms === null || p99Ms === null
      ? 'no events in the last minute'
      : `in the last minute 50% within ${formatNumber(p50Ms)} ms, 99% within ${formatNumber(p99Ms)} ms`
  return `${formatNumber(lagMs)} ms now, target ${formatNumber(targetMs)} ms; ${seen}`
}

function errorText({ message, code }: { message: string; code?: string }): string {
  return escapeControls(code === undefined ? message : `${code}: ${message}`)
}
