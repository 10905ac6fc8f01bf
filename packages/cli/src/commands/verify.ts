// `indelible verify`: reads every byte of the log and checks every checksum.
import type { Command } from 'commander'
import { verifyLog } from 'indelible/file'
import { addCommonOptions, type CommonOptions, logDirOf } from '../common-options.ts'
import { addCommand } from '../help.ts'
import { progressBar } from '../progress-bar.ts'
import { type Session, untilInterrupted } from '../session.ts'
import { bytesText, grouped, jsonLine } from '../text.ts'

export function addVerify(program: Command, session: Session): void {
  const command = addCommand(program, 'verify', {
    summary: 'check every byte of the log',
    about: 'Read every byte of the log and check every checksum. Changes nothing; another process may go on writing.',
    examples: [
      ['indelible verify', 'check the log of the config'],
      ['indelible verify --data /backup/data', 'check a backup'],
      ['indelible verify --json || echo "exit code $?"', 'in a script: 4 means damage'],
    ],
  })
  addCommonOptions(command).action(() => verify(command.optsWithGlobals(), session))
}

async function verify(options: CommonOptions, session: Session): Promise<void> {
  const dir = await logDirOf(options, session)
  const bar = progressBar(session.errors, 'Verifying')
  const startMs = performance.now()
  const report = await untilInterrupted(verifyLog({ dir, onProgress: bar.update }), session.signal).finally(bar.clear)
  const { segments, bytes, commits, events, head, recordedAt } = report
  const ms = Math.round(performance.now() - startMs)
  if (options.json) {
    await session.out.write(`${jsonLine({ dir, ...report, ms })}\n`)
    return
  }
  const { out } = session
  const last = head === 0 ? 'The log is empty.' : `The last event is at position ${grouped(head)}, recorded ${recordedAt}.`
  await out.write(
    `${out.paint('green', 'The log is whole.')} Every checksum was checked and is right.\n\n` +
      `  ${grouped(events)} events in ${grouped(commits)} commits\n` +
      `  ${grouped(segments)} segments, ${bytesText(bytes)}, read in ${(ms / 1000).toFixed(1)} s\n\n${last}\n`,
  )
}
