// The bank without a disk, for tests.
import { type EventStore, type RunningSystem, type SystemOptions, startSystem } from 'indelible'
import { stateAsOf } from 'indelible/history'
import { memorySnapshots, memoryStore, memoryTables } from 'indelible/memory'
import { account } from '../account/account.ts'
import { bank } from '../bank.ts'

export function bankInMemory(parts: Partial<SystemOptions> = {}): RunningSystem {
  return startSystem(bank, { store: memoryStore(), tables: memoryTables(), snapshots: memorySnapshots(), ...parts })
}

/** The balance of an account, folded from its events. */
export async function balanceOf(store: EventStore, id: string): Promise<number> {
  return (await stateAsOf(store, account, { id })).state.balance
}
