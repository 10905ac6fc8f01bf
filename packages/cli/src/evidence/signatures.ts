// Who signed a checkpoint, as its lines say, with the keys that are known.
import { isIndelibleError } from 'indelible'
import { openCheckpoint, type VerifierKey } from 'indelible/proofs'

/** One signature line of a checkpoint. */
export interface SignatureLine {
  readonly name: string
  /** What distinguishes keys of one name, in hexadecimal digits. */
  readonly id: string
  /** The public key as text, if it is known and the signature is right. */
  readonly key: string | undefined
}

export function signaturesOf(note: string, keys: readonly VerifierKey[]): readonly SignatureLine[] {
  const lines = note.slice(note.lastIndexOf('\n\n') + 2).split('\n')
  return lines.flatMap((line) => {
    const [, name, base64] = /^\u2014 (\S+) (\S+)$/u.exec(line) ?? []
    if (name === undefined || base64 === undefined) return []
    const id = Buffer.from(base64, 'base64').subarray(0, 4)
    const key = keys.find((each) => each.name === name && id.equals(each.id) && hasSigned(note, each))
    return [{ name, id: id.toString('hex'), key: key?.text }]
  })
}

export function hasSigned(note: string, key: VerifierKey): boolean {
  try {
    return openCheckpoint(note, [key]).signedBy.length > 0
  } catch (error) {
    if (isIndelibleError(error, 'proof_invalid')) return false
    throw error
  }
}
