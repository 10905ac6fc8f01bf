// Whether an event is the one that its leaf stands for, and whether the leaf is in a tree.
import type { RecordedEvent } from '../kernel/events.ts'
import { isIndelibleError } from '../kernel/errors.ts'
import type { TreeHead } from './checkpoints.ts'
import { isSameHash, leafHash } from './hashes.ts'
import { type LeafFields, leafOf, readLeaf } from './leaf.ts'
import type { EventInTree } from './proved-lines.ts'
import { provesInclusion } from './proofs.ts'

/** Why an event with its proof is not proved: nothing if it is. */
export function whyNotProved({ event, leaf, hashes }: EventInTree, { size, root }: TreeHead): string | undefined {
  const index = event.position - 1
  const isIncluded = provesInclusion({ index, size, root, hash: leafHash(leaf), proof: hashes })
  const changed = changedMembers(event, leaf)
  if (!isIncluded) {
    if (event.position > size) return `position ${event.position} is after the ${size} events of the checkpoint`
    return changed.length === 0
      ? 'its proof does not lead to the checkpoint: the event or its proof was changed'
      : 'its leaf is not in the tree of the checkpoint: the leaf or its proof was changed'
  }
  return changed.length === 0 ? undefined : `not as it was signed: ${changed.join(', ')}`
}

/** The members of an event that are not as its leaf has them. */
function changedMembers(event: RecordedEvent, leaf: Uint8Array): readonly string[] {
  const signed = fieldsOf(leaf)
  const own = fieldsOf(leafOf(event))
  if (!signed || !own) return ['leaf']
  const names = (Object.keys(own) as (keyof LeafFields)[]).filter((name) => !isSame(own[name], signed[name]))
  return names.map((name) => memberNames[name] ?? name)
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
