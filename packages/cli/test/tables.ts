// Read tables in memory that outlive a command, as those of a database do: one set for each data directory.
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

/** The system at work on a data directory, the caller's to close. */
export async function startedIn(dataDir: string): Promise<RunningSystem> {
  const store = await fileStore({ dir: join(dataDir, 'log') })
  return startSystem(system, { store, tables: tablesIn(dataDir) })
}

/** Fills the tables from the log and ends. */
export async function fillTables(dataDir: string): Promise<void> {
  await using running = await startedIn(dataDir)
  const { position } = await running.store.head()
  for (const projection of system.projections) {
    // One that parks gets no further.
    await running.waitFor(projection, position).catch(() => {})
  }
}
