// Reads the nodes of a tree from its tiles.
import { IndelibleError } from '../kernel/errors.ts'
import type { ProofFiles } from '../store/proof-files.ts'
import { hashBytes, perfectRoot } from './hashes.ts'
import type { ReadNode } from './proofs.ts'
import { edgeOf, type Tile, type TilePlace, tileOf, tilePath, tileWidth } from './tiles.ts'

/** Tiles that a reader of nodes keeps, of 8 KiB each. */
const tilesKeptMax = 256

/** For proofs in a tree of this size. It throws `proofs_damaged` where a tile is missing. */
export function nodesIn(files: Pick<ProofFiles, 'read'>, size: number): ReadNode {
  /** A proof needs some tiles more than once. */
  const tiles = new Map<string, Promise<Uint8Array>>()
  return async (level, index) => {
    const place = tileOf(level, index, size)
    const path = tilePath(place)
    const reading = tiles.get(path) ?? readTile(files, place)
    tiles.set(path, reading)
    if (tiles.size > tilesKeptMax) tiles.delete(tiles.keys().next().value!)
    const { first, hashes } = place
    return perfectRoot((await reading).subarray(first * hashBytes, (first + hashes) * hashBytes))
  }
}

/** The tiles at the right edge. Throws `proofs_damaged`. */
export async function readEdge(files: Pick<ProofFiles, 'read'>, size: number): Promise<readonly Tile[]> {
  return await Promise.all(edgeOf(size).map(async (place) => ({ ...place, bytes: await readTile(files, place) })))
}

/** A partial tile may be gone where the full one is there. */
async function readTile(files: Pick<ProofFiles, 'read'>, place: TilePlace): Promise<Uint8Array> {
  const path = tilePath(place)
  const found = (await files.read(path)) ?? (await files.read(tilePath({ ...place, width: tileWidth })))
  if (found && found.length >= place.width * hashBytes) return found.subarray(0, place.width * hashBytes)
  throw new IndelibleError('proofs_damaged', `The tile ${path} of the Merkle tree is missing or too short.`, {
    details: { path },
  })
}
