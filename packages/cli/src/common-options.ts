// The options that every command takes, and the log that they point to.
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { loadConfig } from './config.ts'
import type { Session } from './session.ts'

export interface CommonOptions {
  readonly data?: string
  readonly config?: string
  readonly json?: boolean
}

export function addCommonOptions(command: Command): Command {
  return command
    .optionsGroup('Options of every command:')
    .option('--data <dir>', 'the data directory, which holds log/; default: dataDir of the config')
    .option('--config <file>', 'the config; default: indelible.config.ts (.js, .mjs) here or in a parent directory')
    .option('--json', 'for programs: one JSON object a line on stdout, {"error": …} on stderr')
}

/** The directory of the log. With `--data` no config is read. */
export async function logDirOf({ data, config }: CommonOptions, { cwd }: Session): Promise<string> {
  if (data !== undefined) return join(resolve(cwd, data), 'log')
  return join((await loadConfig({ cwd, given: config })).dataDir, 'log')
}
