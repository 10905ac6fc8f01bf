// Starts a saga for every start event, and after a restart takes up those that had not ended. Sagas run from here only, so rebuilding a table fires none.
import { isIndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import { type StreamName, streamIdOf, streamName } from '../kernel/streams.ts'
import { sagasAtOnceMax } from './limits.ts'
import { driveSaga, resumeStuckSaga, type SagaDriverParts } from './saga-driver.ts'
import { asDomainEvent, foldSaga, hasEnded, type SagaEvent, type SagaState } from './saga-state.ts'
import { backoff } from './waiting.ts'

export interface SagaRunnerStatus {
  readonly name: string
  readonly state: 'starting' | 'running' | 'retrying' | 'stopped'
  /** Start events up to here have been taken in. */
  readonly position: Position
  /** Sagas under way in this process. */
  readonly active: number
  /** Sagas that cannot go on: an undo was refused, or a step's code failed. They wait for `resume`. */
  readonly waitingForHelp: readonly { readonly sagaId: string; readonly problem: string }[]
  readonly error?: string
}

export class SagaRunner {
  readonly #parts: SagaDriverParts
  readonly #stop = new AbortController()
  readonly #active = new Map<string, Promise<void>>()
  readonly #problems = new Map<string, string>()
  #running: Promise<void> = Promise.resolve()
  #state: SagaRunnerStatus['state'] = 'starting'
  #error: string | undefined
  #position: Position = 0

  constructor(parts: Omit<SagaDriverParts, 'onFault'>) {
    this.#parts = {
      ...parts,
      onFault: (error) => {
        this.#error = error === undefined ? undefined : String(error)
      },
    }
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await Promise.all(this.#active.values())
    this.#state = 'stopped'
  }

  status(): SagaRunnerStatus {
    return {
      name: this.#parts.saga.name,
      state: this.#state,
      position: this.#position,
      active: this.#active.size,
      waitingForHelp: [...this.#problems].map(([sagaId, problem]) => ({ sagaId, problem })),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    }
  }

  /** Lets a saga that waits for help try again. False where there is nothing to resume. */
  async resume(sagaId: string, actor: string | undefined): Promise<boolean> {
    const { saga, store } = this.#parts
    const recorded = await resumeStuckSaga(store, streamName(saga.category, sagaId), actor)
    const waiting = this.#problems.delete(sagaId)
    if (recorded || waiting) this.#drive(sagaId)
    return recorded || waiting
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
    for (const stream of open.keys()) {
      await this.#room()
      this.#drive(streamIdOf(stream))
    }
  }

  async #takeIn(onProgress: () => void): Promise<void> {
    const { saga, store } = this.#parts
    const { signal } = this.#stop
    for await (const { events, through } of store.subscribe([{ types: [saga.startsOn] }], {
      after: this.#position,
      signal,
    })) {
      for (const event of events) {
        await this.#room()
        if (await this.#begin(event)) this.#drive(event.streamId)
        this.#position = event.position
      }
      this.#position = through
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
      this.#problems.set(event.streamId, String(error))
      return false
    }
  }

  async #record(event: RecordedEvent): Promise<void> {
    const { saga, store } = this.#parts
    const stream = streamName(saga.category, event.streamId)
    const correlationId = event.metadata.correlationId ?? event.id
    const startedBy = { eventId: event.id, position: event.position, correlationId, validAt: event.validAt ?? null }
    const started: SagaEvent = { type: 'SagaStarted', data: { saga: saga.name, input: event.data, startedBy } }
    const metadata = { actor: `saga:${saga.name}`, correlationId, causationId: event.id }
    await store.append({
      events: [{ ...asDomainEvent(started), stream, metadata }],
      expected: { [stream]: 'none' } as Record<StreamName, 'none'>,
    })
  }

  /** Waits until another saga may be driven. */
  async #room(): Promise<void> {
    while (this.#active.size >= sagasAtOnceMax) await Promise.race(this.#active.values())
  }

  #drive(sagaId: string): void {
    const before = this.#active.get(sagaId)
    if (before) {
      // It may be at its last step and not see what changed.
      void before.then(() => this.#stop.signal.aborted || this.#drive(sagaId))
      return
    }
    const driving = driveSaga(this.#parts, sagaId, this.#stop.signal)
      .then(
        (state) => {
          if (state?.status !== 'stuck') return
          const { step, reason } = state.undoFailure!
          this.#problems.set(sagaId, `The undo of step "${step}" was refused: ${reason}.`)
        },
        (error: unknown) => {
          if (!isIndelibleError(error, 'store_closed')) this.#problems.set(sagaId, String(error))
        },
      )
      .finally(() => this.#active.delete(sagaId))
    this.#active.set(sagaId, driving)
  }
}
