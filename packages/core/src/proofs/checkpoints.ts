// Checkpoints: the size and root of a tree as a signed note (https://c2sp.org/tlog-checkpoint).
import { IndelibleError } from '../kernel/errors.ts'
import { decodedBase64 } from './base64.ts'
import { hashBytes } from './hashes.ts'
import type { SignerKey, VerifierKey } from './keys.ts'
import { openNote, signNote } from './notes.ts'

/** A tree at one moment. */
export interface TreeHead {
  /** The number of leaves, which is the position of the last event in it. */
  readonly size: number
  readonly root: Uint8Array
}

export interface TreeCheckpoint extends TreeHead {
  /** Which log it is. */
  readonly origin: string
}

/** Signs a checkpoint. */
export function signCheckpoint(
  { origin, size, root }: TreeCheckpoint,
  { keys, atMs }: { readonly keys: readonly SignerKey[]; readonly atMs: number },
): string {
  return signNote(`${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`, keys, atMs)
}

/** Reads a checkpoint and checks its signatures; see {@link openNote}. Throws `proof_invalid`. */
export function openCheckpoint(
  note: string,
  keys: readonly VerifierKey[],
): TreeCheckpoint & { readonly signedBy: readonly VerifierKey[] } {
  const { text, signedBy } = openNote(note, keys)
  return { ...readText(text), signedBy }
}

/** Reads a checkpoint without a check of its signatures. Throws `proof_invalid`. */
export function readCheckpoint(note: string): TreeCheckpoint {
  const end = note.lastIndexOf('\n\n')
  return readText(note.slice(0, end + 1))
}

function readText(text: string): TreeCheckpoint {
  const [, origin, digits, base64 = ''] = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([^\n]+)\n(?:[^\n]+\n)*$/.exec(text) ?? []
  const root = decodedBase64(base64)
  const size = Number(digits)
  if (origin !== undefined && root?.length === hashBytes && Number.isSafeInteger(size)) return { origin, size, root }
  throw new IndelibleError('proof_invalid', 'This is not a checkpoint: it needs an origin, a size and a root.')
}
