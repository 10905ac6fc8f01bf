// Proofs about the events of a log, from its tree as it is kept beside it.
import { IndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import type { EventStore } from '../store/port.ts'
import type { ProofFiles } from '../store/proof-files.ts'
import { readCheckpoint, type TreeHead } from './checkpoints.ts'
import { leafHashOf, leafOf } from './leaf.ts'
import { formatProof } from './proof-text.ts'
import {
  consistencyProof,
  inclusionProof,
  provesConsistency,
  provesInclusion,
  type ReadNode,
  rootOf,
} from './proofs.ts'
import { nodesIn } from './tile-nodes.ts'

export interface KeptTree {
  readonly store: Pick<EventStore, 'read'>
  readonly files: Pick<ProofFiles, 'read'>
}

/** The last checkpoint, as a signed note. Throws `proofs_missing`. */
export async function lastCheckpoint(files: Pick<ProofFiles, 'read'>): Promise<string> {
  const note = await files.read('checkpoint')
  if (note) return Buffer.from(note).toString()
  throw new IndelibleError('proofs_missing', 'There is no checkpoint of a Merkle tree here.')
}

/** Where the newest checkpoint that others have signed too is kept, beside the tiles. */
export const cosignedPath = 'cosigned'

/** The newest checkpoint that others have signed too. Nothing if there is none. */
export async function cosignedCheckpoint(files: Pick<ProofFiles, 'read'>): Promise<string | undefined> {
  const note = await files.read(cosignedPath)
  return note && Buffer.from(note).toString()
}

/** A proof as text, and the event that it is about. */
export interface ProvedEvent {
  readonly event: RecordedEvent
  readonly proof: string
}

/**
 * Proves that the event at a position is in the last checkpoint. Throws `proofs_missing`, `proofs_damaged`, `invalid_position` where the checkpoint does not
 * reach it, and `tree_diverged` if the event is not the one that was signed.
 */
export async function proveEvent({ store, files }: KeptTree, position: Position): Promise<ProvedEvent> {
  const checkpoint = await lastCheckpoint(files)
  const { size, root } = readCheckpoint(checkpoint)
  if (position < 1 || position > size)
    throw new IndelibleError(
      'invalid_position',
      `The last checkpoint has the positions 1 to ${size}, not ${position}.`,
      {
        details: { position, size },
      },
    )
  const index = position - 1
  const hashes = await inclusionProof(nodesIn(files, size), { index, size })
  for await (const { events } of store.read('all', { from: position, to: position, reserved: true })) {
    const event = events[0]!
    if (!provesInclusion({ index, size, hash: leafHashOf(event), root, proof: hashes })) break
    return { event, proof: formatProof({ leaf: leafOf(event), index, hashes, checkpoint }) }
  }
  throw notSigned(position)
}

/** That one tree is the beginning of another. */
export interface ProvedConsistency {
  readonly from: TreeHead
  readonly to: TreeHead
  readonly proof: readonly Uint8Array[]
  /** The signed note of the second tree, if that is the last checkpoint. */
  readonly checkpoint: string | undefined
}

/** A tree that the log had, and how to read its nodes. */
export interface TreeOfLog {
  readonly tree: TreeHead
  /** The signed note, if that is the last checkpoint. */
  readonly checkpoint: string | undefined
  readonly read: ReadNode
}

/** The tree of the last checkpoint, or an earlier one. Throws `proofs_missing`, `proofs_damaged`, `invalid_position`. */
export async function keptTree(files: Pick<ProofFiles, 'read'>, size?: number): Promise<TreeOfLog> {
  const note = await lastCheckpoint(files)
  const last = readCheckpoint(note)
  const read = nodesIn(files, last.size)
  if (size === undefined || size === last.size) return { tree: last, checkpoint: note, read }
  if (size < last.size) return { tree: { size, root: await rootOf(read, size) }, checkpoint: undefined, read }
  throw new IndelibleError('invalid_position', `The last checkpoint has ${last.size} events, not ${size}.`, {
    details: { size, last: last.size },
  })
}

/** `to` is the last checkpoint if it is left out. Throws `proofs_missing`, `proofs_damaged`, `invalid_position`. */
export async function proveConsistency(
  { files }: Pick<KeptTree, 'files'>,
  { from, to }: { readonly from: Position; readonly to?: Position | undefined },
): Promise<ProvedConsistency> {
  const checkpoint = await lastCheckpoint(files)
  const last = readCheckpoint(checkpoint)
  const size = to ?? last.size
  if (from > size || size > last.size)
    throw new IndelibleError(
      'invalid_position',
      `A proof of consistency leads from a size to another that is not less; the last checkpoint has ${last.size} events.`,
      { details: { from, to: size, size: last.size } },
    )
  const read = nodesIn(files, last.size)
  const [first, second, proof] = await Promise.all([
    rootOf(read, from),
    rootOf(read, size),
    consistencyProof(read, { from, to: size }),
  ])
  const proved = { from: { size: from, root: first }, to: { size, root: second }, proof }
  const isSigned = size !== last.size || Buffer.compare(second, last.root) === 0
  if (isSigned && provesConsistency(proved))
    return { ...proved, checkpoint: size === last.size ? checkpoint : undefined }
  throw new IndelibleError('proofs_damaged', 'The tiles of the Merkle tree do not lead to the last checkpoint.')
}

export function notSigned(position: Position): IndelibleError {
  return new IndelibleError(
    'tree_diverged',
    `The event at position ${position} is not the one that was signed, or a tile is damaged. "indelible verify" says which.`,
    { details: { position } },
  )
}
