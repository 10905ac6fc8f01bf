// The public keys that a log records when it begins to sign with them.
import { isIndelibleError, type RecordedEvent, type StreamName } from 'indelible'
import { type VerifierKey, verifierKey } from 'indelible/proofs'

/** Where the log records what concerns its tree: new keys, and who paused it. */
export const keysStream: StreamName = '$operator-$tree'
const keyUsed = '$ProofKeyUsed'

export class RecordedKeys {
  readonly #keys = new Map<string, VerifierKey>()

  add({ type, data }: RecordedEvent): void {
    if (type !== keyUsed) return
    const { key } = Object(data) as { readonly key?: unknown }
    try {
      if (typeof key === 'string') this.#keys.set(key, verifierKey(key))
    } catch (error) {
      // Of a later version of Indelible, perhaps. It has signed nothing that can be checked here.
      if (!isIndelibleError(error, 'proof_invalid')) throw error
    }
  }

  get all(): readonly VerifierKey[] {
    return [...this.#keys.values()]
  }
}
