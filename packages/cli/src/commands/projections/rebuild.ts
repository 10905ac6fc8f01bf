// `indelible projections rebuild`: builds a new read table from the log, then replaces the live one.

import type { Command } from 'commander'
import { previousTableName, type RebuildReport } from 'indelible'
import { addCommand } from '../../help.ts'
import { addClientOptions, type ClientOptions } from '../../options/index.ts'
import {
  escapeControls,
  formatCount,
  formatNumber,
  formatSeconds,
  jsonLine,
  type Output,
  phaseBar,
} from '../../output/index.ts'
import { extentOf, type ProjectionInfo, phaseLabels } from '../../projections/index.ts'
import type { Session } from '../../session.ts'
import { nameArgument, withProjectionClient } from './client-options.ts'

interface Options extends ClientOptions {
  readonly dropPrevious?: boolean
}

export function addRebuild(group: Command, session: Session): void {
  const command = addCommand(group, 'rebuild', {
    summary: 'build a table again from the log',
    about:
      'Build a new table for a projection from the log, check it against a second fold of the log, and replace the live table by it in one step. ' +
      'Until then readers use the live table, and the projection continues.',
    examples: [
      ['indelible projections rebuild account_balances', 'directly from the log to the database'],
      ['indelible projections rebuild account_balances --url http://127.0.0.1:3000', 'on a running server'],
      ['indelible projections rebuild account_balances --drop-previous', 'without keeping the old table'],
    ],
  })
    .argument(...nameArgument)
    .option('--drop-previous', 'drop the replaced table instead of keeping it')
  addClientOptions(command).action((name: string) => rebuild(name, command.optsWithGlobals(), session))
}

async function rebuild(name: string, options: Options, session: Session): Promise<void> {
  const { out, errors } = session
  const { dropPrevious = false } = options
  const bar = phaseBar(errors)
  const progress = (at: Parameters<typeof extentOf>[0]) => bar.update(phaseLabels[at.phase], at.done, extentOf(at))
  const building = withProjectionClient(options, session, async (client) => {
    const before = await client.show(name)
    return { ...(await client.rebuild(name, { dropPrevious, progress })), before }
  })
  const { rows, contentHash, checkedPosition, position, ms, before } = await building.finally(bar.clear)
  const report = { rows, contentHash, checkedPosition, position, ms: Math.round(ms) }
  const eventsPerSecond = Math.round(position / (ms / 1000))
  const previousTable = dropPrevious ? null : previousTableName(name)
  await out.write(
    options.json
      ? `${jsonLine({ name, ...report, eventsPerSecond, previousTable })}\n`
      : format(report, { name, eventsPerSecond, previousTable, out }),
  )
  const other = ofOtherCode(before)
  if (other) await errors.write(`${other}\n`)
}

/** A note if another process runs the projection with the code that filled the old table. */
function ofOtherCode({ name, fingerprint, table, holder }: ProjectionInfo): string | undefined {
  if (!holder || !table || table.fingerprint === null || table.fingerprint === fingerprint) return undefined
  return escapeControls(
    `note: ${holder} runs ${name} with another declaration (${table.fingerprint}) than that of the new table (${fingerprint}). ` +
      'Restart it with the new code. Otherwise it rebuilds the table with its own code.',
  )
}

function format(
  { rows, contentHash, checkedPosition, position, ms }: RebuildReport,
  {
    name,
    eventsPerSecond,
    previousTable,
    out,
  }: { name: string; eventsPerSecond: number; previousTable: string | null; out: Output },
): string {
  const previous =
    previousTable === null
      ? 'the replaced table was dropped'
      : `the replaced table is kept as ${previousTable} until the next rebuild (--drop-previous drops it)`
  return [
    `${out.paint('green', `The table ${name} was rebuilt and is live.`)}`,
    '',
    `  ${formatCount(rows, 'row')}, identical in a second fold of the log up to position ${formatNumber(checkedPosition)}`,
    `  content ${contentHash}`,
    `  ${formatCount(position, 'event')} in ${formatSeconds(ms)}, ${formatNumber(eventsPerSecond)} events/s`,
    `  ${previous}`,
    '',
  ].join('\n')
}
