// The consumer that keeps the Merkle tree of the log: it lets the tree grow, signs its checkpoints and publishes them. Appends never wait for it.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { type Clock, instant } from '../../kernel/time.ts'
import { openCheckpoint, signCheckpoint } from '../../proofs/checkpoints.ts'
import { type Misfit, misfitText } from '../../proofs/compare.ts'
import { addSignatures } from '../../proofs/notes.ts'
import { consistencyProof, rootOf } from '../../proofs/proofs.ts'
import type { Cosignatures, PublishedCheckpoint } from '../../proofs/publishers.ts'
import { nodesIn } from '../../proofs/tile-nodes.ts'
import type { SignedTree } from '../../proofs/tree-grower.ts'
import type { ConsumerRecord, ConsumerRecords } from '../../store/consumers.ts'
import type { EventStore } from '../../store/port.ts'
import type { ProofFiles } from '../../store/proof-files.ts'
import { type ConsumerError, type ConsumerState, type ConsumerStatus, describeError } from '../consumers/status.ts'
import { StoredRecord } from '../consumers/stored-record.ts'
import { treeEveryMs, treeStepEventsMax } from '../limits.ts'
import type { OperatorLog } from '../operator-log.ts'
import { Waiters } from '../waiters.ts'
import { backoff, pause } from '../waiting.ts'
import type { ProofsOptions } from './options.ts'
import { Publication, type PublicationStatus } from './publication.ts'
import { type TreeHost, treeHere } from './tree-host.ts'
import { TreeKeys, treeName } from './tree-keys.ts'

/** The status of the Merkle tree. While it is diverged, `error` says whether the log was rewritten, cut short or forked, and nothing is signed. */
export interface TreeStatus extends ConsumerStatus {
  readonly kind: 'tree'
  /** What happened to the log. */
  readonly misfit?: Misfit
  readonly publications: readonly PublicationStatus[]
}

export interface TreeRunnerOptions extends ProofsOptions {
  readonly store: EventStore
  readonly files: ProofFiles
  readonly records: ConsumerRecords
  readonly operators: OperatorLog
  readonly clock: Clock
}

/** What the record of the consumer keeps besides its checkpoint. */
interface Kept {
  /** The last checkpoint, as a signed note. */
  readonly note: string
}

export class TreeRunner {
  readonly #options: TreeRunnerOptions
  readonly #host: TreeHost
  readonly #keys: TreeKeys
  readonly #record: StoredRecord
  readonly #publications: readonly Publication[]
  readonly #waiters = new Waiters('The Merkle tree')
  readonly #stop = new AbortController()
  /** Aborts what is under way, to do what the record says next. */
  #turn = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #state: ConsumerState = 'starting'
  #error: ConsumerError | undefined
  #misfit: Misfit | undefined
  #origin: string | undefined
  #cosigned: string | undefined
  /** That a receiver of checkpoints knows another history. */
  #foreign: unknown

  constructor(options: TreeRunnerOptions) {
    this.#options = options
    const { files, store, records, operators, tree = treeHere, publish = [] } = options
    this.#host = tree({ store, files })
    this.#keys = new TreeKeys({ files, store, operators })
    this.#record = new StoredRecord({ name: treeName, records, begin: (save) => this.#begin(save) })
    this.#publications = publish.map(
      (publisher) =>
        new Publication({
          publisher,
          cosigned: (checkpoint, cosignatures) => this.#addCosignatures(checkpoint, cosignatures),
          diverged: (error) => this.#diverge(error),
        }),
    )
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#turn.abort()
    await this.#running
    await Promise.all(this.#publications.map((each) => each.stop()))
    await this.#host.close()
    this.#state = 'stopped'
    this.#waiters.fail(new IndelibleError('store_closed', 'The Merkle tree was stopped.'))
  }

  /** Everything up to here is in the last checkpoint. */
  get position(): Position {
    return this.#waiters.reached
  }

  status(head: Position): TreeStatus {
    return {
      name: treeName,
      kind: 'tree',
      state: this.#state,
      position: this.position,
      lagEvents: Math.max(0, head - this.position),
      ...(this.#error ? { error: this.#error } : {}),
      ...(this.#misfit ? { misfit: this.#misfit } : {}),
      publications: this.#publications.map((each) => each.status()),
    }
  }

  async waitFor(position: Position, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    await this.#waiters.reach(position, options)
  }

  async pause(): Promise<void> {
    await this.#change({ isPaused: true })
  }

  /** Goes on. A diverged tree compares the log again: it goes on only if that is the one that was signed. */
  async resume(): Promise<void> {
    this.#foreign = undefined
    await this.#change({ isPaused: false })
  }

  /** The newest checkpoint that others have signed too. */
  get cosigned(): string | undefined {
    return this.#cosigned
  }

  /** The public keys, the newest first. */
  get keys(): readonly string[] {
    return this.#keys.verifiers
  }

  /** A new key signs from now on; see {@link TreeKeys}. It gives the public keys. */
  async rotateKey(by: { readonly actor?: string | undefined }): Promise<readonly string[]> {
    if (this.#state !== 'running')
      throw new IndelibleError('proofs_missing', `The Merkle tree is ${this.#state}; it must be running for a new key.`)
    await this.#keys.rotate(this.#origin!, by)
    return this.#keys.verifiers
  }

  async #change(change: Partial<ConsumerRecord>): Promise<void> {
    const updatedAt = instant(this.#options.clock.now())
    await this.#record.change((before) => ({ ...before, ...change, updatedAt }))
    this.#turn.abort()
  }

  async #begin(save: (record: ConsumerRecord) => Promise<void>): Promise<ConsumerRecord> {
    const checkpoint = { position: 0, history: '' }
    const updatedAt = instant(this.#options.clock.now())
    const begun = { name: treeName, checkpoint, isPaused: false, parked: [], updatedAt }
    await save(begun)
    return begun
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#stop.signal.aborted; ) {
      this.#turn = new AbortController()
      const signal = AbortSignal.any([this.#stop.signal, this.#turn.signal])
      try {
        const record = await this.#record.load()
        this.#waiters.restart(record.checkpoint.position)
        if (record.isPaused) await this.#rest('paused', undefined, signal)
        else if (this.#foreign) await this.#rest('diverged', this.#foreign, signal)
        else await this.#follow(record, signal, () => (attempt = 0))
      } catch (error) {
        if (isIndelibleError(error, 'store_closed')) return
        if (signal.aborted) continue
        if (isIndelibleError(error) && !error.retryable) await this.#rest(restOf(error), error, signal)
        else {
          this.#state = 'retrying'
          this.#error = describeError(error)
          await backoff(attempt++, signal)
        }
      }
    }
  }

  async #follow(record: ConsumerRecord, signal: AbortSignal, onProgress: () => void): Promise<void> {
    const { store, origin } = this.#options
    this.#origin = origin ?? `indelible/${await store.historyAt(0)}`
    await this.#keys.load(this.#origin)
    this.#misfit = await this.#host.begin(this.#signedTree(record))
    if (this.#misfit) throw divergedBy(this.#misfit)
    await this.#keys.recordNewest()
    this.#offer(this.#noteOf(record), this.#signedTree(record))
    for (let size = record.checkpoint.position; !signal.aborted; ) {
      const { position: head } = await store.head()
      if (head > size) {
        const grown = await this.#host.grow(Math.min(head, size + treeStepEventsMax))
        await this.#sign(grown)
        size = grown.size
      }
      this.#state = 'running'
      this.#error = undefined
      onProgress()
      if (size >= (await store.head()).position) await pause(treeEveryMs, signal)
    }
  }

  async #sign(tree: SignedTree): Promise<void> {
    const { clock, files } = this.#options
    const { size: position, root, history } = tree
    const atMs = clock.now()
    const note = signCheckpoint({ origin: this.#origin!, size: position, root }, { keys: this.#keys.signers, atMs })
    const change = { checkpoint: { position, history }, kept: { note } satisfies Kept, updatedAt: instant(atMs) }
    // First what proves later that the log is the same, then what others see.
    await this.#record.change((before) => ({ ...before, ...change }))
    await files.write('checkpoint', Buffer.from(note))
    this.#waiters.advance(position)
    this.#offer(note, tree)
  }

  #offer(note: string | undefined, tree: SignedTree | undefined): void {
    if (note === undefined || !tree) return
    const { size, root } = tree
    const read = nodesIn(this.#options.files, size)
    const checkpoint: PublishedCheckpoint = {
      note,
      size,
      root,
      rootAt: (earlier) => rootOf(read, earlier),
      consistencyFrom: (from) => consistencyProof(read, { from, to: size }),
    }
    for (const each of this.#publications) each.offer(checkpoint)
  }

  async #addCosignatures({ note, size }: PublishedCheckpoint, { lines, keys }: Cosignatures): Promise<void> {
    const cosigned = addSignatures(note, lines, keys)
    if (cosigned === note)
      throw new IndelibleError(
        'proof_invalid',
        `The witness ${keys[0]!.name} gave no right signature of ${size} events.`,
      )
    const isNewer = this.#cosigned === undefined || size > openCheckpoint(this.#cosigned, this.#keys.public).size
    if (isNewer) this.#cosigned = cosigned
  }

  /** Another has signed another history. */
  #diverge(error: unknown): void {
    this.#foreign = error
    this.#turn.abort()
  }

  /** Throws `proof_invalid` if the kept checkpoint is not signed by a key of ours. */
  #signedTree(record: ConsumerRecord): SignedTree | undefined {
    const note = this.#noteOf(record)
    if (note === undefined) return undefined
    const { size, root } = openCheckpoint(note, this.#keys.public)
    return { size, root, history: record.checkpoint.history }
  }

  #noteOf({ kept }: ConsumerRecord): string | undefined {
    return (kept as Kept | undefined)?.note
  }

  async #rest(state: ConsumerState, error: unknown, signal: AbortSignal): Promise<void> {
    this.#state = state
    this.#error = error === undefined ? undefined : describeError(error)
    if (isIndelibleError(error)) this.#waiters.fail(error)
    await pause(Number.POSITIVE_INFINITY, signal)
  }
}

function restOf({ code }: IndelibleError): ConsumerState {
  return code === 'tree_diverged' || code === 'proof_invalid' ? 'diverged' : 'parked'
}

function divergedBy(misfit: Misfit): IndelibleError {
  return new IndelibleError(
    'tree_diverged',
    `${misfitText(misfit)} Nothing is signed. Put the right log back, then resume "${treeName}".`,
    { details: { ...misfit } },
  )
}
