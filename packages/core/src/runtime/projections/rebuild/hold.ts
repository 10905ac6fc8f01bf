// Takes the lease of a projection for a moment, so that its table does not move on while it is replaced. If this process dies, the lease ends.
import type { ReadTables } from '../../../store/read-tables.ts'
import { leaseMs } from '../../limits.ts'
import { LeaseKeeper } from '../lease-keeper.ts'

/** Takes the lease from the runner that has it, which notices at its next renewal. Returns nothing if another runner was faster. */
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
