// Which shard a tenant is on. Tenants differ: the size of the n-th largest is in proportion to 1/n (Zipf).

export type Placing = 'hash' | 'directory'

export interface PlacementOptions {
  readonly shards: number
  readonly tenants: number
  readonly placing: Placing
  readonly random: () => number
}

/** A tenant that would take more than this part of an average shard is split over several, by the ids of its aggregates. */
const pieceMax = 0.25

/** The share of all work that each shard gets. */
export function sharesOf({ shards, tenants, placing, random }: PlacementOptions): Float64Array {
  const shares = new Float64Array(shards)
  let total = 0
  for (let rank = 1; rank <= tenants; rank++) total += 1 / rank
  const largest = pieceMax / shards
  let rest = 0
  for (let rank = 1; rank <= tenants; rank++) {
    const size = 1 / rank / total
    const pieces = Math.ceil(size / largest)
    if (placing === 'hash')
      for (let piece = 0; piece < pieces; piece++) shares[Math.floor(random() * shards)]! += size / pieces
    else rest += size
  }
  // A directory puts each piece on the shard that has least. All pieces are small, so each shard gets as much.
  if (placing === 'directory') shares.fill(rest / shards)
  return shares
}
