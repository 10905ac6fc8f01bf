// Grows the tree with the log: reads new events, and writes the tiles.
import { isIndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import type { EventStore } from '../store/port.ts'
import type { ProofFiles } from '../store/proof-files.ts'
import type { TreeHead } from './checkpoints.ts'
import { compareLog, type Misfit } from './compare.ts'
import { isSameHash } from './hashes.ts'
import { leafHashOf } from './leaf.ts'
import { nodesIn, readEdge } from './tile-nodes.ts'
import { edgeOf, GrowingTree, tilePath, tileWidth } from './tiles.ts'

/** A tree, and the name of the history that it was made from. */
export interface SignedTree extends TreeHead {
  readonly history: string
}

/** Also the protocol of a thread that grows the tree. */
export interface TreeMethods {
  /** Goes on from the tree that was signed last, or begins. It says why if the log is not the one that was signed; then the tree must not grow. */
  begin(signed: SignedTree | undefined): Promise<Misfit | undefined> | Misfit | undefined
  /** Takes in the events up to a position that is durable. */
  grow(to: Position): Promise<SignedTree> | SignedTree
}

type Store = Pick<EventStore, 'head' | 'read' | 'historyAt'>

export class TreeGrower implements TreeMethods {
  readonly #store: Store
  readonly #files: ProofFiles
  #tree = new GrowingTree()
  /** The partial tiles that were written, by the path of the whole one. */
  readonly #partial = new Set<string>()

  constructor({ store, files }: { readonly store: Store; readonly files: ProofFiles }) {
    this.#store = store
    this.#files = files
  }

  async begin(signed: SignedTree | undefined): Promise<Misfit | undefined> {
    this.#tree = new GrowingTree()
    this.#partial.clear()
    if (!signed || signed.size === 0) return undefined
    for (const tile of edgeOf(signed.size)) this.#partial.add(wholePath(tile))
    const edge = await this.#edgeOf(signed)
    if (edge && (await this.#endFits(signed))) {
      this.#tree = edge
      return undefined
    }
    const misfit = await compareLog({ store: this.#store, files: this.#files, signed })
    if (misfit) return misfit
    // Only tiles are missing.
    await this.grow(signed.size)
    return undefined
  }

  async grow(to: Position): Promise<SignedTree> {
    const tree = this.#tree
    if (tree.size < to) {
      for await (const { events } of this.#store.read('all', { from: tree.size + 1, to, reserved: true })) {
        for (const event of events) tree.append(leafHashOf(event))
        await this.#writeFull()
      }
      for (const tile of tree.edge()) {
        await this.#files.write(tilePath(tile), tile.bytes, { isTile: true })
        this.#partial.add(wholePath(tile))
      }
    }
    const { size } = tree
    return { size, root: tree.root(), history: (await this.#store.historyAt(size)) ?? '' }
  }

  async #writeFull(): Promise<void> {
    for (const tile of this.#tree.takeFull()) {
      const path = tilePath(tile)
      await this.#files.write(path, tile.bytes, { isTile: true })
      if (this.#partial.delete(path)) await this.#files.remove(`${path}.p`)
    }
  }

  /** The tree of the tiles, if they are those that were signed. */
  async #edgeOf({ size, root }: SignedTree): Promise<GrowingTree | undefined> {
    try {
      const tree = GrowingTree.at(size, await readEdge(this.#files, size))
      return isSameHash(tree.root(), root) ? tree : undefined
    } catch (error) {
      if (isIndelibleError(error, 'proofs_damaged')) return undefined
      throw error
    }
  }

  /** Compares the identity of the last event and the leaves in the last tile. That costs little, however long the log is. */
  async #endFits({ size, history }: SignedTree): Promise<boolean> {
    if ((await this.#store.historyAt(size)) !== history) return false
    const read = nodesIn(this.#files, size)
    const from = size - ((size - 1) % tileWidth)
    for await (const { events } of this.#store.read('all', { from, to: size, reserved: true })) {
      for (const event of events) {
        const leaf = await read(0, event.position - 1).catch(() => undefined)
        if (leaf && !isSameHash(leafHashOf(event), leaf)) return false
      }
    }
    return true
  }
}

function wholePath({ level, index }: { readonly level: number; readonly index: number }): string {
  return tilePath({ level, index, width: tileWidth })
}
