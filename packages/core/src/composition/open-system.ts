// Starts the system of a config.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { IndelibleError } from '../kernel/errors.ts'
import { messageOf } from '../kernel/shown.ts'
import type { System } from '../kernel/system.ts'
import { projectionThread } from '../runtime/projections/thread/index.ts'
import { treeThread } from '../runtime/proofs/tree-host.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import { registerEventTypes } from '../schema/registry/register.ts'
import type { EventStore } from '../store/port.ts'
import type { Openers } from './config.ts'
import { assertKept, type LoadedConfig, loadConfig, openers } from './load-config.ts'
import { type StartOptions, startSystem } from './start-system.ts'

export interface OpenSystemOptions
  extends Pick<StartOptions, 'onNotice' | 'clock' | 'ids' | 'domainCode' | 'recheckEvery'> {
  /** Replaces the directory of the config. */
  readonly dataDir?: string
}

/** What the threads of projections and of the Merkle tree get. */
export interface ThreadData {
  readonly config: string
  readonly dataDir: string
}

/**
 * Opens everything and starts the system: `openSystem(new URL('./indelible.config.ts', import.meta.url))`. To close the system closes everything.
 * Throws `config_invalid`, and what the adapters throw.
 */
export async function openSystem(url: URL, options: OpenSystemOptions = {}): Promise<RunningSystem> {
  const config = await loadConfig(url)
  const { dataDir: given, ...own } = options
  const dataDir = given === undefined ? config.dataDir : resolve(given)
  if (config.tenants)
    throw new IndelibleError(
      'config_invalid',
      `${fileURLToPath(url)} declares tenants, each with a log of its own. Open it with openTenants.`,
    )
  const opened = openers(config, { dataDir, mode: 'run' })
  const { projections = 'here', proofs } = opened
  const thread = { workerData: { config: url.href, dataDir } satisfies ThreadData }
  const where = projections === 'thread' ? { projections: projectionThread(moduleOf('projections'), thread) } : {}
  const proved = proofs ? { proofs: { tree: treeThread(moduleOf('tree'), thread), ...proofs } } : {}
  return await started(config, opened, { access: config.access, ...own, ...where, ...proved })
}

/** Opens log and tables, and starts the system on them. Throws what the adapters throw, and `config_invalid`. */
export async function started(config: LoadedConfig, opened: Openers, own: StartOptions): Promise<RunningSystem> {
  const { store: openStore, tables: openTables, projections: _, registry = true, ...others } = opened
  assertKept(config, others)
  const store = await openStore()
  const tables = await openTables().catch(async (error) => {
    await store.close()
    throw error
  })
  try {
    // Before anything else is recorded, so that a new log begins with what its events are.
    if (registry) await register(store, config.system, own.onNotice)
    return startSystem(config.system, { ...others, ...own, store, tables })
  } catch (error) {
    await Promise.all([store.close(), tables.close()])
    throw error
  }
}

/** A system runs without its registry. */
async function register(store: EventStore, system: System, notify: OpenSystemOptions['onNotice']): Promise<void> {
  try {
    await registerEventTypes(store, system)
  } catch (error) {
    notify?.({ kind: 'registry failed', message: messageOf(error) })
  }
}

/** The first module of a thread. */
function moduleOf(thread: 'projections' | 'tree'): URL {
  return new URL(`./${thread}-of-config.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
}
