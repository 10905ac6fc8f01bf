// The consumer that keeps the Merkle tree of the log: it lets the tree grow, has it signed and published. Appends never wait for it.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { Clock } from '../../kernel/time.ts'
import { type Misfit, misfitText } from '../../proofs/compare.ts'
import type { ConsumerRecord, ConsumerRecords } from '../../store/consumers.ts'
import type { EventStore } from '../../store/port.ts'
import type { ProofFiles } from '../../store/proof-files.ts'
import {
  type ConsumerError,
  type ConsumerState,
  type ConsumerStatus,
  describeError,
  heldBy,
} from '../consumers/status.ts'
import { type Holding, type Term, whileHeld } from '../leases/index.ts'
import { treeEveryMs, treeStepEventsMax } from '../limits.ts'
import type { OperatorLog } from '../operator-log.ts'
import { Waiters } from '../waiters.ts'
import { backoff, pause } from '../waiting.ts'
import type { ProofsOptions } from './options.ts'
import type { PublicationStatus } from './publication.ts'
import { Publications } from './publications.ts'
import { SignedRecord } from './signed-record.ts'
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
  readonly holding: Holding
}

export class TreeRunner {
  readonly #options: TreeRunnerOptions
  readonly #host: TreeHost
  readonly #keys: TreeKeys
  readonly #record: SignedRecord
  readonly #publications: Publications
  readonly #waiters = new Waiters('The Merkle tree')
  readonly #stop = new AbortController()
  /** Aborts what is under way, to do what the record says next. */
  #turn = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #state: ConsumerState = 'starting'
  #error: ConsumerError | undefined
  #misfit: Misfit | undefined
  #origin: string | undefined
  /** That a receiver of checkpoints knows another history. */
  #foreign: unknown

  constructor(options: TreeRunnerOptions) {
    this.#options = options
    const { files, store, records, operators, clock, holding, tree = treeHere, publish = [] } = options
    this.#host = tree({ store, files })
    this.#keys = new TreeKeys({ files, store, operators })
    const changed = ({ isPaused }: ConsumerRecord) => {
      if (!isPaused) this.#foreign = undefined
      this.#turn.abort()
    }
    this.#record = new SignedRecord({ records, files, keys: this.#keys, clock, holding, changed })
    const diverged = (error: unknown) => this.#diverge(error)
    this.#publications = new Publications({ publish, files, keys: this.#keys, holding, diverged })
    holding.report = () => ({ position: this.position, state: this.#state })
    holding.told = ({ position }) => this.#waiters.restart(position)
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#turn.abort()
    await this.#running
    await this.#publications.stop()
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
      ...heldBy(this.#options.holding),
      position: this.position,
      lagEvents: Math.max(0, head - this.position),
      ...(this.#error ? { error: this.#error } : {}),
      ...(this.#misfit ? { misfit: this.#misfit } : {}),
      publications: this.#publications.status(),
    }
  }

  async waitFor(position: Position, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    await this.#waiters.reach(position, options)
  }

  async pause(): Promise<void> {
    await this.#setPaused(true)
  }

  /** Goes on. A diverged tree compares the log again: it goes on only if that is the one that was signed. */
  async resume(): Promise<void> {
    this.#foreign = undefined
    await this.#setPaused(false)
  }

  /** Acts on what operators did through other processes. */
  async look(): Promise<void> {
    if (this.#options.holding.term) await this.#record.look()
  }

  /** What the process that keeps the tree has written: its keys, and what witnesses signed. */
  async refresh(): Promise<void> {
    if (this.#options.holding.term || !(await this.#keys.reload())) return
    await this.#publications.load()
  }

  /** The newest checkpoint that others have signed too. */
  get cosigned(): string | undefined {
    return this.#publications.cosigned
  }

  /** The public keys, the newest first. */
  get keys(): readonly string[] {
    return this.#keys.verifiers
  }

  /** A new key signs from now on; see {@link TreeKeys}. It gives the public keys. */
  async rotateKey(by: { readonly actor?: string | undefined }): Promise<readonly string[]> {
    if (this.#state !== 'running')
      throw new IndelibleError(
        'proofs_missing',
        this.#state === 'standby'
          ? `The process ${this.#options.holding.holder ?? 'that is starting'} keeps the Merkle tree. Ask it for a new key, or ask again.`
          : `The Merkle tree is ${this.#state}; it must be running for a new key.`,
      )
    await this.#keys.rotate(this.#origin!, by)
    return this.#keys.verifiers
  }

  async #setPaused(isPaused: boolean): Promise<void> {
    await this.#record.setPaused(isPaused)
    this.#turn.abort()
  }

  async #run(): Promise<void> {
    await whileHeld(this.#options.holding, {
      stop: this.#stop.signal,
      standBy: () => {
        this.#state = 'standby'
        this.#error = undefined
        this.#misfit = undefined
      },
      run: (term) => this.#runFor(term),
    })
  }

  async #runFor({ over }: Term): Promise<void> {
    const stop = AbortSignal.any([this.#stop.signal, over])
    for (let attempt = 0; !stop.aborted; ) {
      this.#turn = new AbortController()
      const signal = AbortSignal.any([stop, this.#turn.signal])
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
    await this.#publications.load()
    const last = this.#record.lastOf(record)
    this.#misfit = await this.#host.begin(last?.tree)
    if (this.#misfit) throw divergedBy(this.#misfit)
    await this.#keys.recordNewest()
    if (last) this.#publications.offer(last.note, last.tree)
    for (let size = record.checkpoint.position; !signal.aborted; ) {
      const { position: head } = await store.head()
      if (head > size) {
        const grown = await this.#host.grow(Math.min(head, size + treeStepEventsMax))
        const note = await this.#record.sign(grown, this.#origin)
        size = grown.size
        this.#waiters.advance(size)
        this.#publications.offer(note, grown)
      }
      this.#state = 'running'
      this.#error = undefined
      onProgress()
      if (size >= (await store.head()).position) await pause(treeEveryMs, signal)
    }
  }

  /** Another has signed another history. */
  #diverge(error: unknown): void {
    this.#foreign = error
    this.#turn.abort()
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
