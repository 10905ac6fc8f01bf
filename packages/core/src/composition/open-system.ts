// Starts the system of a config.
import { resolve } from 'node:path'
import { projectionThread } from '../runtime/projections/thread/index.ts'
import { treeThread } from '../runtime/proofs/tree-host.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import { assertKept, loadConfig, openers } from './load-config.ts'
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
  const dataDir = options.dataDir === undefined ? config.dataDir : resolve(options.dataDir)
  const opened = openers(config, { dataDir, mode: 'run' })
  const { store: openStore, tables: openTables, projections = 'here', ...others } = opened
  assertKept(config, others)
  const { dataDir: _, ...own } = options
  const { proofs } = others
  const thread = { workerData: { config: url.href, dataDir } satisfies ThreadData }
  const where = projections === 'thread' ? { projections: projectionThread(moduleOf('projections'), thread) } : {}
  const proved = proofs ? { proofs: { tree: treeThread(moduleOf('tree'), thread), ...proofs } } : {}
  const store = await openStore()
  const tables = await openTables().catch(async (error) => {
    await store.close()
    throw error
  })
  try {
    return startSystem(config.system, { ...others, ...own, ...where, ...proved, store, tables })
  } catch (error) {
    await Promise.all([store.close(), tables.close()])
    throw error
  }
}

/** The first module of a thread. */
function moduleOf(thread: 'projections' | 'tree'): URL {
  return new URL(`./${thread}-of-config.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
}
