// All that the systems of one process keep in memory, by name. It is there again when a system is opened a second time.
import { IndelibleError } from '../kernel/errors.ts'
import type { ConsumerRecords } from '../store/consumers.ts'
import type { OpenFork } from '../store/fork.ts'
import type { EventStore } from '../store/port.ts'
import type { ProofFiles } from '../store/proof-files.ts'
import type { ReadTables } from '../store/read-tables.ts'
import type { SnapshotStore } from '../store/snapshots.ts'
import { memoryConsumers } from './consumers.ts'
import { type MemoryStoreOptions, memoryStore } from './event-store.ts'
import { forkOf } from './fork.ts'
import { memoryProofs } from './proof-files.ts'
import { memoryTables } from './read-tables.ts'
import { memorySnapshots } from './snapshots.ts'

export interface MemoryStorage {
  readonly store: () => Promise<EventStore>
  readonly tables: () => Promise<ReadTables>
  readonly snapshots: SnapshotStore
  readonly consumers: ConsumerRecords
  readonly proofFiles: ProofFiles
  readonly fork: OpenFork
}

/** For tests and trials of a system with tenants: `const inMemory = memoryStorage()`, then `open: ({ tenant }) => inMemory(tenant)`. */
export function memoryStorage(options: MemoryStoreOptions = {}): (name: string) => MemoryStorage {
  const { clock } = options
  const kept = new Map<string, MemoryStorage>()
  return (name) => {
    const known = kept.get(name)
    if (known) return known
    const store = memoryStore(options)
    const tables = memoryTables(clock ? { clock } : {})
    const storage: MemoryStorage = {
      store: async () => reopenable(store),
      tables: async () => ({ ...tables, close: async () => {} }),
      snapshots: memorySnapshots(),
      consumers: memoryConsumers(),
      proofFiles: memoryProofs(),
      fork: forkOf,
    }
    kept.set(name, storage)
    return storage
  }
}

/** A store over another, which stays open when this one is closed. */
function reopenable(store: EventStore): EventStore {
  const closing = new AbortController()
  const open = (): EventStore => {
    if (!closing.signal.aborted) return store
    throw new IndelibleError('store_closed', 'The store was closed.')
  }
  return {
    append: async (...asked) => open().append(...asked),
    findCommit: async (...asked) => open().findCommit(...asked),
    async *read(...asked) {
      yield* open().read(...asked)
    },
    async *replay(...asked) {
      yield* open().replay(...asked)
    },
    async *subscribe(query, { signal, ...options }) {
      yield* open().subscribe(query, { ...options, signal: AbortSignal.any([signal, closing.signal]) })
      if (!signal.aborted) open()
    },
    head: async () => open().head(),
    positionAt: async (...asked) => open().positionAt(...asked),
    historyAt: async (...asked) => open().historyAt(...asked),
    countTypes: async () => open().countTypes(),
    health: async () => open().health(),
    async close() {
      closing.abort()
    },
  }
}
