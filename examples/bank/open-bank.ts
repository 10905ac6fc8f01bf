// Here the adapters are chosen: the log in files, the read tables in an embedded Postgres or on a server.
import { join } from 'node:path'
import { pgliteTables, postgresTables } from '@indelible/postgres'
import { projectionThread, type ReadTables, type RunningSystem, startSystem } from 'indelible'
import { fileSnapshots, fileStore } from 'indelible/file'
import { bank } from './bank.ts'

export interface BankOptions {
  readonly dataDir: string
  /** Connection string of a Postgres server for the read tables; without it they are embedded, in `dataDir`. */
  readonly database?: string | undefined
}

export async function openBank(options: BankOptions): Promise<RunningSystem> {
  const { dataDir, database } = options
  const store = await fileStore({ dir: join(dataDir, 'log') })
  const snapshots = fileSnapshots({ dir: join(dataDir, 'snapshots') })
  try {
    const parts = { store, tables: await openBankTables(options), snapshots }
    // The embedded Postgres takes one client; it has a thread of its own already.
    if (!database) return startSystem(bank, parts)
    const module = new URL('./projection-thread.ts', import.meta.url)
    return startSystem(bank, { ...parts, projections: projectionThread(module, { workerData: options }) })
  } catch (error) {
    await store.close()
    throw error
  }
}

export async function openBankTables({ dataDir, database }: BankOptions): Promise<ReadTables> {
  return database
    ? await postgresTables({ connectionString: database })
    : await pgliteTables({ dir: join(dataDir, 'tables') })
}
