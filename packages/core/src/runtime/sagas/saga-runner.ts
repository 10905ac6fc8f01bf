// Starts a saga for every start event, and after a restart takes up those that had not ended. Sagas run from here only, so rebuilding a table fires none.
import { isIndelibleError } from '../../kernel/errors.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import { type StreamName, streamIdOf, streamName } from '../../kernel/streams.ts'
import type { DomainLog } from '../../store/domain-log.ts'
import { backoff } from '../waiting.ts'
import { OpenSagas } from './open-sagas.ts'
import { resumeFailedCompensation, type SagaDriverParts } from './saga-driver.ts'
import { asDomainEvent, foldSaga, hasEnded, type SagaEvent, type SagaState } from './saga-state.ts'

export interface SagaRunnerStatus {
  readonly name: string
  readonly state: 'starting' | 'running' | 'retrying' | 'stopped'
  /** Start events up to here have been taken in. */
  readonly position: Position
  /** Sagas under way in this process. */
  readonly active: number
  /** Those of them that met a fault that may pass and wait to try again. */
  readonly waiting: number
  /**
   * Sagas that cannot go on: a compensation was refused, a step's code failed or sent what cannot be carried out, or the code is no longer that of their history.
   * They go on after `resume`, or after a restart with code that was mended.
   */
  readonly needsIntervention: readonly { readonly sagaId: string; readonly problem: string }[]
  /** What is tried again. */
  readonly error?: string
}

export interface SagaRunnerOptions extends SagaDriverParts {
  readonly log: DomainLog
}

export class SagaRunner {
  readonly #parts: SagaRunnerOptions
  readonly #stop = new AbortController()
  readonly #open: OpenSagas
  #running: Promise<void> = Promise.resolve()
  #state: SagaRunnerStatus['state'] = 'starting'
  #error: string | undefined
  #position: Position = 0

  constructor(parts: SagaRunnerOptions) {
    this.#parts = parts
    this.#open = new OpenSagas(parts, this.#stop.signal)
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await this.#open.idle()
    this.#state = 'stopped'
  }

  status(): SagaRunnerStatus {
    const { count, waiting, problems, fault } = this.#open
    const error = this.#error ?? fault
    return {
      name: this.#parts.saga.name,
      state: this.#state,
      position: this.#position,
      active: count,
      waiting,
      needsIntervention: [...problems].map(([sagaId, problem]) => ({ sagaId, problem })),
      ...(error === undefined ? {} : { error }),
    }
  }

  /** Why a saga waits for help, if it does. */
  problemOf(sagaId: string): string | undefined {
    return this.#open.problems.get(sagaId)
  }

  /** Lets a saga that waits for help try again. False where there is nothing to resume. */
  async resume(sagaId: string, actor: string | undefined): Promise<boolean> {
    const { saga, store } = this.#parts
    const recorded = await resumeFailedCompensation(store, streamName(saga.category, sagaId), actor)
    const waited = this.#open.problems.delete(sagaId)
    if (recorded || waited) this.#open.drive(sagaId)
    return recorded || waited
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      try {
        await this.#takeUp()
        this.#state = 'running'
        this.#error = undefined
        await this.#takeIn(() => {
          attempt = 0
        })
      } catch (error) {
        if (isIndelibleError(error, 'store_closed')) return
        this.#state = 'retrying'
        this.#error = String(error)
        await backoff(attempt, this.#stop.signal)
      }
    }
  }

  /** Finds the sagas that had not ended. */
  async #takeUp(): Promise<void> {
    const { saga, store } = this.#parts
    const open = new Map<StreamName, SagaState>()
    for await (const { events } of store.read([{ categories: [saga.category] }])) {
      for (const event of events) {
        const state = foldSaga([event], open.get(event.stream))!
        this.#position = Math.max(this.#position, state.startedBy.position)
        if (hasEnded(state)) open.delete(event.stream)
        else open.set(event.stream, state)
      }
    }
    for (const stream of open.keys()) this.#open.drive(streamIdOf(stream))
  }

  async #takeIn(onProgress: () => void): Promise<void> {
    const { saga, log } = this.#parts
    const { signal } = this.#stop
    for await (const batch of log.follow([saga.startsOn], { after: this.#position, signal })) {
      for (let index = 0; index < batch.length; index++) {
        // As it was recorded: the steps see it in the form that it has when they run.
        const event = batch.recorded(index)
        // In line with those that are driven, so that no more are begun than can be.
        if (await this.#open.slots.within(() => this.#begin(event))) this.#open.drive(event.streamId)
        this.#position = event.position
      }
      this.#position = batch.through
      onProgress()
    }
  }

  /**
   * One saga per stream of start events: a start event that was taken in before finds the saga there.
   * False where this saga can never be recorded, for example for the length of its id; the others must not wait for it.
   */
  async #begin(event: RecordedEvent): Promise<boolean> {
    try {
      await this.#record(event)
      return true
    } catch (error) {
      if (!isIndelibleError(error) || !error.code.startsWith('invalid_')) throw error
      this.#open.problems.set(event.streamId, String(error))
      return false
    }
  }

  async #record(event: RecordedEvent): Promise<void> {
    const { saga, store, ids } = this.#parts
    const stream = streamName(saga.category, event.streamId)
    const correlationId = event.metadata.correlationId ?? event.id
    const { id: eventId, position, schemaVersion, validAt = null } = event
    const startedBy = { eventId, position, schemaVersion, correlationId, validAt }
    const started: SagaEvent = { type: '$SagaStarted', data: { saga: saga.name, input: event.data, startedBy } }
    const metadata = { actor: `saga:${saga.name}`, correlationId, causationId: event.id }
    const expected = { [stream]: 'none' } as Record<StreamName, 'none'>
    await store.append(
      { events: [{ ...asDomainEvent(started), id: ids(), stream, metadata }], expected },
      { reserved: true },
    )
  }
}
