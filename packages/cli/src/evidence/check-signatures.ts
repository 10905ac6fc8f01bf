// Checks who signed the checkpoint of a bundle: a key that the log records, and every key that was given.
import type { VerifierKey } from 'indelible/proofs'
import type { Findings } from './findings.ts'
import { hasSigned, signaturesOf } from './signatures.ts'

export interface SignaturesToCheck {
  readonly note: string
  /** The name of the log. */
  readonly log: string
  /** The keys that the log records. */
  readonly recorded: readonly VerifierKey[]
  /** The keys that must have signed. */
  readonly given: readonly VerifierKey[]
  readonly findings: Findings
}

/** Gives the keys whose signature is right. */
export function checkSignatures({ note, log, recorded, given, findings }: SignaturesToCheck): readonly VerifierKey[] {
  const lines = signaturesOf(note, [...recorded, ...given])
  const isNamed = (key: VerifierKey) => lines.some(({ name, id }) => name === key.name && id === hexId(key))
  const own = recorded.filter((key) => key.name === log && isNamed(key))
  const wanted = [...own, ...given.filter((key) => own.every(({ text }) => text !== key.text))]
  if (own.length === 0)
    findings.add('keyUnknown', 'checkpoint', `No key that ${log} records in keys.ndjson has signed the checkpoint.`)
  return wanted.filter((key) => {
    if (isNamed(key) && hasSigned(note, key)) return true
    if (isNamed(key))
      findings.add('signatureWrong', 'checkpoint', `The signature of ${key.name} is wrong: the checkpoint was changed.`)
    else findings.add('keyUnknown', 'checkpoint', unknownText(key, recorded))
    return false
  })
}

function unknownText(key: VerifierKey, recorded: readonly VerifierKey[]): string {
  const isRecorded = recorded.some(({ text }) => text === key.text)
  const why = isRecorded
    ? 'The log records it as a key of its own, but signed this checkpoint with others. Ask for the key of that time.'
    : 'It belongs to another log, or the bundle was made by somebody else.'
  return `The key ${key.text} has not signed the checkpoint. ${why}`
}

function hexId({ id }: VerifierKey): string {
  return Buffer.from(id).toString('hex')
}
