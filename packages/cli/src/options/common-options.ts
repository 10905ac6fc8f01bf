// The options that every command takes, and the log that they point to.
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { type EventStore, type LoadedConfig, type Openers, openers, type ProofFiles } from 'indelible'
import { fileStorage, fileStore } from 'indelible/file'
import { type Session, untilInterrupted } from '../session.ts'
import { findConfig } from './config.ts'

export interface CommonOptions {
  readonly data?: string
  readonly config?: string
  readonly json?: boolean
}

export function addCommonOptions(command: Command): Command {
  return command
    .optionsGroup('Options of every command:')
    .option('--data <dir>', 'directory that contains log/ (default: from the config)')
    .option('--config <file>', 'default: the nearest indelible.config.ts, .js or .mjs')
    .option('--json', 'print JSON, one object per line; errors too, on stderr')
    .helpOption('-h, --help', 'show this help')
}

/** The directory of the log. With `--data` it does not read a config. */
export async function logDirOf(options: CommonOptions, session: Session): Promise<string> {
  if (options.data === undefined) return (await systemOf(options, session)).logDir
  return logDirIn(resolve(session.cwd, options.data))
}

/** The loaded config, and the directory of the log. `--data` replaces its `dataDir`. */
export async function systemOf(
  { data, config }: CommonOptions,
  { cwd }: Session,
): Promise<LoadedConfig & { readonly logDir: string }> {
  const declared = await findConfig({ cwd, given: config })
  const dataDir = data === undefined ? declared.dataDir : resolve(cwd, data)
  return { ...declared, dataDir, logDir: logDirIn(dataDir) }
}

/** How the config says that everything is opened, to look at it while another process may run it. */
export async function inspectorsOf(options: CommonOptions, session: Session): Promise<LoadedConfig & Openers> {
  const config = await systemOf(options, session)
  const { dataDir } = config
  return { ...config, ...openers(config, { dataDir, mode: 'inspect' }) }
}

/** Opens the log for reading: as the config says, or with `--data` alone the files there. */
export async function openLog(options: CommonOptions, session: Session): Promise<EventStore> {
  if (options.data !== undefined && options.config === undefined)
    return await untilOpen(fileStore({ dir: await logDirOf(options, session), access: 'read' }), session)
  const { store } = await inspectorsOf(options, session)
  return await untilOpen(store(), session)
}

/** The log, and what is kept of its Merkle tree. */
export async function openTree(
  options: CommonOptions,
  session: Session,
): Promise<{ readonly store: EventStore; readonly files: ProofFiles }> {
  const files = await proofFilesOf(options, session)
  return { store: await openLog(options, session), files }
}

/** As the config says, or with `--data` alone the files there. */
export async function proofFilesOf(options: CommonOptions, session: Session): Promise<ProofFiles> {
  if (options.data !== undefined && options.config === undefined) {
    const dataDir = resolve(session.cwd, options.data)
    return fileStorage({ dataDir, mode: 'inspect' }).proofFiles
  }
  const { proofFiles, dataDir } = await inspectorsOf(options, session)
  return proofFiles ?? fileStorage({ dataDir, mode: 'inspect' }).proofFiles
}

export async function untilOpen<Opened extends { close(): Promise<void> }>(
  opening: Promise<Opened>,
  { signal }: Session,
): Promise<Opened> {
  return untilInterrupted(opening, signal).catch((error) => {
    // Interrupted: no caller gets the store, so close it here.
    opening.then(
      (opened) => opened.close(),
      () => {},
    )
    throw error
  })
}

function logDirIn(dataDir: string): string {
  return join(dataDir, 'log')
}
