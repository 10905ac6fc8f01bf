import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { type StreamName, streamIdOf, streamName } from '../../kernel/streams.ts'
import { instant } from '../../kernel/time.ts'
import type { ConsumerRecord, ConsumerRecords } from '../../store/consumers.ts'
import { historyUpTo } from '../../store/history.ts'
import type { Head } from '../../store/port.ts'
import { type ConsumerError, type ConsumerState, type ConsumerStatus, describeError } from '../consumers/status.ts'
import { StoredRecord } from '../consumers/stored-record.ts'
import { sagaEventsBetweenKeeps } from '../limits.ts'
import { Waiters } from '../waiters.ts'
import { backoff, pause, type WaitOptions } from '../waiting.ts'
import { cancel, decide, resume, type SagaDecision } from './decisions.ts'
import { DueSagas, type KeptDue } from './due-sagas.ts'
import type { Resumption } from './events.ts'
import { loadSaga } from './instance.ts'
import { Intake } from './intake.ts'
import { sagaEnd } from './saga-end.ts'
import { SagaInputs } from './saga-inputs.ts'
import { newRecord, recordAt } from './saga-record.ts'
import type { SagaDriveOptions } from './sender.ts'
import { endTypes, type SagaState } from './state.ts'

export interface SagaRunnerStatus extends ConsumerStatus {
  readonly kind: 'saga'
  /** Sagas that are driven in this process. */
  readonly active: number
  /** Those that wait for a time: a timer, a timeout, or another try after a fault. */
  readonly waiting: number
  /**
   * Sagas that cannot go on: a compensation was refused, a function failed or sent what cannot be carried out, or the code is no longer that of their history.
   * They go on after `resumeSaga`, or after a restart with code that was mended.
   */
  readonly needsIntervention: readonly { readonly sagaId: string; readonly problem: string }[]
}

export interface SagaRunnerOptions extends SagaDriveOptions {
  readonly records: ConsumerRecords
  /** Other sagas start sagas of this kind. */
  readonly isChild: boolean
}

export class SagaRunner {
  readonly #options: SagaRunnerOptions
  readonly #stop = new AbortController()
  readonly #waiters: Waiters
  readonly #record: StoredRecord
  readonly #inputs: SagaInputs
  #due: DueSagas
  /** The streams of sagas were read up to here when those under way were taken up. */
  #takenUpTo: Position = 0
  #began: Promise<Head> | undefined
  /** Ends what is under way, to stand still or to go on. */
  #turn = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #state: ConsumerState = 'starting'
  #error: ConsumerError | undefined

  constructor(options: SagaRunnerOptions) {
    this.#options = options
    const { saga, records, guard, isChild } = options
    this.#waiters = new Waiters(`The saga "${saga.name}"`)
    this.#inputs = new SagaInputs(saga, { guard, isChild })
    this.#record = new StoredRecord({
      name: saga.name,
      records,
      begin: async (save) => {
        const { position } = await (this.#began ?? options.store.head())
        const record = await newRecord(options, position)
        await save(record)
        return record
      },
    })
    this.#due = new DueSagas(options, this.#stop.signal)
  }

  start(): void {
    // What is sent from now on counts as later, however long it takes until the record is there.
    const { store } = this.#options
    this.#began = store.head()
    this.#began.catch(() => {})
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#turn.abort()
    await this.#running
    await this.#due.idle()
    if (this.#state === 'running') await this.#keep().catch(() => {})
    this.#state = 'stopped'
    this.#waiters.fail(new IndelibleError('store_closed', `The saga "${this.#options.saga.name}" was stopped.`))
  }

  /** Everything up to here has been taken in. */
  get position(): Position {
    return this.#waiters.reached
  }

  /** When the first of those that wait is due, in milliseconds since 1970. */
  get dueMs(): number | undefined {
    return this.#due.dueMs
  }

  status(head: Position): SagaRunnerStatus {
    const { active, waiting, problems, fault } = this.#due
    const error = this.#error ?? (fault === undefined ? undefined : { message: fault })
    return {
      name: this.#options.saga.name,
      kind: 'saga',
      state: this.#state,
      position: this.position,
      lagEvents: Math.max(0, head - this.position),
      active,
      waiting,
      needsIntervention: [...problems].map(([sagaId, problem]) => ({ sagaId, problem })),
      ...(error === undefined ? {} : { error }),
    }
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
      const problem = this.#due.problems.get(sagaId)
      const why = problem === undefined ? '' : ` It needs intervention: ${problem}`
      return new IndelibleError('wait_timeout', `Saga ${saga.name} ${sagaId} ${where} after ${timeoutMs} ms.${why}`)
    })
  }

  /**
   * One saga that needs intervention goes on, as a person decided. `recorded`: its stream says who resumed it, because that is a transition of the saga.
   * `retried`: its code failed, and trying again is no transition. Throws `unknown_saga`.
   */
  async resumeOne(
    sagaId: string,
    resumption: Resumption,
    traceparent: string | undefined,
  ): Promise<'recorded' | 'retried' | 'nothing to resume'> {
    const isRecorded = await resume(this.#options, sagaId, resumption, traceparent)
    const isRetried = this.#due.problems.delete(sagaId)
    if (isRecorded || isRetried) this.#due.drive(sagaId)
    return isRecorded ? 'recorded' : isRetried ? 'retried' : 'nothing to resume'
  }

  /** See {@link decide}. */
  async decide(sagaId: string, decision: SagaDecision): Promise<boolean> {
    return await decide(this.#options, sagaId, decision)
  }

  /** See {@link cancel}. */
  async cancel(sagaId: string, by: Parameters<typeof cancel>[2]): Promise<boolean> {
    return await cancel(this.#options, sagaId, by)
  }

  #streamOf(sagaId: string): StreamName {
    return streamName(this.#options.saga.category, sagaId)
  }

  async #setPaused(isPaused: boolean): Promise<void> {
    await this.#record.change(async (before) => ({
      ...before,
      isPaused,
      updatedAt: instant(this.#options.clock.now()),
    }))
    this.#turn.abort()
  }

  async #keep(): Promise<void> {
    await this.#record.change(async ({ isPaused }) => {
      const { position } = this
      const read = Math.max(position, this.#takenUpTo)
      const upTo = { position: read, history: await historyUpTo(this.#options.store, read) }
      return await recordAt(this.#options, { position, isPaused, kept: this.#due.keep(upTo) })
    })
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      this.#turn = new AbortController()
      const turn = AbortSignal.any([this.#stop.signal, this.#turn.signal])
      try {
        const record = await this.#record.load()
        if (record.isPaused) {
          this.#state = 'paused'
          this.#error = undefined
          await pause(Number.POSITIVE_INFINITY, turn)
          continue
        }
        this.#takenUpTo = await this.#takeUp(record, turn)
        this.#state = 'running'
        this.#error = undefined
        await this.#takeIn(turn, () => {
          attempt = 0
        })
      } catch (error) {
        if (isIndelibleError(error, 'store_closed')) return
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
    this.#waiters.restart(isOurs ? position : 0)
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
    await due.takeUp(open)
    due.look()
    return head
  }

  async #takeIn(signal: AbortSignal, onProgress: () => void): Promise<void> {
    let keptAt = this.position
    const intake = new Intake({
      drive: this.#options,
      inputs: this.#inputs,
      due: this.#due,
      signal,
      takenUpTo: this.#takenUpTo,
      onProgress: (through) => {
        this.#waiters.advance(through)
        onProgress()
      },
      afterBatch: async () => {
        // To keep many takes long: then it is done less often, and a start reads more.
        if (this.position - keptAt < Math.max(sagaEventsBetweenKeeps, this.#due.waiting / 2)) return
        keptAt = this.position
        await this.#keep()
      },
    })
    await intake.follow(this.position)
  }
}
