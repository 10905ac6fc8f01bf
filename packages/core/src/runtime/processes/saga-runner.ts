// The consumer that runs the sagas of one kind: in one partition, or in several that processes share out among themselves.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { type StreamName, streamName } from '../../kernel/streams.ts'
import { instant } from '../../kernel/time.ts'
import type { ConsumerRecords } from '../../store/consumers.ts'
import type { Head } from '../../store/port.ts'
import { type ConsumerError, type ConsumerState, describeError } from '../consumers/status.ts'
import { StoredRecord } from '../consumers/stored-record.ts'
import type { Holdings } from '../leases/index.ts'
import { standByMs } from '../limits.ts'
import type { OperatorLog } from '../operator-log.ts'
import { Waiters } from '../waiters.ts'
import { backoff, pause, type WaitOptions } from '../waiting.ts'
import { cancel, decide, resume, type SagaDecision } from './decisions.ts'
import type { Resumption } from './events.ts'
import { loadSaga } from './instance.ts'
import { sagaEnd } from './saga-end.ts'
import { SagaInputs } from './saga-inputs.ts'
import { layoutOf, partitionNames, partitionOf, relaid, type SagaLayout } from './saga-layout.ts'
import { SagaPartition } from './saga-partition.ts'
import { newRecord } from './saga-record.ts'
import { type SagaRunnerStatus, sagaStatus } from './saga-status.ts'
import type { SagaDriveOptions } from './sender.ts'
import { hasEnded, type SagaState } from './state.ts'

export interface SagaRunnerOptions extends SagaDriveOptions {
  readonly records: ConsumerRecords
  readonly holdings: Holdings
  readonly operators: OperatorLog
  /** Other sagas start sagas of this kind. */
  readonly isChild: boolean
  /** In how many partitions they are to run. Without it they run in as many as they do. */
  readonly partitions: number | undefined
  /** The number of partitions of a saga that is new, if none is wanted. */
  readonly partitionsDefault: number
}

export class SagaRunner {
  readonly #options: SagaRunnerOptions
  readonly #stop = new AbortController()
  readonly #waiters: Waiters
  /** What all partitions share: whether an operator has paused them, and how many they are. */
  readonly #record: StoredRecord
  readonly #inputs: SagaInputs
  #partitions: readonly SagaPartition[] = []
  #layout: SagaLayout | undefined
  /** Aborts when there is another layout. */
  #laid = new AbortController()
  #began: Promise<Head> | undefined
  #running: Promise<void> = Promise.resolve()
  #state: ConsumerState = 'starting'
  #error: ConsumerError | undefined

  constructor(options: SagaRunnerOptions) {
    this.#options = options
    const { saga, records, holdings, guard, isChild, partitions = options.partitionsDefault } = options
    this.#waiters = new Waiters(`The saga "${saga.name}"`)
    this.#inputs = new SagaInputs(saga, { guard, isChild })
    this.#record = new StoredRecord({
      name: saga.name,
      records,
      holding: holdings.unheld(saga.name),
      begin: async () => {
        const { position: head } = await (this.#began ?? options.store.head())
        return await newRecord(options, { head, partitions })
      },
    })
  }

  /** Resolves when it is recorded where the saga begins, or that has failed once. */
  begun: Promise<unknown> = Promise.resolve()

  start(): void {
    // What is sent from now on counts as later, however long it takes until the record is there.
    const { store } = this.#options
    this.#began = store.head()
    this.#began.catch(() => {})
    this.begun = Promise.allSettled([this.#record.load()])
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    this.#state = 'stopped'
    this.#waiters.fail(new IndelibleError('store_closed', `The saga "${this.#options.saga.name}" was stopped.`))
  }

  /** Everything up to here has been taken in. */
  get position(): Position {
    return this.#waiters.reached
  }

  /** When the first of those that wait is due, in milliseconds since 1970. */
  get dueMs(): number | undefined {
    const all = this.#partitions.flatMap(({ due }) => due.dueMs ?? [])
    return all.length === 0 ? undefined : Math.min(...all)
  }

  status(head: Position): SagaRunnerStatus {
    const { saga, holdings } = this.#options
    const isStarting = this.#state !== 'running'
    const own = isStarting ? { state: this.#state, error: this.#error } : undefined
    return sagaStatus(saga.name, { head, position: this.position, own, holdings, partitions: this.#partitions })
  }

  /** Resolves when the events up to a position have been taken in. Throws `wait_timeout`, `store_closed`, `aborted`. */
  async waitFor(position: Position, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    await this.#waiters.reach(position, options)
  }

  /** Nothing is started or driven until it is resumed, over restarts. A command that was sent is carried out all the same. */
  async pause(): Promise<void> {
    await this.#setPaused(true)
  }

  async resume(): Promise<void> {
    await this.#setPaused(false)
  }

  /** Where one saga is, or nothing if there is none with that id. */
  async state(sagaId: string): Promise<SagaState | undefined> {
    return await loadSaga(this.#options.store, this.#streamOf(sagaId))
  }

  /** Resolves when one saga has ended or its compensation failed. Throws `wait_timeout` (also where it has not started), `invalid_duration`, `aborted`. */
  async waitForEnd(sagaId: string, options: WaitOptions = {}): Promise<SagaState> {
    const { saga, store } = this.#options
    return await sagaEnd(store, this.#streamOf(sagaId), options, (state, timeoutMs) => {
      const where = state ? `is still ${state.status}` : 'has not started'
      const problem = this.#partitionOf(sagaId)?.due.problems.get(sagaId)
      const why = problem === undefined ? '' : ` It needs intervention: ${problem}`
      return new IndelibleError('wait_timeout', `Saga ${saga.name} ${sagaId} ${where} after ${timeoutMs} ms.${why}`)
    })
  }

  /**
   * One saga that needs intervention goes on, as a person decided. `recorded`: its stream says who resumed it, because that is a transition of the saga.
   * `retried`: its code failed, and trying again is no transition; the process that runs it hears of it when that is recorded. Throws `unknown_saga`.
   */
  async resumeOne(
    sagaId: string,
    resumption: Resumption,
    traceparent: string | undefined,
  ): Promise<'recorded' | 'retried' | 'nothing to resume'> {
    const isRecorded = await resume(this.#options, sagaId, resumption, traceparent)
    const partition = this.#partitionOf(sagaId)
    if (!partition?.holding.term) {
      if (isRecorded) return 'recorded'
      const state = await this.state(sagaId)
      return state && !hasEnded(state) ? 'retried' : 'nothing to resume'
    }
    const isRetried = partition.due.problems.delete(sagaId)
    if (isRecorded || isRetried) partition.due.drive(sagaId)
    return isRecorded ? 'recorded' : isRetried ? 'retried' : 'nothing to resume'
  }

  /** What {@link resumeOne} did through another process. */
  retry(sagaId: string): void {
    const partition = this.#partitionOf(sagaId)
    if (partition?.due.problems.delete(sagaId)) partition.due.drive(sagaId)
  }

  /** See {@link decide}. */
  async decide(sagaId: string, decision: SagaDecision): Promise<boolean> {
    return await decide(this.#options, sagaId, decision)
  }

  /** See {@link cancel}. */
  async cancel(sagaId: string, by: Parameters<typeof cancel>[2]): Promise<boolean> {
    return await cancel(this.#options, sagaId, by)
  }

  /** Acts on what operators did through other processes. */
  async look(): Promise<void> {
    const { generation, wanted } = layoutOf(await this.#record.load())
    if (generation !== this.#layout?.generation || wanted !== undefined) this.#laid.abort()
    for (const partition of this.#partitions) partition.look()
  }

  #partitionOf(sagaId: string): SagaPartition | undefined {
    return this.#partitions[partitionOf(sagaId, this.#partitions.length)]
  }

  #streamOf(sagaId: string): StreamName {
    return streamName(this.#options.saga.category, sagaId)
  }

  async #setPaused(isPaused: boolean): Promise<void> {
    const { clock } = this.#options
    await this.#record.change((before) => ({ ...before, isPaused, updatedAt: instant(clock.now()) }))
    for (const partition of this.#partitions) partition.look()
  }

  async #run(): Promise<void> {
    let hasAsked = false
    for (let attempt = 0; !this.#stop.signal.aborted; ) {
      this.#laid = new AbortController()
      const signal = AbortSignal.any([this.#stop.signal, this.#laid.signal])
      try {
        // Only a process that starts asks: of several that want different numbers, the one that started last has it.
        if (!hasAsked) await this.#ask()
        hasAsked = true
        const layout = layoutOf(await this.#record.load())
        if (layout.wanted !== undefined) await this.#relay(layout)
        else await this.#runPartitions(layout, signal)
        attempt = 0
      } catch (error) {
        if (isIndelibleError(error, 'store_closed')) return
        this.#state = 'retrying'
        this.#error = describeError(error)
        await backoff(attempt++, signal)
      }
    }
  }

  /** Says in how many partitions the sagas are to run, if that is another number. All processes hear it, and stop those that they run. */
  async #ask(): Promise<void> {
    const { partitions: wanted, saga, operators } = this.#options
    const { partitions, wanted: asked = partitions, ...layout } = layoutOf(await this.#record.load())
    if (wanted === undefined || wanted === asked) return
    await this.#record.change((before) => ({ ...before, kept: { ...layout, partitions, wanted } satisfies SagaLayout }))
    await operators.record(
      '$SagaPartitioned',
      { subject: saga.name, data: { name: saga.name, partitions: wanted } },
      {},
    )
  }

  /** Makes the new layout as soon as no process runs a partition of the old one. Of several that do so, one is first. */
  async #relay(layout: SagaLayout): Promise<void> {
    const { saga, records, holdings } = this.#options
    if (await holdings.areFree(partitionNames(saga, layout)))
      await this.#record.change(async (before) => {
        const { generation, wanted } = layoutOf(before)
        return generation === layout.generation && wanted !== undefined
          ? await relaid(saga, before, records)
          : undefined
      })
    else await pause(standByMs / 5, this.#stop.signal)
  }

  async #runPartitions(layout: SagaLayout, signal: AbortSignal): Promise<void> {
    const { saga, holdings } = this.#options
    const { checkpoint } = await this.#record.load()
    const names = partitionNames(saga, layout)
    this.#layout = layout
    this.#partitions = names.map(
      (name, index) =>
        new SagaPartition({
          ...this.#options,
          partition: { index, of: layout.partitions },
          inputs: this.#inputs,
          holding: holdings.hold(name, saga.name),
          from: { checkpoint, kept: layout.from },
          isPaused: () => this.#isPaused(layout),
          moved: () => this.#moved(),
        }),
    )
    this.#state = 'running'
    this.#error = undefined
    for (const partition of this.#partitions) partition.start()
    await pause(Number.POSITIVE_INFINITY, signal)
    for (const name of names) holdings.drop(name)
    await Promise.all(this.#partitions.map((partition) => partition.stop()))
  }

  /** Asked in the term of the lease of a partition: from then on, a change of the layout waits for that term to end. */
  async #isPaused({ generation }: SagaLayout): Promise<boolean | undefined> {
    const record = await this.#record.load()
    const now = layoutOf(record)
    if (now.generation === generation && now.wanted === undefined) return record.isPaused
    this.#laid.abort()
    return undefined
  }

  #moved(): void {
    this.#waiters.restart(Math.min(...this.#partitions.map(({ position }) => position)))
  }
}
