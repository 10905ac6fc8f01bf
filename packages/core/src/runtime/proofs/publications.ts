// All receivers of checkpoints: they get each new one, and what they sign is kept.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import { openCheckpoint, readCheckpoint, type TreeHead } from '../../proofs/checkpoints.ts'
import { addSignatures } from '../../proofs/notes.ts'
import { consistencyProof, rootOf } from '../../proofs/proofs.ts'
import { cosignedCheckpoint, cosignedPath } from '../../proofs/prove.ts'
import type { Cosignatures, PublishedCheckpoint, Publisher } from '../../proofs/publishers.ts'
import { nodesIn } from '../../proofs/tile-nodes.ts'
import type { ProofFiles } from '../../store/proof-files.ts'
import type { Holding } from '../leases/index.ts'
import { Publication, type PublicationStatus } from './publication.ts'
import type { TreeKeys } from './tree-keys.ts'

export interface PublicationsOptions {
  readonly publish: readonly Publisher[]
  readonly files: ProofFiles
  readonly keys: TreeKeys
  readonly holding: Holding
  /** A receiver knows another history. */
  readonly diverged: (error: unknown) => void
}

export class Publications {
  readonly #options: PublicationsOptions
  readonly #all: readonly Publication[]
  #cosigned: string | undefined

  constructor(options: PublicationsOptions) {
    this.#options = options
    const { publish, diverged } = options
    this.#all = publish.map(
      (publisher) =>
        new Publication({
          publisher,
          cosigned: (checkpoint, cosignatures) => this.#addCosignatures(checkpoint, cosignatures),
          diverged,
        }),
    )
  }

  status(): readonly PublicationStatus[] {
    return this.#all.map((each) => each.status())
  }

  /** The newest checkpoint that others have signed too. */
  get cosigned(): string | undefined {
    return this.#cosigned
  }

  /** Goes on with the one that an earlier process kept, if our keys signed it. */
  async load(): Promise<void> {
    const note = await cosignedCheckpoint(this.#options.files)
    if (note !== undefined && this.#isOurs(note)) this.#cosigned = note
  }

  offer(note: string, { size, root }: TreeHead): void {
    const read = nodesIn(this.#options.files, size)
    const checkpoint: PublishedCheckpoint = {
      note,
      size,
      root,
      rootAt: (earlier) => rootOf(read, earlier),
      consistencyFrom: (from) => consistencyProof(read, { from, to: size }),
    }
    for (const each of this.#all) each.offer(checkpoint)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((each) => each.stop()))
  }

  async #addCosignatures({ note, size }: PublishedCheckpoint, { lines, keys }: Cosignatures): Promise<void> {
    const kept = this.#cosigned === undefined ? undefined : readCheckpoint(this.#cosigned)
    // Two witnesses may sign the same one.
    const isSame = kept?.size === size && this.#cosigned!.startsWith(note)
    const signed = isSame ? this.#cosigned! : note
    const cosigned = addSignatures(signed, lines, keys)
    if (cosigned === signed)
      throw new IndelibleError(
        'proof_invalid',
        `The witness ${keys[0]!.name} gave no right signature of ${size} events.`,
      )
    if (kept && kept.size > size) return
    this.#cosigned = cosigned
    const { files, holding } = this.#options
    // Where another process has the lease by now, that one goes on with the witnesses.
    if (holding.term) await files.write(cosignedPath, Buffer.from(cosigned), { token: holding.term.token })
  }

  #isOurs(note: string): boolean {
    try {
      return openCheckpoint(note, this.#options.keys.public).size > 0
    } catch (error) {
      if (isIndelibleError(error, 'proof_invalid')) return false
      throw error
    }
  }
}
