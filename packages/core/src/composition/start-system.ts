// Sets a system going. What is not given is kept in memory.
import type { System } from '../kernel/system.ts'
import { memoryConsumers } from '../memory/consumers.ts'
import { memoryStore } from '../memory/event-store.ts'
import { memoryTables } from '../memory/read-tables.ts'
import { memorySnapshots } from '../memory/snapshots.ts'
import { RunningSystem } from '../runtime/running-system.ts'
import type { SystemOptions } from '../runtime/system-options.ts'
import type { ReadTables } from '../store/read-tables.ts'

export type StartOptions<Tables extends ReadTables = ReadTables> = Partial<SystemOptions<Tables>>

/**
 * Sets a system going: projections catch up, sagas are taken up, reactions and subscriptions follow, at once and in the background.
 * `startSystem(system)` alone runs in memory. The system closes what it is given when it is closed.
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
    ...options,
  })
}
