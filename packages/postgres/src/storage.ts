// All that a system keeps in one schema of a Postgres database, which any number of processes share.
import {
  type EventStore,
  IndelibleError,
  type Leases,
  type ListedRecords,
  type ProofFiles,
  type SnapshotStore,
} from 'indelible'
import {
  type KeptDatabase,
  keptDatabase,
  postgresConsumers,
  postgresLeases,
  postgresProofs,
  postgresSnapshots,
} from './kept/index.ts'
import { assertNotMoved } from './log/faults.ts'
import { type PostgresStoreOptions, postgresStore } from './log/index.ts'
import { checkedLog, checkedSchema } from './log/schema/install.ts'

export interface PostgresStorageOptions extends PostgresStoreOptions {
  /** Only `run` writes the log; see `OpenMode`. */
  readonly mode: 'run' | 'projections' | 'tree' | 'inspect'
}

/**
 * For the `open` of a config: `open: ({ mode }) => ({ ...postgresStorage({ connectionString, mode }), tables: () => … })`. Connects when the store is
 * opened; that throws `store_retired` and `store_unfinished` with mode `run`. Throws `invalid_declaration` for a schema that needs quotes, and for a name that no log can have.
 */
export function postgresStorage({ mode, ...options }: PostgresStorageOptions): {
  readonly store: () => Promise<EventStore>
  readonly snapshots: SnapshotStore
  readonly consumers: ListedRecords
  readonly proofFiles: ProofFiles
  readonly leases: Leases
} {
  const { schema = 'indelible', log = 'main', max: _, outageMsMax: __, durability: ___, ...pool } = options
  const database = keptDatabase({ pool, schema: checkedSchema(schema), log: checkedLog(log) })
  return {
    store: async () => {
      const store = ending(database, reading(mode, await postgresStore(options)))
      try {
        if (mode === 'run') await mustBeOpen(database)
        return store
      } catch (error) {
        await store.close()
        throw error
      }
    },
    snapshots: postgresSnapshots(database),
    consumers: postgresConsumers(database),
    proofFiles: postgresProofs(database),
    leases: postgresLeases(database),
  }
}

/** A system does not start on a log that goes on elsewhere, or is not all there yet. */
async function mustBeOpen({ query, schema }: KeptDatabase): Promise<void> {
  const [row] = await query(`SELECT copy_state FROM ${schema}.logs WHERE id = $1`)
  assertNotMoved(row![0])
}

/** The other connections end with the log. */
function ending(database: KeptDatabase, store: EventStore): EventStore {
  return {
    ...store,
    async close() {
      await store.close()
      await database.close()
    },
  }
}

/** Threads and tools do not write. */
function reading(mode: PostgresStorageOptions['mode'], store: EventStore): EventStore {
  if (mode === 'run') return store
  return {
    ...store,
    async append() {
      throw new IndelibleError('store_read_only', `The log was opened with mode "${mode}", for reading only.`)
    },
  }
}
