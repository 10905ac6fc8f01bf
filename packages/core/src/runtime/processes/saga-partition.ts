// Runs a part of the sagas of one kind, whenever this process holds its lease: takes in what concerns them, drives those that have something to do.
import { isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { streamIdOf } from '../../kernel/streams.ts'
import type { ConsumerRecord, ConsumerRecords } from '../../store/consumers.ts'
import { historyUpTo } from '../../store/history.ts'
import { type ConsumerError, type ConsumerState, describeError } from '../consumers/status.ts'
import { StoredRecord } from '../consumers/stored-record.ts'
import { type Holding, type Term, whileHeld } from '../leases/index.ts'
import { sagaEventsBetweenKeeps, sagaIntakeMax } from '../limits.ts'
import { backoff, pause } from '../waiting.ts'
import type { KeptDue } from './due-list.ts'
import { DueSagas, type DueSagasOptions } from './due-sagas.ts'
import { Intake } from './intake.ts'
import type { SagaInputs } from './saga-inputs.ts'
import { partitionOf } from './saga-layout.ts'
import { recordAt } from './saga-record.ts'
import { endTypes } from './state.ts'

export interface SagaPartitionRunOptions extends DueSagasOptions {
  readonly records: ConsumerRecords
  readonly holding: Holding
  readonly inputs: SagaInputs
  /** Whether an operator has paused the saga; nothing where the partitions have changed, so that this one must not run. */
  readonly isPaused: () => Promise<boolean | undefined>
  /** From where it goes on if it has no record yet. */
  readonly from: Pick<ConsumerRecord, 'checkpoint' | 'kept'>
  readonly moved: () => void
}

export class SagaPartition {
  readonly #options: SagaPartitionRunOptions
  readonly #stop = new AbortController()
  readonly #record: StoredRecord
  #due: DueSagas
  /** The streams of sagas were read up to here when those under way were taken up. */
  #takenUpTo: Position = 0
  /** Ends what is under way, to stand still or to go on. */
  #turn = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #state: ConsumerState = 'starting'
  #error: ConsumerError | undefined
  #position: Position = 0

  constructor(options: SagaPartitionRunOptions) {
    this.#options = options
    const { records, holding, from, moved } = options
    const begin = async () => recordAt(options, { name: holding.name, ...from })
    this.#record = new StoredRecord({ name: holding.name, records, holding, begin })
    this.#due = new DueSagas(options, this.#stop.signal)
    holding.report = () => ({ position: this.#position, state: this.#state })
    holding.told = ({ position }) => {
      this.#position = position
      moved()
    }
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#turn.abort()
    await this.#running
    this.#state = 'stopped'
  }

  get state(): ConsumerState {
    return this.#state
  }

  get holding(): Holding {
    return this.#options.holding
  }

  /** Everything up to here has been taken in. */
  get position(): Position {
    return this.#position
  }

  get error(): ConsumerError | undefined {
    const { fault } = this.#due
    return this.#error ?? (fault === undefined ? undefined : { message: fault })
  }

  /** Those that this process drives, or has under way. */
  get due(): DueSagas {
    return this.#due
  }

  /** What an operator changed is to be looked at. */
  look(): void {
    this.#turn.abort()
  }

  async #run(): Promise<void> {
    await whileHeld(this.#options.holding, {
      stop: this.#stop.signal,
      standBy: () => {
        this.#state = 'standby'
        this.#error = undefined
        this.#due = new DueSagas(this.#options, this.#stop.signal)
      },
      run: (term) => this.#runFor(term),
    })
  }

  async #runFor({ over }: Term): Promise<void> {
    const stop = AbortSignal.any([this.#stop.signal, over])
    for (let attempt = 0; !stop.aborted; attempt++) {
      this.#turn = new AbortController()
      const turn = AbortSignal.any([stop, this.#turn.signal])
      try {
        const isPaused = await this.#options.isPaused()
        if (isPaused !== false) {
          this.#state = 'paused'
          this.#error = undefined
          await pause(Number.POSITIVE_INFINITY, turn)
          continue
        }
        this.#takenUpTo = await this.#takeUp(await this.#record.load(), turn)
        this.#state = 'running'
        this.#error = undefined
        await this.#takeIn(turn, () => {
          attempt = 0
        })
      } catch (error) {
        if (isIndelibleError(error, 'store_closed')) break
        this.#state = 'retrying'
        this.#error = describeError(error)
        await backoff(attempt, turn)
      } finally {
        // What is under way ends between two steps, before anything begins again.
        if (turn.aborted || this.#state === 'retrying') {
          this.#turn.abort()
          await this.#due.idle()
        }
      }
    }
    await this.#due.idle()
    if (this.#state === 'running') await this.#keep().catch(() => {})
  }

  async #keep(): Promise<void> {
    const { store, holding } = this.#options
    await this.#record.change(async () => {
      const position = this.#position
      const read = Math.max(position, this.#takenUpTo)
      const upTo = { position: read, history: await historyUpTo(store, read) }
      const checkpoint = { position, history: await historyUpTo(store, position) }
      return recordAt(this.#options, { name: holding.name, checkpoint, kept: this.#due.keep(upTo) })
    })
  }

  #isMine(sagaId: string): boolean {
    const { index, of } = this.#options.partition
    return partitionOf(sagaId, of) === index
  }

  #moveTo(position: Position): void {
    this.#position = position
    this.#options.moved()
  }

  /** Finds the sagas that are under way: those that were kept, and those whose streams have gone on since. Gives how far their streams were read. */
  async #takeUp({ checkpoint, kept }: ConsumerRecord, signal: AbortSignal): Promise<Position> {
    const { saga, store } = this.#options
    const { position, history } = checkpoint
    // What was kept of another history says nothing, and another version is to be compared with each that is under way: then all are looked up.
    const isOurs = (await store.historyAt(position)) === history
    const before = isOurs ? (kept as KeptDue | undefined) : undefined
    const isKnown =
      before?.version === saga.version && (await store.historyAt(before.upTo.position)) === before.upTo.history
    const known = isKnown ? before : undefined
    this.#moveTo(isOurs ? position : 0)
    const due = new DueSagas(this.#options, signal, known)
    this.#due = due
    const open = new Set(known?.driven)
    const { position: head } = await store.head()
    const categories = [saga.category]
    const query = known ? [{ categories }] : [{ categories, types: ['$SagaStarted', ...endTypes] }]
    for await (const { events } of store.read(query, { from: known ? known.upTo.position + 1 : 1 })) {
      for (const { stream, type } of events) {
        if (endTypes.includes(type)) open.delete(streamIdOf(stream))
        else open.add(streamIdOf(stream))
      }
    }
    await due.takeUp([...open].filter((sagaId) => this.#isMine(sagaId)))
    due.look()
    return head
  }

  async #takeIn(signal: AbortSignal, onProgress: () => void): Promise<void> {
    let keptAt = this.#position
    const intake = new Intake({
      drive: this.#options,
      inputs: this.#options.inputs,
      due: this.#due,
      isMine: (sagaId) => this.#isMine(sagaId),
      atOnceMax: Math.ceil(sagaIntakeMax / this.#options.partition.of),
      signal,
      takenUpTo: this.#takenUpTo,
      onProgress: (through) => {
        this.#moveTo(Math.max(this.#position, through))
        onProgress()
      },
      afterBatch: async () => {
        // To keep many takes long: then it is done less often, and a start reads more.
        if (this.#position - keptAt < Math.max(sagaEventsBetweenKeeps, this.#due.waiting / 2)) return
        keptAt = this.#position
        await this.#keep()
      },
    })
    await intake.follow(this.#position)
  }
}
