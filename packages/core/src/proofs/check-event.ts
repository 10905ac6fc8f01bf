// Whether an event is the one that its leaf stands for, and whether the leaf is in a tree.

import { isIndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { TreeHead } from './checkpoints.ts'
import { isSameHash, leafHash } from './hashes.ts'
import { type LeafFields, leafOf, readLeaf } from './leaf.ts'
import { provesInclusion } from './proofs.ts'
import type { EventInTree } from './proved-lines.ts'

export interface EventCheck {
  /** Whether the proof leads from the leaf to the root. */
  readonly isInTree: boolean
  /** The members of the event that are not as the leaf has them. */
  readonly changed: readonly string[]
}

/** An event is proved if its leaf is in the tree and nothing of it was changed. */
export function checkEvent({ event, leaf, hashes }: EventInTree, { size, root }: TreeHead): EventCheck {
  const index = event.position - 1
  const isInTree = provesInclusion({ index, size, root, hash: leafHash(leaf), proof: hashes })
  return { isInTree, changed: isSameHash(leafOf(event), leaf) ? [] : changedMembers(event, leaf) }
}

/** The members of an event that are not as its leaf has them. */
function changedMembers(event: RecordedEvent, leaf: Uint8Array): readonly string[] {
  const signed = fieldsOf(leaf)
  const own = fieldsOf(leafOf(event))
  if (!signed || !own) return ['leaf']
  const members = (Object.keys(own) as (keyof LeafFields)[]).filter((name) => !isSame(own[name], signed[name]))
  return members.map((name) => memberNames[name] ?? name)
}

const memberNames: Readonly<Partial<Record<keyof LeafFields, string>>> = {
  recordedAtMs: 'recordedAt',
  dataHash: 'data',
  metadataHash: 'metadata',
}

function fieldsOf(leaf: Uint8Array): LeafFields | undefined {
  try {
    return readLeaf(leaf)
  } catch (error) {
    if (isIndelibleError(error, 'proof_invalid')) return undefined
    throw error
  }
}

function isSame(left: unknown, right: unknown): boolean {
  if (left instanceof Uint8Array && right instanceof Uint8Array) return isSameHash(left, right)
  return JSON.stringify(left) === JSON.stringify(right)
}
