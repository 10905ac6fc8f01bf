// The leaves of the tree as bundles of entries of C2SP tlog-tiles (https://c2sp.org/tlog-tiles#log-entries), made of the events when they are asked for.
import { readCheckpoint } from './checkpoints.ts'
import { isSameHash, leafHash } from './hashes.ts'
import { leafOf } from './leaf.ts'
import { type KeptTree, lastCheckpoint, notSigned } from './prove.ts'
import { nodesIn } from './tile-nodes.ts'
import { tileWidth } from './tiles.ts'

/** Which leaves: those of a tile of level 0, or the first `width` of them. */
export interface EntriesPlace {
  readonly index: number
  readonly width: number
}

const form = /^tile\/entries\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** Which bundle a path leads to: `tile/entries/x001/234`, or `tile/entries/x001/234.p/17`. */
export function entriesAt(path: string): EntriesPlace | undefined {
  const [, digits, partial] = form.exec(path) ?? []
  if (digits === undefined || Number(partial) >= tileWidth) return undefined
  return { index: Number(digits.replaceAll(/[x/]/g, '')), width: Number(partial ?? tileWidth) }
}

/** Each leaf, with its length before it. Nothing where the last checkpoint does not reach so far. Throws `tree_diverged`, `proofs_damaged`, `proofs_missing`. */
export async function entryBundle(
  { store, files }: KeptTree,
  { index, width }: EntriesPlace,
): Promise<Uint8Array | undefined> {
  const { size } = readCheckpoint(await lastCheckpoint(files))
  const first = index * tileWidth
  if (first + width > size) return undefined
  const read = nodesIn(files, size)
  const parts: Uint8Array[] = []
  for await (const { events } of store.read('all', { from: first + 1, to: first + width, reserved: true }))
    for (const event of events) {
      const leaf = leafOf(event)
      if (!isSameHash(leafHash(leaf), await read(0, event.position - 1))) throw notSigned(event.position)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(leaf.length)
      parts.push(length, leaf)
    }
  return Buffer.concat(parts)
}
