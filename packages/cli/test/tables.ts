// Read tables in memory that outlive a command, as database tables do: one set for each data directory.
import { join } from 'node:path'
import { type ReadTables, type RunningSystem, startSystem } from 'indelible'
import { fileStore } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { system } from './domain.ts'

const kept = new Map<string, ReadTables>()

export function tablesIn(dataDir: string): ReadTables {
  const tables = kept.get(dataDir) ?? { ...memoryTables(), close: async () => {} }
  kept.set(dataDir, tables)
  return tables
}

/** Starts the system on a data directory; the caller closes it. */
export async function startedIn(dataDir: string): Promise<RunningSystem> {
  const store = await fileStore({ dir: join(dataDir, 'log') })
  return startSystem(system, { store, tables: tablesIn(dataDir) })
}

/** Fills the tables from the log and stops. */
export async function fillTables(dataDir: string): Promise<void> {
  await using running = await startedIn(dataDir)
  const { position } = await running.store.head()
  for (const projection of system.projections) {
    // A parked projection gets no further.
    await running.waitFor(projection, position).catch(() => {})
  }
}
