// The record of the consumer that keeps the tree: which tree was signed last, with the signed note itself.
import { type Clock, instant } from '../../kernel/time.ts'
import { openCheckpoint, signCheckpoint } from '../../proofs/checkpoints.ts'
import type { SignedTree } from '../../proofs/tree-grower.ts'
import type { ConsumerRecord, ConsumerRecords } from '../../store/consumers.ts'
import type { ProofFiles } from '../../store/proof-files.ts'
import { StoredRecord } from '../consumers/stored-record.ts'
import type { Holding } from '../leases/index.ts'
import { type TreeKeys, treeName } from './tree-keys.ts'

export interface SignedRecordOptions {
  readonly records: ConsumerRecords
  readonly files: ProofFiles
  readonly keys: TreeKeys
  readonly clock: Clock
  readonly holding: Holding
  /** An operator did something through another process. */
  readonly changed: (record: ConsumerRecord) => void
}

/** A tree with its checkpoint, as a signed note. */
export interface NotedTree {
  readonly tree: SignedTree
  readonly note: string
}

export class SignedRecord {
  readonly #options: SignedRecordOptions
  readonly #record: StoredRecord

  constructor(options: SignedRecordOptions) {
    this.#options = options
    const { records, holding, changed } = options
    this.#record = new StoredRecord({ name: treeName, records, holding, changed, begin: async () => this.#begin() })
  }

  async load(): Promise<ConsumerRecord> {
    return await this.#record.load()
  }

  /** Notices what operators did through other processes. */
  async look(): Promise<void> {
    await this.#record.look()
  }

  async setPaused(isPaused: boolean): Promise<void> {
    const updatedAt = instant(this.#options.clock.now())
    await this.#record.change((before) => ({ ...before, isPaused, updatedAt }))
  }

  /** What was signed last. Throws `proof_invalid` if the kept checkpoint is not signed by a key of ours. */
  lastOf({ kept, checkpoint }: ConsumerRecord): NotedTree | undefined {
    if (kept === undefined) return undefined
    const { note } = kept as Kept
    const { size, root } = openCheckpoint(note, this.#options.keys.public)
    return { tree: { size, root, history: checkpoint.history }, note }
  }

  /** Signs a tree, and gives the note. */
  async sign(tree: SignedTree, origin: string): Promise<string> {
    const { clock, files, keys, holding } = this.#options
    const token = holding.term?.token
    const { size, root, history } = tree
    const atMs = clock.now()
    const note = signCheckpoint({ origin, size, root }, { keys: keys.signers, atMs })
    const kept: Kept = { note }
    const change = { checkpoint: { position: size, history }, kept, updatedAt: instant(atMs) }
    // First what proves later that the log is the same, then what others see.
    await this.#record.change((before) => ({ ...before, ...change }))
    await files.write('checkpoint', Buffer.from(note), { token })
    return note
  }

  #begin(): ConsumerRecord {
    const checkpoint = { position: 0, history: '' }
    const updatedAt = instant(this.#options.clock.now())
    return { name: treeName, checkpoint, isPaused: false, parked: [], updatedAt }
  }
}

/** What the record keeps besides the checkpoint that every consumer has. */
interface Kept {
  /** The last checkpoint, as a signed note. */
  readonly note: string
}
