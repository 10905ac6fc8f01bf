// `indelible stat`: statistics of the log.
import type { Command } from 'commander'
import { type LogStats, logStats, type SyncStats } from 'indelible/file'
import { addCommand } from '../help.ts'
import { addCommonOptions, type CommonOptions, logDirOf } from '../options/index.ts'
import {
  escapeControls,
  formatBytes,
  formatCount,
  formatMicroseconds,
  formatNumber,
  jsonLine,
  type Output,
  progressBar,
  table,
} from '../output/index.ts'
import { type Session, untilInterrupted } from '../session.ts'

/** A large log has thousands of segments. The last ones are those that change. */
const segmentsShownMax = 10
/** The width of the longest bar, in cells. */
const barCells = 30
/** Names are aligned to the left, numbers to the right. */
const isFigure = (column: number) => column > 0

export function addStat(program: Command, session: Session): void {
  const command = addCommand(program, 'stat', {
    summary: 'show statistics of the log',
    about:
      'Show the number of events, streams and segments, how often each type of event occurs, ' +
      'and how long the disk took to make writes durable.',
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
  await out.write(options.json ? `${jsonLine({ dir, ...stats })}\n` : format(stats, { dir, out }))
}

function format(stats: LogStats, { dir, out }: { dir: string; out: Output }): string {
  const { events, commits, streams, bytes, segments, eventTypes, firstRecordedAt, lastRecordedAt, syncs } = stats
  const lastSegments = segments.slice(-segmentsShownMax)
  const title = (text: string) => out.paint('bold', text)
  const types = eventTypes.map(({ type, count }) => [escapeControls(type), formatNumber(count)])
  const omitted = segments.length > segmentsShownMax ? ` (the last ${segmentsShownMax})` : ''
  return [
    `${title('Log')}       ${dir}`,
    `${title('Events')}    ${formatCount(events, 'event')} in ${formatCount(commits, 'commit')} over ${formatCount(streams, 'stream')}`,
    `${title('Recorded')}  ${firstRecordedAt === null ? 'nothing yet' : `${firstRecordedAt} to ${lastRecordedAt}`}`,
    `${title('Size')}      ${formatBytes(bytes)} in ${formatCount(segments.length, 'segment')}`,
    `${title('Index')}     ${filesText(stats.indexes)}`,
    `${title('Columns')}   ${filesText(stats.columns)}`,
    '',
    ...(types.length === 0 ? [] : [title('Event types'), ...table(types, isFigure), '']),
    `${title('Segments')}${omitted}`,
    ...table(
      lastSegments.map(({ file, bytes, events, indexBytes }) => {
        const index = indexBytes === null ? 'no index' : `index ${formatBytes(indexBytes)}`
        return [file, formatBytes(bytes), formatCount(events, 'event'), index]
      }),
      isFigure,
    ),
    '',
    ...(syncs ? [title('Durable writes'), ...histogram(syncs, out), ''] : []),
  ].join('\n')
}

function filesText({ count, bytes }: { count: number; bytes: number }): string {
  return count === 0 ? 'none yet' : `${formatBytes(bytes)} in ${formatCount(count, 'file')}`
}

/** A bar for each class, from the fastest to the slowest that occurred, and a summary. */
function histogram({ since, count, classes, ...at }: SyncStats, out: Output): string[] {
  const used = classes.map(({ count }) => count > 0)
  const shown = classes.slice(used.indexOf(true), used.lastIndexOf(true) + 1)
  const most = Math.max(...shown.map(({ count }) => count))
  const rows = shown.map(({ microsecondsMax, count }) => {
    const limit = microsecondsMax === null ? 'longer' : `to ${formatMicroseconds(microsecondsMax)}`
    const bar = '━'.repeat(Math.ceil((barCells * count) / most))
    return [limit, formatNumber(count), out.paint('cyan', bar)]
  })
  const within = (limit: number | null) => (limit === null ? 'an unknown time' : formatMicroseconds(limit))
  const { p50Microseconds, p99Microseconds, maxMicroseconds } = at
  return [
    ...table(rows, (column) => column < 2),
    `  ${formatNumber(count)} since ${since}`,
    `  50% within ${within(p50Microseconds)}, 99% within ${within(p99Microseconds)}, all within ${within(maxMicroseconds)}`,
  ]
}
