// Finds and loads the config with the declarations of a system. The error for a config that does not load is one line.
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { IndelibleConfig, System } from 'indelible'
import { CliError } from '../errors/index.ts'

const configNames = ['indelible.config.ts', 'indelible.config.js', 'indelible.config.mjs'] as const

export interface LoadedConfig {
  readonly configFile: string
  readonly system: System
  /** Absolute. */
  readonly dataDir: string
  readonly openTables: IndelibleConfig['openTables']
}

/** Loads the given config, or the nearest one in the directory or above it. Throws `config_missing`, `config_invalid`. */
export async function loadConfig({ cwd, given }: { cwd: string; given: string | undefined }): Promise<LoadedConfig> {
  const configFile = given === undefined ? nearestConfig(cwd) : resolve(cwd, given)
  if (configFile === undefined) {
    throw new CliError(
      'config_missing',
      `There is no ${configNames[0]} in ${cwd} or above it. Give one with --config FILE` +
        ', or give --data DIR: only the commands state and projections need a config.',
    )
  }
  if (!existsSync(configFile)) throw new CliError('config_missing', `The config ${configFile} does not exist.`)
  const { system, dataDir, openTables } = checked(await imported(configFile), configFile)
  return { configFile, system, dataDir: resolve(dirname(configFile), dataDir), openTables }
}

function nearestConfig(cwd: string): string | undefined {
  for (let directory = resolve(cwd); ; directory = dirname(directory)) {
    const found = configNames.map((name) => join(directory, name)).find((file) => existsSync(file))
    if (found !== undefined || directory === dirname(directory)) return found
  }
}

async function imported(configFile: string): Promise<unknown> {
  try {
    const module: { default?: unknown } = await import(/* @vite-ignore */ pathToFileURL(configFile).href)
    return module.default
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const details = { file: configFile, ...locationOf(error) }
    const place = 'place' in details ? ` (${details.place})` : ''
    throw new CliError('config_invalid', `${configFile} cannot be loaded: ${message}${place}`, {
      details,
      cause: error,
    })
  }
}

/** The first file and line in the stack of an error: the place to look at. */
export function locationOf(error: unknown): { place?: string } {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const url = stack.match(/file:\/\/[^\s()]+?:\d+(:\d+)?/)?.[0]
  if (url === undefined) return {}
  const [, file, position] = url.match(/^(.*?)((?::\d+)+)$/)!
  return { place: `${fileURLToPath(file!)}${position}` }
}

function checked(config: unknown, configFile: string): Omit<LoadedConfig, 'configFile'> {
  const { system, dataDir, openTables } = (config ?? {}) as Partial<IndelibleConfig>
  const isOpening = openTables === undefined || typeof openTables === 'function'
  if (typeof dataDir === 'string' && dataDir !== '' && Array.isArray(system?.aggregates) && isOpening) {
    return { system, dataDir, openTables }
  }
  throw new CliError(
    'config_invalid',
    `${configFile} must export its config as default: export default defineConfig({ system, dataDir: './data' }), ` +
      'with a system from defineSystem, and a dataDir relative to the config. openTables is optional and must be a function.',
    { details: { file: configFile } },
  )
}
