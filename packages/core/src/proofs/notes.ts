// Signed notes: a text, and below it signatures (https://c2sp.org/signed-note).
import { IndelibleError } from '../kernel/errors.ts'
import { decodedBase64 } from './base64.ts'
import type { SignerKey, VerifierKey } from './keys.ts'

export interface OpenedNote {
  /** Ends with a line feed. */
  readonly text: string
  /** The keys whose signature was found and is right. */
  readonly signedBy: readonly VerifierKey[]
}

const signaturesMax = 100

/** The note of a text that ends with a line feed. */
export function signNote(text: string, keys: readonly SignerKey[], atMs: number): string {
  const lines = keys.map((key) => signatureLine(key.name, key.sign(text, atMs)))
  return `${text}\n${lines.join('')}`
}

/** Adds signature lines that were made elsewhere. Only those of these keys, which must be right, are added. */
export function addSignatures(note: string, lines: string, keys: readonly VerifierKey[]): string {
  const { text } = split(note)
  const added = signaturesIn(lines).filter((line) => keys.some((key) => isBy(key, line) && isRight(key, text, line)))
  return `${note}${added.map(({ name, bytes }) => signatureLine(name, bytes)).join('')}`
}

/**
 * Throws `proof_invalid` if it is no note, if a signature of one of the keys is wrong, or if none of the keys has signed it. Signatures of other keys are
 * ignored.
 */
export function openNote(note: string, keys: readonly VerifierKey[]): OpenedNote {
  const { text, signatures } = split(note)
  const signedBy = keys.filter((key) => {
    const own = signatures.filter((signature) => isBy(key, signature))
    if (own.some((signature) => !isRight(key, text, signature)))
      throw invalid(`The signature of ${key.name} is wrong: the note was changed, or it was signed by another key.`)
    return own.length > 0
  })
  if (signedBy.length > 0) return { text, signedBy }
  const names = signatures.map(({ name }) => name).join(', ')
  throw invalid(`None of the given keys has signed the note. It is signed by ${names}.`)
}

interface Signature {
  readonly name: string
  /** With the id of the key before it. */
  readonly bytes: Uint8Array
}

function split(note: string): { text: string; signatures: readonly Signature[] } {
  const end = note.lastIndexOf('\n\n')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a note has no control characters but line feeds
  if (end < 0 || /[\x00-\x09\x0b-\x1f]/.test(note) || !note.isWellFormed()) throw invalid('This is not a signed note.')
  return { text: note.slice(0, end + 1), signatures: signaturesIn(note.slice(end + 2)) }
}

function signaturesIn(lines: string): readonly Signature[] {
  const all = lines.split('\n')
  if (all.pop() !== '' || all.length === 0 || all.length > signaturesMax) throw invalid('This is not a signed note.')
  return all.map((line) => {
    const [, name, base64 = ''] = /^\u2014 ([^\s+]+) (\S+)$/u.exec(line) ?? []
    const bytes = decodedBase64(base64)
    if (name === undefined || !bytes || bytes.length < 5) throw invalid(`This is not a signature: ${line}`)
    return { name, bytes }
  })
}

function isBy({ name, id }: VerifierKey, signature: Signature): boolean {
  return signature.name === name && Buffer.compare(signature.bytes.subarray(0, 4), id) === 0
}

function isRight(key: VerifierKey, text: string, { bytes }: Signature): boolean {
  return key.verifies(text, bytes.subarray(4))
}

function signatureLine(name: string, bytes: Uint8Array): string {
  return `\u2014 ${name} ${Buffer.from(bytes).toString('base64')}\n`
}

function invalid(message: string): IndelibleError {
  return new IndelibleError('proof_invalid', message)
}
