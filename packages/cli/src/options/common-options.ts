// The options that every command takes, and the log that they point to. Here the command line chooses the file adapter.
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { EventStore } from 'indelible'
import { fileStore } from 'indelible/file'
import { type Session, untilInterrupted } from '../session.ts'
import { type LoadedConfig, loadConfig } from './config.ts'

export interface CommonOptions {
  readonly data?: string
  readonly config?: string
  readonly json?: boolean
}

export function addCommonOptions(command: Command): Command {
  return command
    .optionsGroup('Options of every command:')
    .option('--data <dir>', 'directory that holds log/ (default: from the config)')
    .option('--config <file>', 'default: the nearest indelible.config.ts, .js or .mjs')
    .option('--json', 'a JSON object a line; errors too, on stderr')
    .helpOption('-h, --help', 'show this help')
}

/** The directory of the log. With `--data` no config is read. */
export async function logDirOf(options: CommonOptions, session: Session): Promise<string> {
  if (options.data === undefined) return (await systemOf(options, session)).logDir
  return logDirIn(resolve(session.cwd, options.data))
}

/** What the config declares, and the directory of the log. `--data` names another `dataDir`. */
export async function systemOf(
  { data, config }: CommonOptions,
  { cwd }: Session,
): Promise<LoadedConfig & { readonly logDir: string }> {
  const declared = await loadConfig({ cwd, given: config })
  const dataDir = data === undefined ? declared.dataDir : resolve(cwd, data)
  return { ...declared, dataDir, logDir: logDirIn(dataDir) }
}

/** Opens a log beside whoever writes it. */
export async function openLog(dir: string, { signal }: Session): Promise<EventStore> {
  const opening = fileStore({ dir, access: 'read' })
  return untilInterrupted(opening, signal).catch((error) => {
    // Interrupted: nobody waits for the store any more, so whoever opened it closes it.
    opening.then(
      (store) => store.close(),
      () => {},
    )
    throw error
  })
}

function logDirIn(dataDir: string): string {
  return join(dataDir, 'log')
}
