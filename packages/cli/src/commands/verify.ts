// `indelible verify`: reads every byte of the log, checks every checksum, and the index and the replay columns against the log.
import type { Command } from 'commander'
import { type LogSummary, verifyLog } from 'indelible/file'
import { withDirectory } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import { addCommonOptions, type CommonOptions, logDirOf } from '../options/index.ts'
import {
  formatBytes,
  formatCount,
  formatNumber,
  formatSeconds,
  jsonLine,
  type Output,
  progressBar,
} from '../output/index.ts'
import { checkTableHistory, divergedError, type TableHistory } from '../projections/index.ts'
import { type Session, untilInterrupted } from '../session.ts'

export function addVerify(program: Command, session: Session): void {
  const command = addCommand(program, 'verify', {
    summary: 'check every byte of the log',
    about:
      'Read every byte of the log, check every checksum, and compare its index and replay columns with ones made anew. ' +
      'Changes nothing; another process may go on writing. Where the config says where the read tables are, look also whether they were ' +
      'made from the history of this log; ends with 6 where they were not.',
    examples: [
      ['indelible verify', 'check the log of the config'],
      ['indelible verify --data /backup/data', 'check a backup'],
      ['indelible verify --json || echo "exit code $?"', 'in a script: 4 means damage'],
    ],
  })
  addCommonOptions(command).action(() => verify(command.optsWithGlobals(), session))
}

async function verify(options: CommonOptions, session: Session): Promise<void> {
  const { out, errors, signal } = session
  const dir = await logDirOf(options, session)
  const bar = progressBar(errors, 'Verifying')
  const startMs = performance.now()
  const work = verifyLog({ dir, onProgress: bar.update }).catch((error) => Promise.reject(withDirectory(error, dir)))
  const summary = await untilInterrupted(work, signal).finally(bar.clear)
  const ms = Math.round(performance.now() - startMs)
  const tables = await checkTableHistory(options, session)
  await out.write(
    options.json
      ? `${jsonLine({ dir, ...summary, ms, tables: tables ?? null })}\n`
      : format(summary, { ms, out, tables }),
  )
  if (tables && tables.diverged.length > 0) throw divergedError(tables.diverged)
}

function format(
  { segments, bytes, commits, events, head, recordedAt, ending, indexes, columns }: LogSummary,
  { ms, out, tables }: { ms: number; out: Output; tables: TableHistory | undefined },
): string {
  return [
    `${out.paint('green', 'The log is whole.')} Every byte was read, every checksum is right.`,
    '',
    `  ${formatCount(events, 'event')} in ${formatCount(commits, 'commit')}`,
    `  ${formatBytes(bytes)} in ${formatCount(segments, 'segment')}, read in ${formatSeconds(ms)}`,
    `  ${indexText(indexes)}`,
    ...(columns.checked === 0 ? [] : [`  ${formatCount(columns.checked, 'file')} of replay columns as the log says`]),
    head === 0 ? '  nothing recorded yet' : `  last event at position ${head}, recorded ${recordedAt}`,
    `  ${endings[ending]}`,
    ...(tables ? [`  ${tablesText(tables)}`] : []),
    '',
  ].join('\n')
}

function indexText({ checked, missing }: LogSummary['indexes']): string {
  if (checked + missing === 0) return 'no index yet: no segment is sealed'
  const right = checked === 0 ? 'no index to check' : `${formatCount(checked, 'index file')} as the log says`
  return missing === 0 ? right : `${right}, ${formatNumber(missing)} missing: "indelible index" makes them`
}

function tablesText({ checked, diverged, problem }: TableHistory): string {
  if (problem !== undefined) return `the read tables were not looked at: ${problem}`
  if (diverged.length > 0)
    return `of ${formatCount(checked.length, 'read table')} not of this history: ${diverged.join(', ')}`
  return checked.length === 0 ? 'no read tables yet' : `${formatCount(checked.length, 'read table')} of this history`
}

const endings: Readonly<Record<LogSummary['ending'], string>> = {
  closed: 'closed in order',
  open: 'not closed: a process has it open for writing, or died',
  torn: 'ends in a write that was cut off; it was never acknowledged, and the next writer takes it away',
}
