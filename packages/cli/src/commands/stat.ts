// `indelible stat`: what is in the log, at a glance.
import type { Command } from 'commander'
import { type LogStats, logStats } from 'indelible/file'
import { addCommonOptions, type CommonOptions, logDirOf } from '../common-options.ts'
import { addCommand } from '../help.ts'
import type { Output } from '../output.ts'
import { progressBar } from '../progress-bar.ts'
import { type Session, untilInterrupted } from '../session.ts'
import { bytesText, cells, counted, grouped, jsonLine, padded, visible } from '../text.ts'

/** A large log has thousands of segments; the last ones are those that change. */
const segmentsShownMax = 10

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
  const { out, errors, signal } = session
  const dir = await logDirOf(options, session)
  const bar = progressBar(errors, 'Counting')
  const stats = await untilInterrupted(logStats({ dir, onProgress: bar.update }), signal).finally(bar.clear)
  await out.write(options.json ? `${jsonLine({ dir, ...stats })}\n` : shown(stats, { dir, out }))
}

function shown(stats: LogStats, { dir, out }: { dir: string; out: Output }): string {
  const { events, commits, streams, bytes, segments, eventTypes, firstRecordedAt, lastRecordedAt } = stats
  const lastSegments = segments.slice(-segmentsShownMax)
  const title = (text: string) => out.paint('bold', text)
  const types = eventTypes.map(({ type, count }) => [visible(type), grouped(count)])
  const omitted = segments.length > segmentsShownMax ? ` (the last ${segmentsShownMax})` : ''
  return [
    `${title('Log')}       ${dir}`,
    `${title('Events')}    ${counted(events, 'event')} in ${counted(commits, 'commit')} over ${counted(streams, 'stream')}`,
    `${title('Recorded')}  ${firstRecordedAt === null ? 'nothing yet' : `${firstRecordedAt} to ${lastRecordedAt}`}`,
    `${title('Size')}      ${bytesText(bytes)} in ${counted(segments.length, 'segment')}`,
    '',
    ...(types.length === 0 ? [] : [title('Event types'), ...table(types), '']),
    `${title('Segments')}${omitted}`,
    ...table(lastSegments.map(({ file, bytes, events }) => [file, bytesText(bytes), counted(events, 'event')])),
    '',
  ].join('\n')
}

/** Rows with the first column to the left and the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => cells(row[column]!))))
  return rows.map((row) => {
    const columns = row.map((text, column) =>
      column === 0 ? padded(text, widths[0]!) : text.padStart(widths[column]!),
    )
    return `  ${columns.join('  ')}`
  })
}
