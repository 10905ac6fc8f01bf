// Finds the config of a system.
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type LoadedConfig, loadConfig } from 'indelible'
import { CliError } from '../errors/index.ts'

const configNames = ['indelible.config.ts', 'indelible.config.js', 'indelible.config.mjs'] as const

/** Loads the config that was given, or the nearest one upwards from a directory. Throws `config_missing`, `config_invalid`. */
export async function findConfig({ cwd, given }: { cwd: string; given: string | undefined }): Promise<LoadedConfig> {
  const configFile = given === undefined ? nearestConfig(cwd) : resolve(cwd, given)
  if (configFile === undefined) {
    throw new CliError(
      'config_missing',
      `There is no ${configNames[0]} in ${cwd} or above it. Give one with --config FILE` +
        ', or give --data DIR: only state, diff, history, blame, what-if, replay, review, schema check and write, projections, sagas, serve and dev need declarations.',
    )
  }
  if (!existsSync(configFile)) throw new CliError('config_missing', `The config ${configFile} does not exist.`)
  return await loadConfig(pathToFileURL(configFile))
}

function nearestConfig(cwd: string): string | undefined {
  for (let directory = resolve(cwd); ; directory = dirname(directory)) {
    const found = configNames.map((name) => join(directory, name)).find((file) => existsSync(file))
    if (found !== undefined || directory === dirname(directory)) return found
  }
}
