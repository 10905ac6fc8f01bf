// Whether a log is the one that was signed; and if not, what happened to it.
import type { Position } from '../kernel/positions.ts'
import type { EventStore } from '../store/port.ts'
import type { ProofFiles } from '../store/proof-files.ts'
import { readCheckpoint, type TreeHead } from './checkpoints.ts'
import { isSameHash } from './hashes.ts'
import { leafHashOf } from './leaf.ts'
import type { ReadNode } from './proofs.ts'
import { nodesIn } from './tile-nodes.ts'
import { GrowingTree } from './tiles.ts'

/**
 * `rewritten`: events that were signed are not what they were, others after them are. `cut short`: what the log has is as it was signed, but it ends too
 * early: it was put back to an older copy, or its end was removed. `forked`: from some event on, the log goes on with other events than those that were signed.
 */
export type MisfitKind = 'rewritten' | 'cut short' | 'forked'

export interface Misfit {
  readonly kind: MisfitKind
  /** The first event that is missing or is another one; null if only the whole can be compared, because there are no tiles of the signed tree. */
  readonly position: Position | null
  /** The number of events that were signed, and of those in the log. */
  readonly signed: number
  readonly head: number
}

export interface Compared {
  readonly store: Pick<EventStore, 'head' | 'read' | 'historyAt'>
  /** The tiles that are kept with the log. Only those that lead to the signed root are believed. */
  readonly files?: Pick<ProofFiles, 'read'> | undefined
  readonly signed: TreeHead & { readonly history?: string | undefined }
}

/** Reads the log up to the signed size, and builds its tree again. Nothing if the log is the one that was signed. */
export async function compareLog({ store, files, signed }: Compared): Promise<Misfit | undefined> {
  const { size, root, history } = signed
  const { position: head } = await store.head()
  const end = Math.min(head, size)
  const tiles = new SignedLeaves(files && nodesIn(files, await keptSize(files, size)), size)
  const tree = new GrowingTree()
  let first: Position | undefined
  let isSameAgain = false
  for await (const { events } of end === 0 ? [] : store.read('all', { to: end, reserved: true })) {
    for (const event of events) {
      const hash = leafHashOf(event)
      tree.append(hash)
      const leaf = await tiles.leaf(event.position)
      if (!leaf) continue
      if (!isSameHash(hash, leaf)) first ??= event.position
      else if (first !== undefined) isSameAgain = true
    }
    // Only the root is asked for.
    tree.takeFull()
  }
  if (head >= size && isSameHash(tree.root(), root)) return undefined
  const found = (kind: MisfitKind, position: Position | null): Misfit => ({ kind, position, signed: size, head })
  if (!isSameHash((await tiles.rest()) ?? new Uint8Array(), root)) {
    if (head < size) return found('cut short', null)
    // A log that fits the tree beside it, and that tree is not the signed one: there are two histories.
    return found(tiles.areWhole && first === undefined ? 'forked' : 'rewritten', null)
  }
  if (first === undefined) return found('cut short', head + 1)
  const endsAlike = head >= size && history !== undefined && (await store.historyAt(size)) === history
  return found(isSameAgain || endsAlike ? 'rewritten' : 'forked', first)
}

/** The tree beside the log may have grown on: then only its larger tiles may be there. */
async function keptSize(files: Pick<ProofFiles, 'read'>, size: number): Promise<number> {
  const note = await files.read('checkpoint')
  return note ? Math.max(size, readCheckpoint(Buffer.from(note).toString()).size) : size
}

/** The leaves in the tiles, in their order, and the root that they lead to. */
class SignedLeaves {
  readonly #read: ReadNode | undefined
  readonly #size: number
  readonly #tree = new GrowingTree()
  areWhole: boolean

  constructor(read: ReadNode | undefined, size: number) {
    this.#read = read
    this.#size = size
    this.areWhole = read !== undefined
  }

  /** Of the next position; nothing where the tiles do not have it. */
  async leaf(position: Position): Promise<Uint8Array | undefined> {
    if (!this.areWhole) return undefined
    try {
      const leaf = await this.#read!(0, position - 1)
      this.#tree.append(leaf)
      this.#tree.takeFull()
      return leaf
    } catch {
      this.areWhole = false
      return undefined
    }
  }

  /** The root of all leaves, also of those that the log does not have. Nothing if some are missing. */
  async rest(): Promise<Uint8Array | undefined> {
    while (this.areWhole && this.#tree.size < this.#size) await this.leaf(this.#tree.size + 1)
    return this.areWhole ? this.#tree.root() : undefined
  }
}

/** One sentence for people. */
export function misfitText({ kind, position, signed, head }: Misfit): string {
  const where = position === null ? '' : ` The first difference is at position ${position}.`
  const what = {
    rewritten: `The log was rewritten: some of the ${signed} events that were signed are not what they were.`,
    'cut short': `The log was cut short: ${signed} events were signed, and it has ${head}. It was put back to an older copy, or its end was removed.`,
    forked: `The log was forked: it goes on with other events than the ${signed} that were signed.`,
  }[kind]
  return `${what}${where}`
}
