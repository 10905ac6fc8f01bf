// Starts a system. Stores that are not given are in memory.
import type { System } from '../kernel/system.ts'
import { memoryConsumers } from '../memory/consumers.ts'
import { memoryStore } from '../memory/event-store.ts'
import { forkOf } from '../memory/fork.ts'
import { memoryProofs } from '../memory/proof-files.ts'
import { memoryTables } from '../memory/read-tables.ts'
import { memorySnapshots } from '../memory/snapshots.ts'
import { RunningSystem } from '../runtime/running-system.ts'
import type { SystemOptions } from '../runtime/system-options.ts'
import type { ReadTables } from '../store/read-tables.ts'

export type StartOptions<Tables extends ReadTables = ReadTables> = Partial<SystemOptions<Tables>>

/**
 * Starts a system: at once and in the background, projections catch up, sagas go on, and reactions and subscriptions follow the log.
 * `startSystem(system)` without options runs in memory. To close the system also closes the stores that it was given.
 */
export function startSystem<Tables extends ReadTables = ReadTables>(
  system: System,
  options: StartOptions<Tables> = {},
): RunningSystem<Tables> {
  const { clock } = options
  const timed = clock ? { clock } : {}
  return new RunningSystem(system, {
    store: memoryStore(timed),
    tables: memoryTables() as ReadTables as Tables,
    snapshots: memorySnapshots(),
    consumers: memoryConsumers(),
    proofFiles: memoryProofs(),
    fork: forkOf,
    ...options,
  })
}
