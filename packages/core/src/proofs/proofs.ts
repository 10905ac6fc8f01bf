// Inclusion and consistency proofs: made as in RFC 6962, sections 2.1.1 and 2.1.2, checked as in RFC 9162, sections 2.1.3.2 and 2.1.4.2.
import { IndelibleError } from '../kernel/errors.ts'
import { emptyRoot, isSameHash, nodeHash } from './hashes.ts'

/** Reads the hash of a whole subtree: of 2^level leaves, the one with this index at its level. */
export type ReadNode = (level: number, index: number) => Promise<Uint8Array>

/** Leaves, numbered from 0: `from` inclusive, `to` exclusive. */
interface Leaves {
  readonly from: number
  readonly to: number
}

/** The root of the first `size` leaves. */
export async function rootOf(read: ReadNode, size: number): Promise<Uint8Array> {
  return size === 0 ? emptyRoot : await hashOf(read, { from: 0, to: size })
}

/** Shows that the leaf with this index is in the tree of this size. Throws `invalid_position`. */
export async function inclusionProof(
  read: ReadNode,
  { index, size }: { readonly index: number; readonly size: number },
): Promise<readonly Uint8Array[]> {
  if (index >= size) throw outside(`A tree of ${size} leaves has no leaf ${index}.`)
  const path: Leaves[] = []
  for (let [from, to] = [0, size]; to - from > 1; ) {
    const middle = from + leftLeaves(to - from)
    if (index < middle) {
      path.push({ from: middle, to })
      to = middle
    } else {
      path.push({ from, to: middle })
      from = middle
    }
  }
  return await Promise.all(path.reverse().map((leaves) => hashOf(read, leaves)))
}

/** Shows that the tree of the first size is the beginning of the tree of the second. Throws `invalid_position`. */
export async function consistencyProof(
  read: ReadNode,
  { from: first, to: second }: Leaves,
): Promise<readonly Uint8Array[]> {
  if (first > second) throw outside(`A tree of ${first} leaves is not the beginning of one of ${second}.`)
  if (first === 0) return []
  const path: Leaves[] = []
  let [from, to] = [0, second]
  while (first !== to) {
    const middle = from + leftLeaves(to - from)
    if (first <= middle) {
      path.push({ from: middle, to })
      to = middle
    } else {
      path.push({ from, to: middle })
      from = middle
    }
  }
  if (from > 0) path.push({ from, to })
  return await Promise.all(path.reverse().map((leaves) => hashOf(read, leaves)))
}

export interface Inclusion {
  readonly index: number
  readonly size: number
  /** Of the leaf. */
  readonly hash: Uint8Array
  readonly root: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** Whether a proof shows that the leaf is in the tree with that root. */
export function provesInclusion({ index, size, hash, root, proof }: Inclusion): boolean {
  if (index >= size) return false
  const climb = new Climb(index, size - 1)
  let found = hash
  for (const sibling of proof) {
    if (climb.isAtTop) return false
    found = climb.isRightEdge ? nodeHash(sibling, found) : nodeHash(found, sibling)
    climb.up()
  }
  return climb.isAtTop && isSameHash(found, root)
}

export interface Consistency {
  readonly from: { readonly size: number; readonly root: Uint8Array }
  readonly to: { readonly size: number; readonly root: Uint8Array }
  readonly proof: readonly Uint8Array[]
}

/** Whether a proof shows that the first tree is the beginning of the second. */
export function provesConsistency({ from, to, proof }: Consistency): boolean {
  if (from.size > to.size) return false
  if (from.size === to.size) return proof.length === 0 && isSameHash(from.root, to.root)
  if (from.size === 0) return proof.length === 0 && isSameHash(from.root, emptyRoot)
  const [start, ...path] = isPowerOfTwo(from.size) ? [from.root, ...proof] : proof
  if (!start) return false
  const climb = new Climb(from.size - 1, to.size - 1)
  climb.skipRights()
  let [first, second] = [start, start]
  for (const sibling of path) {
    if (climb.isAtTop) return false
    if (climb.isRightEdge) {
      first = nodeHash(sibling, first)
      second = nodeHash(sibling, second)
    } else second = nodeHash(second, sibling)
    climb.up()
  }
  return climb.isAtTop && isSameHash(first, from.root) && isSameHash(second, to.root)
}

/** The way from a node up to the root, beside the way of the last node of its level. */
class Climb {
  #node: number
  #last: number

  constructor(node: number, last: number) {
    this.#node = node
    this.#last = last
  }

  get isAtTop(): boolean {
    return this.#last === 0
  }

  /** Whether the next sibling stands on the left. */
  get isRightEdge(): boolean {
    return this.#node % 2 === 1 || this.#node === this.#last
  }

  /** Passes the levels on which there is no sibling. */
  up(): void {
    if (this.isRightEdge) while (this.#node % 2 === 0 && this.#node !== 0) this.#shift()
    this.#shift()
  }

  skipRights(): void {
    while (this.#node % 2 === 1) this.#shift()
  }

  #shift(): void {
    this.#node = Math.floor(this.#node / 2)
    this.#last = Math.floor(this.#last / 2)
  }
}

/** The hash of leaves that begin where a subtree begins. */
async function hashOf(read: ReadNode, { from, to }: Leaves): Promise<Uint8Array> {
  const parts: Promise<Uint8Array>[] = []
  for (let at = from; at < to; ) {
    const [level, leaves] = largestIn(to - at)
    parts.push(read(level, at / leaves))
    at += leaves
  }
  return (await Promise.all(parts)).reduceRight((right, left) => nodeHash(left, right))
}

/** The largest power of two that is not greater, with its exponent. */
function largestIn(count: number): [level: number, leaves: number] {
  let [level, leaves] = [0, 1]
  for (; leaves * 2 <= count; leaves *= 2) level++
  return [level, leaves]
}

/** The leaves of the left half of a tree: the largest power of two that is less than its size. */
function leftLeaves(size: number): number {
  let leaves = 1
  while (leaves * 2 < size) leaves *= 2
  return leaves
}

function isPowerOfTwo(size: number): boolean {
  return largestIn(size)[1] === size
}

function outside(message: string): IndelibleError {
  return new IndelibleError('invalid_position', message)
}
