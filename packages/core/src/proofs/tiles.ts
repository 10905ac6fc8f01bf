// The tree as tiles of 256 hashes, as in C2SP tlog-tiles (https://c2sp.org/tlog-tiles). The tiles at the right edge of the tree are all that is needed to
// append to it and to know its root.
import { emptyRoot, hashBytes, nodeHash, perfectRoot } from './hashes.ts'

/** The hashes of a full tile. */
export const tileWidth = 256
const tileLevels = 8

/** Where a tile stands: level 0 has the hashes of leaves, each further level those of whole tiles of the level below. */
export interface TilePlace {
  readonly level: number
  readonly index: number
  /** The number of its hashes: {@link tileWidth}, or fewer at the right edge. */
  readonly width: number
}

export interface Tile extends TilePlace {
  readonly bytes: Uint8Array
}

/** `tile/0/x001/234`, or `tile/0/x001/234.p/17` for one that is not full. */
export function tilePath({ level, index, width }: TilePlace): string {
  const digits = String(index)
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const parts = padded.match(/\d{3}/g)!
  const path = parts.map((part, at) => (at < parts.length - 1 ? `x${part}` : part)).join('/')
  return `tile/${level}/${path}${width < tileWidth ? `.p/${width}` : ''}`
}

/** The tiles at the right edge of a tree of this size. */
export function edgeOf(size: number): readonly TilePlace[] {
  const edge: TilePlace[] = []
  for (let level = 0, hashes = size; hashes > 0; level++, hashes = Math.floor(hashes / tileWidth))
    edge.push({ level, index: Math.floor(hashes / tileWidth), width: hashes % tileWidth })
  return edge.filter(({ width }) => width > 0)
}

/** In which tile of a tree of this size a node is: that has `hashes` of its descendants from `first` on. */
export function tileOf(level: number, index: number, size: number): TilePlace & { first: number; hashes: number } {
  const tileLevel = Math.floor(level / tileLevels)
  const hashes = 2 ** (level % tileLevels)
  const tile = Math.floor((index * hashes) / tileWidth)
  const width = Math.min(tileWidth, Math.floor(size / tileWidth ** tileLevel) - tile * tileWidth)
  return { level: tileLevel, index: tile, width, first: (index * hashes) % tileWidth, hashes }
}

interface EdgeTile {
  readonly bytes: Uint8Array
  width: number
  index: number
}

/** A tree that grows. It holds its right edge only. */
export class GrowingTree {
  readonly #edge: EdgeTile[] = []
  /** The tiles that are full since {@link takeFull} was called. */
  #full: Tile[] = []
  #size = 0

  /** Goes on with the edge of a tree of this size. */
  static at(size: number, edge: readonly Tile[]): GrowingTree {
    const tree = new GrowingTree()
    tree.#size = size
    for (let hashes = size; hashes > 0; hashes = Math.floor(hashes / tileWidth))
      tree.#edge.push({
        bytes: new Uint8Array(tileWidth * hashBytes),
        width: hashes % tileWidth,
        index: Math.floor(hashes / tileWidth),
      })
    for (const { level, bytes } of edge) tree.#edge[level]!.bytes.set(bytes)
    return tree
  }

  get size(): number {
    return this.#size
  }

  append(leafHash: Uint8Array): void {
    this.#size++
    for (let level = 0, hash = leafHash; ; level++) {
      this.#edge[level] ??= { bytes: new Uint8Array(tileWidth * hashBytes), width: 0, index: 0 }
      const tile = this.#edge[level]!
      tile.bytes.set(hash, tile.width++ * hashBytes)
      if (tile.width < tileWidth) return
      this.#full.push({ level, index: tile.index++, width: tileWidth, bytes: tile.bytes.slice() })
      tile.width = 0
      hash = perfectRoot(tile.bytes)
    }
  }

  root(): Uint8Array {
    let root: Uint8Array | undefined
    for (const { bytes, width } of this.#edge) {
      for (let hashes = 1, end = width; end > 0; hashes *= 2) {
        if (end % (2 * hashes) === 0) continue
        const part = perfectRoot(bytes.subarray((end - hashes) * hashBytes, end * hashBytes))
        root = root ? nodeHash(part, root) : part
        end -= hashes
      }
    }
    return root ?? emptyRoot
  }

  /** The tiles at the right edge, which are not full. */
  edge(): readonly Tile[] {
    return this.#edge.flatMap(({ bytes, width, index }, level) =>
      width === 0 ? [] : [{ level, index, width, bytes: bytes.slice(0, width * hashBytes) }],
    )
  }

  /** The tiles that became full since the last call. */
  takeFull(): readonly Tile[] {
    const full = this.#full
    this.#full = []
    return full
  }
}
