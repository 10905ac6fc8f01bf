// What can be asked of the Merkle tree of a running system.
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { entriesAt, entryBundle } from '../../proofs/entry-bundles.ts'
import {
  lastCheckpoint,
  type ProvedConsistency,
  type ProvedEvent,
  proveConsistency,
  proveEvent,
} from '../../proofs/prove.ts'
import { type ProvedStream, proveStream, type StreamToProve } from '../../proofs/prove-stream.ts'
import type { EventStore } from '../../store/port.ts'
import type { ProofFiles } from '../../store/proof-files.ts'
import type { By } from '../consumers/by.ts'
import type { TreeRunner } from './tree-runner.ts'

/** The last checkpoint of the log. */
export interface LatestCheckpoint {
  /** A signed note (https://c2sp.org/tlog-checkpoint). */
  readonly checkpoint: string
  /** The newest checkpoint that witnesses have signed too. */
  readonly cosigned: string | undefined
  /** The public keys, the newest first. */
  readonly keys: readonly string[]
}

/** Every method throws `proofs_missing` if the system keeps no Merkle tree. */
export class Proofs {
  readonly #store: EventStore
  readonly #files: ProofFiles | undefined
  readonly #runner: TreeRunner | undefined

  constructor({ store, files, runner }: { store: EventStore; files?: ProofFiles; runner?: TreeRunner }) {
    this.#store = store
    this.#files = files
    this.#runner = runner
  }

  /** Proves that an event is in the last checkpoint; see `proveEvent` of `indelible/proofs`. */
  async event(position: Position): Promise<ProvedEvent> {
    return await proveEvent({ store: this.#store, files: this.#kept(this.#files) }, position)
  }

  /** Proves that the log of one size is the beginning of the log of another; see `proveConsistency` of `indelible/proofs`. */
  async consistency(sizes: {
    readonly from: Position
    readonly to?: Position | undefined
  }): Promise<ProvedConsistency> {
    return await proveConsistency({ files: this.#kept(this.#files) }, sizes)
  }

  /** Proves all events of a stream that are in the last checkpoint, or in an earlier one; see `proveStream` of `indelible/proofs`. */
  async stream(asked: StreamToProve): Promise<ProvedStream> {
    return await proveStream({ store: this.#store, files: this.#kept(this.#files) }, asked)
  }

  async latest(): Promise<LatestCheckpoint> {
    const runner = this.#kept(this.#runner)
    const checkpoint = await lastCheckpoint(this.#kept(this.#files))
    await runner.refresh()
    return { checkpoint, cosigned: runner.cosigned, keys: runner.keys }
  }

  /**
   * A tile, a bundle of entries or the checkpoint, by its path in C2SP tlog-tiles. Nothing where there is none. A bundle is made of the events; it throws
   * `tree_diverged` if one of them is not the one that was signed.
   */
  async file(path: string): Promise<Uint8Array | undefined> {
    const files = this.#kept(this.#files)
    const entries = entriesAt(path)
    return entries ? await entryBundle({ store: this.#store, files }, entries) : await files.read(path)
  }

  /** Makes a new key, which signs from now on; the one before signs along until the next rotation. The log records it. It gives the public keys. */
  async rotateKey(by: By = {}): Promise<readonly string[]> {
    return await this.#kept(this.#runner).rotateKey(by)
  }

  #kept<Value>(value: Value | undefined): Value {
    if (value !== undefined) return value
    throw new IndelibleError(
      'proofs_missing',
      'The system keeps no Merkle tree of its log. Switch it on in indelible.config.ts: fileStorage({ ...options, proofs: {} }).',
    )
  }
}
