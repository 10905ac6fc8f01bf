// Takes in the events that concern sagas of one kind: those for different sagas at the same time, those for one saga one after the other.
import { isIndelibleError } from '../../kernel/errors.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import { streamName } from '../../kernel/streams.ts'
import type { DueSagas } from './due-sagas.ts'
import type { SagaEvent, SagaStart } from './events.ts'
import { takeTurn, tell } from './instance.ts'
import type { Concern, SagaInputs, SeenEvent } from './saga-inputs.ts'
import type { SagaDriveOptions } from './sender.ts'

export interface IntakeOptions {
  readonly drive: SagaDriveOptions
  readonly inputs: SagaInputs
  readonly due: DueSagas
  /** Whether a saga is one of those that are taken care of here. */
  readonly isMine: (sagaId: string) => boolean
  /** How many events are taken in at the same time. */
  readonly atOnceMax: number
  readonly signal: AbortSignal
  /** What was said to sagas up to here, those that were taken up know. */
  readonly takenUpTo: Position
  /** Everything up to a position was taken in. */
  readonly onProgress: (through: Position) => void
  /** Called between batches. */
  readonly afterBatch: () => Promise<void>
}

export class Intake {
  readonly #options: IntakeOptions
  /** What is being done for each saga. */
  readonly #tails = new Map<string, Promise<void>>()
  /** In ascending order. */
  readonly #unfinished = new Set<Position>()
  /** Every event up to here was begun with, or does not concern these sagas. */
  #through: Position = 0
  #failure: unknown
  readonly #broken = new AbortController()
  #room: (() => void) | undefined

  constructor(options: IntakeOptions) {
    this.#options = options
    options.signal.addEventListener('abort', () => this.#room?.())
  }

  /** Resolves when the signal has aborted and nothing is being taken in. Throws what the store failed with. */
  async follow(after: Position): Promise<void> {
    const { inputs, due, signal, afterBatch, drive } = this.#options
    // What was there before may have been taken in by an earlier process.
    const { position: head } = await drive.store.head()
    // A fault must not wait for the next event until it is noticed.
    const stop = AbortSignal.any([signal, this.#broken.signal, due.broken])
    try {
      for await (const { events, through } of drive.store.subscribe(inputs.query, { after, signal: stop })) {
        for (const event of events) {
          await due.room()
          await this.#whenThereIsRoom()
          if (signal.aborted) return
          this.#take(event, event.position <= head)
        }
        this.#through = through
        this.#progress()
        await afterBatch()
      }
      if (signal.aborted) return
      await due.room()
      await this.#whenThereIsRoom()
    } finally {
      await Promise.all(this.#tails.values())
    }
  }

  async #whenThereIsRoom(): Promise<void> {
    while (this.#unfinished.size >= this.#options.atOnceMax && !this.#options.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#room = resolve
      })
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  #take(event: RecordedEvent, isEarlier: boolean): void {
    const { inputs, due, isMine, takenUpTo } = this.#options
    if (inputs.isTold(event)) {
      if (event.position > takenUpTo && isMine(event.streamId)) due.drive(event.streamId)
      return
    }
    const seen = inputs.seen(event)
    const start = isMine(event.streamId) ? seen.find((each) => inputs.starts(each)) : undefined
    const acts = seen.flatMap((each) => {
      const told = this.#concerns(each).map(
        ({ sagaId, say }) => [sagaId, () => this.#tell(sagaId, say, event)] as const,
      )
      return each === start ? [[event.streamId, () => this.#begin(each, isEarlier)] as const, ...told] : told
    })
    this.#unfinished.add(event.position)
    let left = acts.length
    const finished = () => {
      if (--left > 0) return
      this.#unfinished.delete(event.position)
      this.#room?.()
      this.#through = Math.max(this.#through, event.position)
      this.#progress()
    }
    if (left === 0) finished()
    for (const [sagaId, act] of acts) this.#queue(sagaId, act, finished)
  }

  #progress(): void {
    const [first] = this.#unfinished
    this.#options.onProgress(first === undefined ? this.#through : first - 1)
  }

  #queue(sagaId: string, act: () => Promise<void>, finished: () => void): void {
    const tail = (this.#tails.get(sagaId) ?? Promise.resolve())
      .then(async () => {
        // After a failure nothing counts as taken in: it is all taken in again.
        if (this.#failure !== undefined) return
        await act()
        finished()
      })
      .catch((error) => {
        this.#failure ??= error
        this.#broken.abort()
        this.#room?.()
      })
      .finally(() => {
        if (this.#tails.get(sagaId) === tail) this.#tails.delete(sagaId)
      })
    this.#tails.set(sagaId, tail)
  }

  async #tell(sagaId: string, say: Concern['say'], { metadata }: RecordedEvent): Promise<void> {
    const { traceparent } = metadata
    try {
      if (await tell(this.#options.drive, sagaId, say, { traceparent })) this.#options.due.drive(sagaId)
    } catch (error) {
      // An event may concern no saga that there is.
      if (!isIndelibleError(error, 'unknown_saga')) throw error
    }
  }

  /** Where `correlate` fails, no saga can be told: the fault is shown, and the others do not wait for it. */
  #concerns(seen: SeenEvent): readonly Concern[] {
    try {
      const { inputs, isMine } = this.#options
      return inputs.concerns(seen).filter(({ sagaId }) => isMine(sagaId))
    } catch (error) {
      this.#options.due.problems.set(seen.recorded.stream, String(error))
      return []
    }
  }

  /**
   * One saga per stream of start events: a start event that was taken in before finds the saga there. One that can never be recorded, for example for the
   * length of its id, is shown, and the others do not wait for it.
   */
  async #begin(seen: SeenEvent, isEarlier: boolean): Promise<void> {
    const { drive, due } = this.#options
    const { saga, store } = drive
    const { streamId } = seen.recorded
    try {
      if (isEarlier && (await hasEvents(store, streamName(saga.category, streamId)))) return
      const cause = seen.recorded.metadata.traceparent
      const turn = await takeTurn(drive, streamId, { state: undefined, inputs: [started(saga, seen)], cause })
      if (turn.status === 'written') due.drive(streamId, turn.state)
    } catch (error) {
      if (!isIndelibleError(error) || !error.code.startsWith('invalid_')) throw error
      due.problems.set(streamId, String(error))
    }
  }
}

function started(saga: SagaDriveOptions['saga'], { id: eventId, recorded }: SeenEvent): SagaEvent {
  const { type, position, schemaVersion, validAt = null, metadata, data: input } = recorded
  const startedBy: SagaStart = {
    eventId,
    type,
    position,
    schemaVersion,
    correlationId: metadata.correlationId ?? recorded.id,
    validAt,
  }
  return { type: '$SagaStarted', data: { saga: saga.name, version: saga.version, input, startedBy } }
}

async function hasEvents(store: SagaDriveOptions['store'], stream: ReturnType<typeof streamName>): Promise<boolean> {
  for await (const { events } of store.read([{ streams: [stream] }], { limit: 1 })) if (events.length > 0) return true
  return false
}
