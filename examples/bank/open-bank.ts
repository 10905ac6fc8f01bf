// Here the adapters are chosen: the log in files, the read tables in an embedded Postgres or on a server.
import { join } from 'node:path'
import { pgliteTables, postgresTables } from '@indelible/postgres'
import { type RunningSystem, startSystem } from 'indelible'
import { fileSnapshots, fileStore } from 'indelible/file'
import { bank } from './bank.ts'

export interface BankOptions {
  readonly dataDir: string
  /** Connection string of a Postgres server for the read tables; without it they are embedded, in `dataDir`. */
  readonly database?: string | undefined
}

export async function openBank({ dataDir, database }: BankOptions): Promise<RunningSystem> {
  const store = await fileStore({ dir: join(dataDir, 'log') })
  const snapshots = fileSnapshots({ dir: join(dataDir, 'snapshots') })
  try {
    const tables = database
      ? await postgresTables({ connectionString: database })
      : await pgliteTables({ dir: join(dataDir, 'tables') })
    return startSystem(bank, { store, tables, snapshots })
  } catch (error) {
    await store.close()
    throw error
  }
}
