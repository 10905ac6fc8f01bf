// Everything that the doctor looks at. Each check stands alone: one that fails or hangs does not keep the others from being made.
import { join } from 'node:path'
import { type ServerConfig, serverOptionsIn } from '@indelible/server'
import { catalogName, directoryOfTenant, type LoadedConfig, openers } from 'indelible'
import { writerOf } from 'indelible/file'
import { configuration } from './configuration.ts'
import { database } from './database.ts'
import { fileSystem, permissions, space, syncSpeed } from './directory.ts'
import { type Finding, fail, skip } from './finding.ts'
import { lock, log } from './log.ts'
import { clock, descriptors, memory, node } from './machine.ts'
import { network } from './network.ts'

export interface Asked {
  /** Throws if there is no config, or it cannot be loaded. */
  readonly config: () => Promise<LoadedConfig>
  /** The directory that was given, which needs no config. */
  readonly dataDir: string | undefined
  /** The address to listen on. */
  readonly host: string | undefined
}

const checkMsMax = 20_000

/** Gives each finding as soon as it is known. Throws nothing. */
export async function* examine({ config: load, dataDir: given, host }: Asked): AsyncGenerator<Finding> {
  for (const [name, check] of Object.entries({ node, memory, descriptors, clock })) yield* await alone(name, check)
  let config: LoadedConfig | undefined
  let server: ServerConfig = {}
  yield* await alone('config', async () => {
    config = await load()
    server = await serverOptionsIn(config.url)
    return configuration(config, server)
  })
  const dataDir = given ?? config?.dataDir
  if (dataDir === undefined) return yield skip('directory', 'without a config it is not known; give --data DIR')
  for (const [name, check] of Object.entries({
    directory: permissions,
    space,
    'file system': fileSystem,
    'durable writes': syncSpeed,
  }))
    yield* await alone(name, () => check(dataDir))
  // Of many logs it looks at the one that every process has: the list of tenants.
  const tenant = config?.tenants ? catalogName : undefined
  const logDir = tenant === undefined ? dataDir : directoryOfTenant(dataDir, tenant)
  yield* await alone('lock', async () => lock(logDir))
  if (!config) return
  const loaded = config
  const writer = writerOf(join(logDir, 'log'))
  const opened = () => openers(loaded, { dataDir, mode: 'inspect', tenant })
  yield* await alone('log', async () => await log(async () => await opened().store(), loaded))
  yield* await alone('database', async () => await database(async () => await opened().tables(), { dataDir, writer }))
  yield* await alone('network', async () => network(loaded, server, host))
}

async function alone(name: string, check: () => Promise<Finding | readonly Finding[]>): Promise<readonly Finding[]> {
  let late: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error(`It did not answer within ${checkMsMax / 1000} s.`)), checkMsMax)
  })
  try {
    return [await Promise.race([check(), tooLate])].flat()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return [fail(name, message, 'Mend that first; the other checks do not depend on it.')]
  } finally {
    clearTimeout(late)
  }
}
