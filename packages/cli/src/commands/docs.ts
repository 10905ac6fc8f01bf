// `indelible docs`: the documents of a system, from its declaration, and with samples where a log is given.
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { describeSystem } from 'indelible/schema'
import type { Differences, Samples } from '../documents/index.ts'
import { CliError } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import { addCommonOptions, type CommonOptions, inspectorsOf, systemOf, untilOpen } from '../options/index.ts'
import { formatCount, jsonLine, type PhaseBar, phaseBar } from '../output/index.ts'
import type { Session } from '../session.ts'

interface Options extends CommonOptions {
  readonly out: string
  readonly check?: boolean
}

export function addDocs(program: Command, session: Session): void {
  const command = addCommand(program, 'docs', {
    summary: 'write the documents of the system',
    about:
      'Write the documents of the system of the config, as Markdown with pictures and as one page with search: Event Schema Registry, CQRS Flow Diagram, ' +
      'Saga State Machines, Audit Trail Spec and Event Storming board; also AsyncAPI, CloudEvents, JSON Schema, Mermaid and EventCatalog. They are made from the ' +
      'declaration alone; with --data, samples from that log are in them, without personal data. The same declaration gives the same bytes.',
    examples: [
      ['indelible docs --out docs/system', 'write them, or bring them up to date'],
      ['indelible docs --out docs/system --data ./data', 'with real samples'],
      [
        'indelible docs --out docs/system --check',
        'in CI: ends with 6 if the documents are not those of the declaration',
      ],
    ],
  })
    .requiredOption('--out <dir>', 'the directory of the documents: new, empty, or written by this command before')
    .option('--check', 'write nothing; end with 6 where something would change')
  addCommonOptions(command).action(() => docs(command.optsWithGlobals(), session))
}

async function docs(options: Options, session: Session): Promise<void> {
  const startMs = performance.now()
  const bar = phaseBar(session.errors)
  const dir = resolve(session.cwd, options.out)
  try {
    // The library of the layout is loaded for this command only.
    const { differences, documentFiles, noSamples, sourceOf, writeFolder } = await import('../documents/index.ts')
    const { system } = await systemOf(options, session)
    const samples = options.data === undefined ? noSamples : await read(options, { session, bar })
    const files = documentFiles(sourceOf(describeSystem(system), samples), (what) => bar.update(what, 0, undefined))
    const found = await differences(dir, files)
    if (options.check) assertSame(dir, found)
    else await writeFolder(dir, files, found)
    const ms = Math.round(performance.now() - startMs)
    const { changed, stale } = found
    bar.clear()
    await session.out.write(
      options.json
        ? `${jsonLine({ dir, files: files.size, changed: changed.length, removed: stale.length, ms })}\n`
        : `${dir}: ${formatCount(files.size, 'file')}, ${changed.length} written, ${stale.length} removed\n`,
    )
  } finally {
    bar.clear()
  }
}

async function read(
  options: Options,
  { session, bar }: { readonly session: Session; readonly bar: PhaseBar },
): Promise<Samples> {
  const { samplesOf } = await import('../documents/index.ts')
  const { system, store: openStore } = await inspectorsOf(options, session)
  const store = await untilOpen(openStore(), session)
  try {
    return await samplesOf(store, system.events, (done) => bar.update('Reading samples', done, system.events.length))
  } finally {
    await store.close()
  }
}

/** Throws `documents_differ`. */
function assertSame(dir: string, { changed, stale }: Differences): void {
  const paths = [...changed, ...stale]
  if (paths.length === 0) return
  const more = paths.length > shownMax ? ` and ${paths.length - shownMax} more` : ''
  throw new CliError(
    'documents_differ',
    `The documents in ${dir} are not those of the declaration: ${paths.slice(0, shownMax).join(', ')}${more}. Run indelible docs without --check, and commit what it writes.`,
    { details: { changed, stale } },
  )
}

const shownMax = 5
