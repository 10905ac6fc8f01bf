// Starts a saga for each start event, and after a restart goes on with the sagas that had not ended. Sagas run from here only, so the rebuild of a table
// starts none.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import { type StreamName, streamIdOf, streamName } from '../../kernel/streams.ts'
import { instant } from '../../kernel/time.ts'
import type { ConsumerRecord, ConsumerRecords } from '../../store/consumers.ts'
import type { DomainLog } from '../../store/domain-log.ts'
import { historyUpTo } from '../../store/history.ts'
import { type ConsumerError, type ConsumerState, type ConsumerStatus, describeError } from '../consumers/status.ts'
import { StoredRecord } from '../consumers/stored-record.ts'
import { Waiters } from '../waiters.ts'
import { backoff, pause, type WaitOptions } from '../waiting.ts'
import { OpenSagas } from './open-sagas.ts'
import { loadSaga, resumeFailedCompensation, type SagaDriverContext } from './saga-driver.ts'
import { recordSagaStart } from './saga-start.ts'
import { foldSaga, hasEnded, type SagaState } from './saga-state.ts'
import { sagaEnd } from './saga-wait.ts'

export interface SagaRunnerStatus extends ConsumerStatus {
  readonly kind: 'saga'
  /** The number of open sagas in this process. */
  readonly active: number
  /** The number of them that wait for their next try after a temporary fault. */
  readonly waiting: number
  /**
   * Sagas that cannot go on: a compensation was refused, the code of a step failed or sent a command that cannot be carried out, or the code no longer fits
   * their history. They go on after `resumeSaga`, or after a restart with corrected code.
   */
  readonly needsIntervention: readonly { readonly sagaId: string; readonly problem: string }[]
}

export interface SagaRunnerOptions extends SagaDriverContext {
  readonly log: DomainLog
  readonly records: ConsumerRecords
}

export class SagaRunner {
  readonly #context: SagaRunnerOptions
  readonly #stop = new AbortController()
  readonly #waiters: Waiters
  readonly #stored: StoredRecord
  #open: OpenSagas
  /** Ends the current turn. The next one does what the stored record says. */
  #turn = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #state: ConsumerState = 'starting'
  #error: ConsumerError | undefined

  constructor(context: SagaRunnerOptions) {
    this.#context = context
    this.#waiters = new Waiters(`The saga "${context.saga.name}"`)
    const { saga, records } = context
    // Only the pause matters in this record: the history of each saga says where that saga is.
    this.#stored = new StoredRecord({ name: saga.name, records, begin: () => this.#record(false) })
    this.#open = new OpenSagas(context, this.#stop.signal)
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#turn.abort()
    await this.#running
    await this.#open.idle()
    this.#state = 'stopped'
    this.#waiters.fail(new IndelibleError('store_closed', `The saga "${this.#context.saga.name}" was stopped.`))
  }

  /** The sagas of all start events up to here are recorded. */
  get position(): Position {
    return this.#waiters.reached
  }

  status(head: Position): SagaRunnerStatus {
    const { count, waiting, problems, fault } = this.#open
    const error = this.#error ?? (fault === undefined ? undefined : { message: fault })
    return {
      name: this.#context.saga.name,
      kind: 'saga',
      state: this.#state,
      position: this.position,
      lagEvents: Math.max(0, head - this.position),
      active: count,
      waiting,
      needsIntervention: [...problems].map(([sagaId, problem]) => ({ sagaId, problem })),
      ...(error === undefined ? {} : { error }),
    }
  }

  /** Resolves when the sagas of all start events up to a position are recorded. Throws `wait_timeout`, `store_closed`, `aborted`. */
  async waitFor(position: Position, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    await this.#waiters.reach(position, options)
  }

  /** Until it is resumed, no saga is started or driven, also after restarts. A command that was sent already is still carried out. */
  async pause(): Promise<void> {
    await this.#setPaused(true)
  }

  async resume(): Promise<void> {
    await this.#setPaused(false)
  }

  /** The state of one saga, or nothing if there is no saga with that id. */
  async state(sagaId: string): Promise<SagaState | undefined> {
    return await loadSaga(this.#context.store, this.#streamOf(sagaId))
  }

  /** Resolves when one saga has ended or its compensation failed. Throws `wait_timeout` (also if it has not started), `invalid_duration`, `aborted`. */
  async waitForEnd(sagaId: string, options: WaitOptions = {}): Promise<SagaState> {
    const { saga, store } = this.#context
    return await sagaEnd(store, this.#streamOf(sagaId), options, (state, timeoutMs) => {
      const where = state ? `is still ${state.status}` : 'has not started'
      const problem = this.#open.problems.get(sagaId)
      const why = problem === undefined ? '' : ` It needs intervention: ${problem}`
      return new IndelibleError('wait_timeout', `Saga ${saga.name} ${sagaId} ${where} after ${timeoutMs} ms.${why}`)
    })
  }

  /**
   * Lets one saga that needs intervention try again. `recorded`: its stream says who resumed it, because that is a transition of the saga. `retried`: its code
   * failed, and trying again is no transition.
   */
  async resumeOne(sagaId: string, actor: string | undefined): Promise<'recorded' | 'retried' | 'nothing to resume'> {
    const isRecorded = await resumeFailedCompensation(this.#context.store, this.#streamOf(sagaId), actor)
    const isRetried = this.#open.problems.delete(sagaId)
    if (isRecorded || isRetried) this.#open.drive(sagaId)
    return isRecorded ? 'recorded' : isRetried ? 'retried' : 'nothing to resume'
  }

  #streamOf(sagaId: string): StreamName {
    return streamName(this.#context.saga.category, sagaId)
  }

  async #setPaused(isPaused: boolean): Promise<void> {
    await this.#stored.change(() => this.#record(isPaused))
    this.#turn.abort()
  }

  async #record(isPaused: boolean): Promise<ConsumerRecord> {
    const { saga, store, clock } = this.#context
    const { position } = this
    const checkpoint = { position, history: await historyUpTo(store, position) }
    return { name: saga.name, checkpoint, isPaused, parked: [], updatedAt: instant(clock.now()) }
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      this.#turn = new AbortController()
      const turn = AbortSignal.any([this.#stop.signal, this.#turn.signal])
      try {
        if ((await this.#stored.load()).isPaused) {
          this.#state = 'paused'
          this.#error = undefined
          await pause(Number.POSITIVE_INFINITY, turn)
          continue
        }
        this.#open = new OpenSagas(this.#context, turn)
        await this.#takeUp()
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
        // Running sagas stop between two steps, before anything begins again.
        if (turn.aborted || this.#state === 'retrying') {
          this.#turn.abort()
          await this.#open.idle()
        }
      }
    }
  }

  /** Goes on with the sagas that have not ended. */
  async #takeUp(): Promise<void> {
    const { saga, store } = this.#context
    const open = new Map<StreamName, SagaState>()
    for await (const { events } of store.read([{ categories: [saga.category] }])) {
      for (const event of events) {
        const state = foldSaga([event], open.get(event.stream))!
        this.#waiters.advance(state.startedBy.position)
        if (hasEnded(state)) open.delete(event.stream)
        else open.set(event.stream, state)
      }
    }
    for (const stream of open.keys()) this.#open.drive(streamIdOf(stream))
  }

  async #takeIn(signal: AbortSignal, onProgress: () => void): Promise<void> {
    const { saga, log } = this.#context
    for await (const batch of log.follow([saga.startsOn], { after: this.position, signal })) {
      for (let index = 0; index < batch.length; index++) {
        // The event as it was recorded: its steps see it in the version that is newest when they run.
        const event = batch.recorded(index)
        // It takes a slot, so that no more sagas are started than can be driven.
        if (await this.#open.slots.within(() => this.#begin(event))) this.#open.drive(event.streamId)
        if (signal.aborted) return
        this.#waiters.advance(event.position)
      }
      this.#waiters.advance(batch.through)
      onProgress()
    }
  }

  /** False if this saga can never be recorded, for example because its id is too long. The other sagas do not wait for it. */
  async #begin(event: RecordedEvent): Promise<boolean> {
    try {
      await recordSagaStart(this.#context, event)
      return true
    } catch (error) {
      if (!isIndelibleError(error) || !error.code.startsWith('invalid_')) throw error
      this.#open.problems.set(event.streamId, String(error))
      return false
    }
  }
}
