// `indelible backup`: copies the log, also while another process writes it. The next run copies only new events.
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { type BackupSummary, backupLog } from 'indelible/file'
import { withDirectory } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import { addCommonOptions, type CommonOptions, logDirOf } from '../options/index.ts'
import { formatBytes, formatCount, formatSeconds, jsonLine, type Output, progressBar } from '../output/index.ts'
import { type Session, untilInterrupted } from '../session.ts'

export function addBackup(program: Command, session: Session): void {
  const command = addCommand(program, 'backup', {
    summary: 'copy the log, or only its new events',
    about:
      'Copy the log to another directory. If that already has a backup, copy only what is new. Another process may write the log at the same time. ' +
      'The backup is a log itself: to restore it, copy it back.',
    examples: [
      ['indelible backup /backup/data', 'the log of the config, to /backup/data/log'],
      ['indelible backup /backup/data --data ./data', 'any log; the next run copies only what is new'],
      ['indelible verify --data /backup/data', 'check every byte of a backup'],
      ['cp -r /backup/data/log ./data/log', 'restore the backup; ./data/log must not exist'],
    ],
  }).argument('<to>', 'the directory for log/, new or with an earlier backup')
  addCommonOptions(command).action((to: string) => backup(to, command.optsWithGlobals(), session))
}

async function backup(given: string, options: CommonOptions, session: Session): Promise<void> {
  const { out, errors, signal, cwd } = session
  const from = await logDirOf(options, session)
  const to = join(resolve(cwd, given), 'log')
  const bar = progressBar(errors, 'Copying')
  const startMs = performance.now()
  const work = backupLog({ from, to, onProgress: bar.update }).catch((error) =>
    Promise.reject(withDirectory(error, from)),
  )
  const summary = await untilInterrupted(work, signal).finally(bar.clear)
  const ms = Math.round(performance.now() - startMs)
  await out.write(options.json ? `${jsonLine({ from, to, ...summary, ms })}\n` : format(summary, { to, ms, out }))
}

function format(
  { head, recordedAt, segmentsCopied, segmentsSkipped, bytesCopied, bytesTotal }: BackupSummary,
  { to, ms, out }: { to: string; ms: number; out: Output },
): string {
  const copied =
    segmentsCopied === 0
      ? 'nothing new'
      : `${formatBytes(bytesCopied)} copied in ${formatCount(segmentsCopied, 'segment')}`
  const before = segmentsSkipped === 0 ? '' : `; ${formatCount(segmentsSkipped, 'segment')} already there`
  return [
    `${out.paint('green', 'The backup is complete.')} The copied data was checked, and read back from the disk.`,
    '',
    `  ${to}`,
    `  ${copied}, in ${formatSeconds(ms)}${before}`,
    `  ${formatBytes(bytesTotal)} in total`,
    head === 0 ? '  no events yet' : `  last event at position ${head}, recorded ${recordedAt}`,
    '',
  ].join('\n')
}
