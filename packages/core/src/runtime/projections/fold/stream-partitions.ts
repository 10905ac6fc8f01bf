// Rows of streams, sorted by the keys of the streams and split into partitions that fit into the cache of a processor.
import type { Row } from '../../../kernel/tables.ts'

/** A stream belongs to the partition that the highest bits of its key name. */
const partitionBits = 8
export const partitions = 2 ** partitionBits

/** Rows in the order of the keys of their streams. */
export interface Partition {
  count: number
  /** Four numbers for each stream. */
  streamKeys: Uint32Array
  keys: Row[]
  rows: (Row | null)[]
}

/** The index at which each partition begins among sorted keys, and the end as one more. */
export function boundsOf(keys: Uint32Array): Uint32Array {
  const bounds = new Uint32Array(partitions + 1)
  for (let at = 0; at < keys.length; at += 4) bounds[(keys[at]! >>> (32 - partitionBits)) + 1]!++
  for (let partition = 0; partition < partitions; partition++) bounds[partition + 1]! += bounds[partition]!
  return bounds
}

/** The number of streams, from one up to another, that the partition does not have. */
export function countNew({ count, streamKeys }: Partition, keys: Uint32Array, from: number, to: number): number {
  let found = 0
  for (let at = 0, stream = from; stream < to && at < count; ) {
    if (isBelow(streamKeys, at, keys, stream)) at++
    else {
      if (isSame(streamKeys, at, keys, stream)) {
        found++
        at++
      }
      stream++
    }
  }
  return to - from - found
}

export function isSame(a: Uint32Array, at: number, b: Uint32Array, stream: number): boolean {
  const [left, right] = [4 * at, 4 * stream]
  return (
    a[left] === b[right] && a[left + 1] === b[right + 1] && a[left + 2] === b[right + 2] && a[left + 3] === b[right + 3]
  )
}

export function isBelow(a: Uint32Array, at: number, b: Uint32Array, stream: number): boolean {
  for (let part = 0; part < 4; part++) {
    const [left, right] = [a[4 * at + part]!, b[4 * stream + part]!]
    if (left !== right) return left < right
  }
  return false
}

export function emptyPartition(capacity: number): Partition {
  return { count: 0, streamKeys: new Uint32Array(4 * capacity), keys: [], rows: [] }
}
