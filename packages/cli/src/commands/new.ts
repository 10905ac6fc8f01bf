// `indelible new`: a typed skeleton of a system from its Event Storming board.
import { readFile } from 'node:fs/promises'
import { basename, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { type Board, writtenBoard } from 'indelible/schema'
import { CliError, fileProblem } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import { formatCount, jsonLine } from '../output/index.ts'
import type { Session } from '../session.ts'
import { exampleBoard, skeletonOf, type WrittenFiles, writeMissing } from '../skeleton/index.ts'

interface Options {
  readonly out?: string
  readonly example?: boolean
  readonly json?: boolean
}

export function addNew(program: Command, session: Session): void {
  addCommand(program, 'new', {
    summary: 'make a project from an Event Storming board',
    about:
      'Read a board, which is a page of Markdown with commands, events, aggregates and what listens, and write a project from it: typed declarations, a test for each command, ' +
      'and a config. What the board leaves open is asked for, with its line. Files that exist are left alone, so a board that has grown can be given again.',
    examples: [
      ['indelible new --example > library.md', 'a small board to begin with'],
      ['indelible new library.md', 'the project, in ./library'],
      ['indelible new library.md --out .', 'what is missing here, after the board has grown'],
    ],
  })
    .argument('[board]', 'the file with the board')
    .option('--out <dir>', 'where the project is written; a new directory with the name of the file when left out')
    .option('--example', 'print a small board, and write nothing')
    .option('--json', 'print JSON')
    .action((file: string | undefined, options: Options) => make(file, options, session))
}

async function make(file: string | undefined, { out, example, json }: Options, session: Session): Promise<void> {
  if (example) return await session.out.write(exampleBoard)
  if (file === undefined)
    throw new CliError(
      'usage',
      'Give the file with the board: indelible new library.md. indelible new --example prints one.',
    )
  const path = resolve(session.cwd, file)
  const { board, files } = skeletonOf(writtenBoard(await boardText(path)), { indelible: `^${await ownVersion()}` })
  const dir = resolve(
    session.cwd,
    out ??
      basename(path)
        .replace(/\.[^.]*$/, '')
        .toLowerCase(),
  )
  const done = await writeMissing(dir, files)
  await session.out.write(
    json ? `${jsonLine({ dir, ...done })}\n` : report(board, done, relative(session.cwd, dir) || '.'),
  )
}

async function boardText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new CliError('usage', `The board ${path} cannot be read: ${fileProblem(cause)}.`, { cause })
  }
}

async function ownVersion(): Promise<string> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

function report(board: Board, { written, unchanged, leftAlone }: WrittenFiles, dir: string): string {
  const count = (kind: string, of: number) => (of === 0 ? [] : [formatCount(of, kind)])
  const commands = board.lanes.flatMap((lane) => lane.commands)
  const events = board.lanes.flatMap((lane) => lane.events)
  const lines = [
    `${dir}: ${formatCount(written.length, 'file')} written, ${unchanged.length + leftAlone.length} left alone`,
    `  ${[...count('command', commands.length), ...count('event', events.length), ...count('saga', board.sagas.length), ...count('read model', board.readModels.length)].join(', ')}`,
    ...leftAlone.map(({ file, lacks }) =>
      lacks.length === 0
        ? `  ${file} is there and was not changed`
        : `  ${file} is there and was not changed; it lacks ${lacks.join(', ')}`,
    ),
    ...(written.length === 0
      ? []
      : ['', 'Next:', ...(dir === '.' ? [] : [`  cd ${dir}`]), '  npm install', '  npm test', '  npx indelible dev']),
  ]
  return `${lines.join('\n')}\n`
}
