// The first module of a thread of projections. It opens log and tables as the config of the system says.
import { workerData } from 'node:worker_threads'
import { runProjections } from '../runtime/projections/thread/index.ts'
import { loadConfig, openers } from './load-config.ts'
import type { ThreadData } from './open-system.ts'

const { config: url, dataDir } = workerData as ThreadData

await runProjections(async () => {
  const config = await loadConfig(new URL(url))
  const { store, tables, domainCode, readChecks, telemetry } = openers(config, { dataDir, mode: 'projections' })
  const opened = await store()
  try {
    const watching = { ...(domainCode ? { domainCode } : {}), readChecks, telemetry }
    return { system: config.system, store: opened, tables: await tables(), ...watching }
  } catch (error) {
    await opened.close()
    throw error
  }
})
