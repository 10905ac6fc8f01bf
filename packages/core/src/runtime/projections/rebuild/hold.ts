// Keeps everybody from running a projection for a moment, so that the table of a busy one can be replaced. Should this process die, the hold ends with its lease.
import type { ReadTables } from '../../../store/read-tables.ts'
import { leaseMs } from '../../limits.ts'
import { LeaseKeeper } from '../lease-keeper.ts'

/** Takes the lease from whoever has it, who notices when it is to be renewed. Whoever else wanted it meanwhile may have it first: then `undefined`. */
export async function heldBack(tables: ReadTables, name: string, holder: string): Promise<AsyncDisposable | undefined> {
  const record = (await tables.list()).find((each) => each.name === name)
  if (record?.holder) await tables.release(name, record.holder)
  const { isHeld } = await tables.lease(name, { holder, ms: leaseMs })
  if (!isHeld) return undefined
  const keeper = new LeaseKeeper({ tables, name, holder, isOver: () => false })
  return {
    async [Symbol.asyncDispose]() {
      await keeper[Symbol.asyncDispose]()
      await tables.release(name, holder).catch(() => {})
    },
  }
}
