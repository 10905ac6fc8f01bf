// `indelible index`: builds the index and the replay columns of the log again.
import type { Command } from 'commander'
import { type RebuildSummary, rebuildIndex } from 'indelible/file'
import { withDirectory } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import { addCommonOptions, type CommonOptions, logDirOf } from '../options/index.ts'
import { formatBytes, formatCount, formatSeconds, jsonLine, type Output, progressBar } from '../output/index.ts'
import { type Session, untilInterrupted } from '../session.ts'

export function addIndex(program: Command, session: Session): void {
  const command = addCommand(program, 'index', {
    summary: 'build the index again',
    about:
      'Build the index files and the replay columns again from the log. Use it if verify or stat reports that some are missing or damaged. ' +
      'Another process may read and write the log at the same time.',
    examples: [
      ['indelible index', 'the log of the config'],
      ['indelible index --data ./data --json', 'any log, for a program'],
    ],
  })
  addCommonOptions(command).action(() => index(command.optsWithGlobals(), session))
}

async function index(options: CommonOptions, session: Session): Promise<void> {
  const { out, errors, signal } = session
  const dir = await logDirOf(options, session)
  const bar = progressBar(errors, 'Indexing')
  const work = rebuildIndex({ dir, onProgress: bar.update }).catch((error) => Promise.reject(withDirectory(error, dir)))
  const summary = await untilInterrupted(work, signal).finally(bar.clear)
  await out.write(options.json ? `${jsonLine({ dir, ...summary })}\n` : format(summary, { out }))
}

function format({ segments, events, bytes, columnBytes, ms }: RebuildSummary, { out }: { out: Output }): string {
  if (segments === 0) return 'No segment is sealed yet, so there is nothing to build.\n'
  return [
    `${out.paint('green', 'The index and the replay columns were built again.')}`,
    '',
    `  ${formatCount(events, 'event')} in ${formatCount(segments, 'sealed segment')}`,
    `  ${formatBytes(bytes)} of index and ${formatBytes(columnBytes)} of replay columns, built in ${formatSeconds(ms)}`,
    '',
  ].join('\n')
}
