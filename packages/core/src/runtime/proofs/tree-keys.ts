// The keys that sign checkpoints: made at the first start, rotated, and each recorded in the log when it is first used.
import { newSignerKey, type SignerKey, signerKey, type VerifierKey } from '../../proofs/keys.ts'
import type { EventStore } from '../../store/port.ts'
import type { ProofFiles } from '../../store/proof-files.ts'
import type { OperatorLog } from '../operator-log.ts'

/** The consumer that keeps the tree. Its name cannot be that of a declared one. */
export const treeName = '$tree'
const keyUsed = '$ProofKeyUsed'

export interface TreeKeysOptions {
  readonly files: ProofFiles
  readonly store: EventStore
  readonly operators: OperatorLog
}

export class TreeKeys {
  readonly #options: TreeKeysOptions
  /** The newest first. The one before it signs along until the next rotation, so that who checks has time to learn the new one. */
  #keys: readonly SignerKey[] = []

  constructor(options: TreeKeysOptions) {
    this.#options = options
  }

  get signers(): readonly SignerKey[] {
    return this.#keys
  }

  get public(): readonly VerifierKey[] {
    return this.#keys.map(({ verifier }) => verifier)
  }

  /** As text, the newest first. */
  get verifiers(): readonly string[] {
    return this.#keys.map(({ verifier }) => verifier.text)
  }

  /** Reads the keys, or makes the first one. Throws `proof_invalid` where the file has something else. */
  async load(origin: string): Promise<void> {
    if (!(await this.reload())) await this.#use([newSignerKey(origin)])
  }

  /** Reads the keys again, which another process may have made. False where there are none yet. */
  async reload(): Promise<boolean> {
    const text = await this.#options.files.loadKeys()
    if (text !== undefined) this.#keys = text.trimEnd().split('\n').map(signerKey)
    return text !== undefined
  }

  /** Records the newest key in the log if that is not done: it is new, or a crash came between. Call it only when the log is the one that was signed. */
  async recordNewest(): Promise<void> {
    if ((await this.#recorded()) !== this.verifiers[0]) await this.#record({})
  }

  /** Durable and recorded in the log when it resolves. */
  async rotate(origin: string, by: { readonly actor?: string | undefined }): Promise<void> {
    await this.#use([newSignerKey(origin), this.#keys[0]!])
    await this.#record(by)
  }

  async #use(keys: readonly SignerKey[]): Promise<void> {
    await this.#options.files.saveKeys(keys.map(({ text }) => `${text}\n`).join(''))
    this.#keys = keys
  }

  async #record(by: { readonly actor?: string | undefined }): Promise<void> {
    const [key, before = null] = this.verifiers
    await this.#options.operators.record(keyUsed, { subject: treeName, data: { key, before } }, by)
  }

  async #recorded(): Promise<unknown> {
    const newest = { direction: 'backwards', limit: 1 } as const
    for await (const { events } of this.#options.store.read([{ types: [keyUsed] }], newest))
      return (events[0]?.data as { key?: unknown } | undefined)?.key
    return undefined
  }
}
