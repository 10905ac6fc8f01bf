// `indelible projections list`: the state of all projections.

import type { Command } from 'commander'
import { addCommand } from '../../help.ts'
import { addClientOptions, type ClientOptions } from '../../options/index.ts'
import { escapeControls, formatNumber, jsonLine, type Output, table, truncate } from '../../output/index.ts'
import type { ProjectionInfo } from '../../projections/index.ts'
import type { Session } from '../../session.ts'
import { withProjectionClient } from './client-options.ts'

export function addList(group: Command, session: Session): void {
  const command = addCommand(group, 'list', {
    summary: 'show the state of all projections',
    about:
      'List the projections that are declared: state, position, events behind the log (lag), whether its declaration changed since ' +
      'the table was filled, and which process runs it.',
    examples: [
      ['indelible projections list', 'directly from log and database'],
      ['indelible projections list --url http://127.0.0.1:3000', 'from a running server'],
      ['indelible projections list --json | jq .lagEvents', 'for a program, one projection per line'],
    ],
  })
  addClientOptions(command).action(() => list(command.optsWithGlobals(), session))
}

async function list(options: ClientOptions, session: Session): Promise<void> {
  const { out } = session
  const projections = await withProjectionClient(options, session, (client) => client.list())
  await out.write(options.json ? projections.map((each) => `${jsonLine(each)}\n`).join('') : format(projections, out))
}

const titles = ['NAME', 'STATE', 'POSITION', 'LAG', 'VERSION', 'RUN BY']
const isFigure = (column: number) => column === 2 || column === 3

function format(projections: readonly ProjectionInfo[], out: Output): string {
  if (projections.length === 0) return 'The system declares no projections.\n'
  const rows = projections.map((each) => [
    each.name,
    stateText(each),
    formatNumber(each.position),
    formatNumber(each.lagEvents),
    versionText(each),
    escapeControls(each.holder ?? '-'),
  ])
  const [head, ...lines] = table([titles, ...rows], isFigure).map((line) => truncate(line, out.columns))
  const troubles = projections
    .flatMap((each) => troubleOf(each) ?? [])
    .map((text) => truncate(escapeControls(text), out.columns))
  return [out.paint('bold', head!), ...lines, ...(troubles.length > 0 ? ['', ...troubles] : []), ''].join('\n')
}

function troubleOf({ name, table, error }: ProjectionInfo): string | undefined {
  if (table?.parked)
    return `${name} is parked at position ${formatNumber(table.parked.position)}: ${table.parked.message}`
  return error && `${name}: ${error.message}`
}

/** The database may know a newer state: another process may run the projection, or it may have been paused after it was parked. */
export function stateText({ state, table, rebuild }: ProjectionInfo): string {
  const isStill = table?.state === 'paused' || table?.state === 'parked'
  const there = isStill && table.state !== state ? ` (${table.state})` : ''
  const building = rebuild && state !== 'rebuilding' ? ', rebuilding' : ''
  return `${state}${there}${building}`
}

function versionText({ version, fingerprint, table }: ProjectionInfo): string {
  if (!table) return `${version}`
  if (table.fingerprint === null) return `${version}, no table`
  return table.fingerprint === fingerprint ? `${version}` : `${version}, changed`
}
