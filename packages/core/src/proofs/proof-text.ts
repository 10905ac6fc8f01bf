// The proof that an event is in the log as a text that can be checked offline (https://c2sp.org/tlog-proof).
import { IndelibleError } from '../kernel/errors.ts'
import { decodedBase64 } from './base64.ts'
import { openCheckpoint, type TreeCheckpoint } from './checkpoints.ts'
import { hashBytes, leafHash } from './hashes.ts'
import type { VerifierKey } from './keys.ts'
import { type LeafFields, readLeaf } from './leaf.ts'
import { provesInclusion } from './proofs.ts'

export interface EventProof {
  /** The envelope of the event (docs/proofs.md). */
  readonly leaf: Uint8Array
  /** Of the leaf, from 0: the position minus 1. */
  readonly index: number
  readonly hashes: readonly Uint8Array[]
  /** The signed note. */
  readonly checkpoint: string
}

const header = 'c2sp.org/tlog-proof@v1'
/** No tree of safe integers is deeper. */
const hashesMax = 63

/** The leaf is its extra data. */
export function formatProof({ leaf, index, hashes, checkpoint }: EventProof): string {
  const lines = [header, `extra ${base64(leaf)}`, `index ${index}`, ...hashes.map(base64)]
  return `${lines.join('\n')}\n\n${checkpoint}`
}

/** Throws `proof_invalid`. */
export function parseProof(text: string): EventProof {
  const end = text.indexOf('\n\n')
  const [first, extra = '', index = '', ...lines] = text.slice(0, Math.max(0, end)).split('\n')
  const leaf = extra.startsWith('extra ') ? decodedBase64(extra.slice('extra '.length)) : undefined
  const [, digits] = /^index (0|[1-9]\d{0,15})$/.exec(index) ?? []
  const hashes = parseHashes(lines)
  if (first !== header || !leaf || digits === undefined) throw invalid('This is not a proof of an event.')
  return { leaf, index: Number(digits), hashes, checkpoint: text.slice(end + 2) }
}

/** Checks a proof offline. It gives what was proved: the event as its leaf has it, and the tree. Throws `proof_invalid`. */
export function checkProof(
  text: string,
  keys: readonly VerifierKey[],
): { readonly event: LeafFields; readonly checkpoint: TreeCheckpoint } {
  const { leaf, index, hashes, checkpoint: note } = parseProof(text)
  const checkpoint = openCheckpoint(note, keys)
  const event = readLeaf(leaf)
  const isIncluded = provesInclusion({ ...checkpoint, index, hash: leafHash(leaf), proof: hashes })
  if (isIncluded && event.position === index + 1) return { event, checkpoint }
  throw invalid('The proof does not lead from the event to the root of the checkpoint.')
}

/** Hashes as base64, one a line. Throws `proof_invalid`. */
export function parseHashes(lines: readonly string[]): readonly Uint8Array[] {
  const hashes = lines.map(decodedBase64)
  if (hashes.length > hashesMax || hashes.some((hash) => hash?.length !== hashBytes))
    throw invalid('This is not a list of hashes in base64.')
  return hashes as Uint8Array[]
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function invalid(message: string): IndelibleError {
  return new IndelibleError('proof_invalid', message)
}
