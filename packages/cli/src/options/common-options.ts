// The options of every command, and the log that they select. This is where the command line chooses the file adapter.
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
  const declared = await loadConfig({ cwd, given: config })
  const dataDir = data === undefined ? declared.dataDir : resolve(cwd, data)
  return { ...declared, dataDir, logDir: logDirIn(dataDir) }
}

/** Opens a log for reading. Another process may write it at the same time. */
export async function openLog(dir: string, { signal }: Session): Promise<EventStore> {
  const opening = fileStore({ dir, access: 'read' })
  return untilInterrupted(opening, signal).catch((error) => {
    // Interrupted: no caller gets the store, so close it here.
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
