// What a log has beside it that cannot be made from it again: how far consumers have come, and the keys that sign its checkpoints.
import type { ConsumerRecords, ListedRecords } from '../store/consumers.ts'
import type { ProofFiles } from '../store/proof-files.ts'

/**
 * Copies the records of consumers: their checkpoints, what is parked, who is paused. Without them a reaction would do everything once more. To call while
 * neither place is in use. Resolves with their names.
 */
export async function moveRecords(from: ListedRecords, to: ConsumerRecords): Promise<readonly string[]> {
  const names = await from.list()
  for (const name of names) {
    const record = await from.load(name)
    if (!record) continue
    // Which process wrote it last means nothing elsewhere.
    const { revision: _, token: __, ...moved } = record
    await to.save(moved)
  }
  return names
}

type Keys = Pick<ProofFiles, 'loadKeys' | 'saveKeys'>

/**
 * Copies the private keys of the Merkle tree, so that whoever trusts its checkpoints need not learn a new key. Resolves with `missing` where there are none,
 * and `there` where the other place has some already, which stay.
 */
export async function moveKeys(from: Keys, to: Keys): Promise<'moved' | 'missing' | 'there'> {
  const keys = await from.loadKeys()
  if (keys === undefined) return 'missing'
  const there = await to.loadKeys()
  if (there !== undefined) return 'there'
  await to.saveKeys(keys)
  return 'moved'
}
