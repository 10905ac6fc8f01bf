// `indelible verify`: reads every byte of the log, checks every checksum, and the index and the replay columns against the log.
import type { Command } from 'commander'
import { type LogSummary, verifyLog } from 'indelible/file'
import { withDirectory } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import { addCommonOptions, logDirOf, several } from '../options/index.ts'
import {
  escapeControls,
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
import { assertSigned, type CheckpointOptions, compareWithCheckpoint, type SignedLog } from './signed-log.ts'

export function addVerify(program: Command, session: Session): void {
  const command = addCommand(program, 'verify', {
    summary: 'check every byte of the log',
    about:
      'Read every byte of the log, check every checksum, and compare the index and the replay columns with the log. ' +
      'It changes nothing, and another process may write at the same time. If the config has openTables, it also checks that the read tables ' +
      'were built from the history of this log, and ends with 6 if not. Where a Merkle tree is kept, it builds the tree again and compares it with the ' +
      'last checkpoint, or with the one in --checkpoint: it ends with 6 and says whether the log was rewritten, cut short or forked.',
    examples: [
      ['indelible verify', 'check the log of the config'],
      ['indelible verify --data /backup/data', 'check a backup'],
      ['indelible verify --checkpoint /safe/checkpoint', 'is it the log whose checkpoint was kept there?'],
      ['indelible verify --json || echo "exit code $?"', 'in a script: 4 means damage'],
    ],
  })
  command
    .option('--checkpoint <file>', 'a checkpoint of the log that was kept elsewhere')
    .option('--key <key>', 'a public key that must have signed the checkpoint; repeat it for several keys', several)
  addCommonOptions(command).action(() => verify(command.optsWithGlobals(), session))
}

async function verify(options: CheckpointOptions, session: Session): Promise<void> {
  const { out, errors, signal } = session
  const dir = await logDirOf(options, session)
  const bar = progressBar(errors, 'Verifying')
  const startMs = performance.now()
  const work = verifyLog({ dir, onProgress: bar.update }).catch((error) => Promise.reject(withDirectory(error, dir)))
  const summary = await untilInterrupted(work, signal).finally(bar.clear)
  const signed = await compareWithCheckpoint(options, session)
  const ms = Math.round(performance.now() - startMs)
  const tables = await checkTableHistory(options, session)
  await out.write(
    options.json
      ? `${jsonLine({ dir, ...summary, ms, tables: tables ?? null, signed: signed ?? null })}\n`
      : format(summary, { ms, out, tables, signed }),
  )
  if (signed) assertSigned(signed)
  if (tables && tables.diverged.length > 0) throw divergedError(tables.diverged)
}

interface Checked {
  readonly ms: number
  readonly out: Output
  readonly tables: TableHistory | undefined
  readonly signed: SignedLog | undefined
}

function format(
  { segments, bytes, commits, events, head, recordedAt, ending, indexes, columns }: LogSummary,
  { ms, out, tables, signed }: Checked,
): string {
  return [
    `${out.paint('green', 'The log is intact.')} Every byte was read, every checksum is correct.`,
    '',
    `  ${formatCount(events, 'event')} in ${formatCount(commits, 'commit')}`,
    `  ${formatBytes(bytes)} in ${formatCount(segments, 'segment')}, read in ${formatSeconds(ms)}`,
    `  ${indexText(indexes)}`,
    ...(columns.checked === 0
      ? []
      : [`  ${formatCount(columns.checked, 'file')} of replay columns that match the log`]),
    head === 0 ? '  no events yet' : `  last event at position ${head}, recorded ${recordedAt}`,
    `  ${endings[ending]}`,
    ...(tables ? [`  ${tablesText(tables)}`] : []),
    ...(signed ? [`  ${signedText(signed)}`] : []),
    '',
  ].join('\n')
}

function indexText({ checked, missing }: LogSummary['indexes']): string {
  if (checked + missing === 0) return 'no index yet, because no segment is sealed'
  const right =
    checked === 0
      ? 'no index to check'
      : `${formatCount(checked, 'index file')} that match${checked === 1 ? 'es' : ''} the log`
  return missing === 0 ? right : `${right}, ${formatNumber(missing)} missing: run "indelible index" to build them`
}

function tablesText({ checked, diverged, problem }: TableHistory): string {
  if (problem !== undefined) return `the read tables were not checked: ${problem}`
  if (diverged.length > 0) return `read tables that were built from another history: ${diverged.join(', ')}`
  return checked.length === 0
    ? 'no read tables yet'
    : `${formatCount(checked.length, 'read table')} built from this history`
}

function signedText({ size, file, origin, signedBy, misfit }: SignedLog): string {
  const checkpoint = `${file === null ? 'the last checkpoint' : `the checkpoint ${file}`} of ${escapeControls(origin)}`
  if (misfit) return `not the log of ${checkpoint}: ${misfit.kind}`
  const by = signedBy.length === 0 ? 'its signature was not checked, give --key' : 'its signature is right'
  return `the ${formatCount(size, 'event')} of ${checkpoint} (${by})`
}

const endings: Readonly<Record<LogSummary['ending'], string>> = {
  closed: 'closed properly',
  open: 'not closed: a process has it open for writing, or crashed',
  torn: 'ends with an incomplete write, which was never acknowledged; the next writer removes it',
}
