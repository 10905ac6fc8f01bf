// `indelible stat`: what is in the log, at a glance.
import type { Command } from 'commander'
import { logStats } from 'indelible/file'
import { addCommonOptions, type CommonOptions, logDirOf } from '../common-options.ts'
import { addCommand } from '../help.ts'
import { type Session, untilInterrupted } from '../session.ts'
import { bytesText, cells, grouped, jsonLine, padded, visible } from '../text.ts'

export function addStat(program: Command, session: Session): void {
  const command = addCommand(program, 'stat', {
    summary: 'what is in the log',
    about: 'Show what is in the log: segments, events, streams, and how often each type of event occurs.',
    examples: [
      ['indelible stat', 'the log of the config'],
      ['indelible stat --data ./data', 'any log'],
      ['indelible stat --json | jq .events', 'the number of events, for a program'],
    ],
  })
  addCommonOptions(command).action(() => stat(command.optsWithGlobals(), session))
}

async function stat(options: CommonOptions, session: Session): Promise<void> {
  const dir = await logDirOf(options, session)
  const stats = await untilInterrupted(logStats({ dir }), session.signal)
  if (options.json) return session.out.write(`${jsonLine({ dir, ...stats })}\n`)
}
