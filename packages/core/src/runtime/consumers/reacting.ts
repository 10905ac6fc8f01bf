// Hands events to a reaction: events of one stream one after the other, events of different streams at the same time.
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import type { AnyReaction } from '../../kernel/reactions.ts'
import type { StreamName } from '../../kernel/streams.ts'
import type { ParkedEvent } from '../../store/consumers.ts'
import { type DomainBatch, wholeEnd } from '../../store/domain-batch.ts'
import type { DomainLog } from '../../store/domain-log.ts'
import { parkedStreamsMax, reactionsAtOnceMax, reactionsWaitingMax } from '../limits.ts'
import { Slots } from '../slots.ts'
import { spans, type Telemetry } from '../telemetry/index.ts'
import { attempt } from './attempts.ts'
import type { Delivery, DeliveryStart, StartDelivery } from './delivery.ts'

export interface ReactingOptions {
  readonly kind: 'policy' | 'reaction'
  readonly log: DomainLog
  readonly telemetry: Telemetry
}

export function reacting(reaction: AnyReaction, options: ReactingOptions): StartDelivery {
  return (start) => new Reacting(reaction, options, start)
}

/** A stream with a failed event. Its later events wait until the stream is resumed. */
interface ParkedStream {
  readonly event: ParkedEvent
  /** The last event of the stream that was passed over. All up to it must be handled before the stream is handled normally again. */
  passedBy: Position
  isResuming: boolean
}

class Reacting implements Delivery {
  readonly #reaction: AnyReaction
  readonly #options: ReactingOptions
  readonly #start: DeliveryStart
  readonly #slots = new Slots(reactionsAtOnceMax)
  /** Parked streams are read again from the log, so many at the same time. */
  readonly #readers = new Slots(reactionsAtOnceMax)
  readonly #tails = new Map<StreamName, Promise<void>>()
  readonly #parked = new Map<StreamName, ParkedStream>()
  readonly #resuming = new Set<Promise<void>>()
  /** In ascending order. */
  readonly #unfinished = new Set<Position>()
  #through: Position
  #room = Promise.withResolvers<void>()

  constructor(reaction: AnyReaction, options: ReactingOptions, start: DeliveryStart) {
    this.#reaction = reaction
    this.#options = options
    this.#start = start
    const { handledThrough, parked } = start.progress
    this.#through = handledThrough
    for (const event of parked) this.#park(event, handledThrough)
    start.signal.addEventListener('abort', () => this.#room.resolve())
  }

  get handledThrough(): Position {
    const [first] = this.#unfinished
    return first === undefined ? this.#through : first - 1
  }

  get parked(): readonly ParkedEvent[] {
    return [...this.#parked.values()].map(({ event }) => event)
  }

  /** While parked streams are tried again, there may soon be room. */
  get isBlocked(): boolean {
    return this.#isFull && this.#resuming.size === 0
  }

  async take(batch: DomainBatch): Promise<void> {
    for (const seen of recordedIn(batch)) {
      await this.#whenThereIsRoom()
      if (this.#start.signal.aborted) return
      if (!this.#passesBy(seen.recorded)) this.#queue(seen)
      this.#through = seen.recorded.position
    }
    this.#through = batch.through
  }

  resume(): void {
    for (const [stream, parked] of this.#parked) {
      if (parked.isResuming) continue
      parked.isResuming = true
      const resuming = this.#readers
        .within(() => this.#resumed(stream, parked))
        .catch((error) => this.#start.failed(error))
        .finally(() => {
          this.#resuming.delete(resuming)
          this.#start.changed()
        })
      this.#resuming.add(resuming)
    }
  }

  async idle(): Promise<void> {
    await Promise.all([...this.#tails.values(), ...this.#resuming])
  }

  get #isFull(): boolean {
    return this.#parked.size >= parkedStreamsMax
  }

  async #whenThereIsRoom(): Promise<void> {
    while ((this.#unfinished.size >= reactionsWaitingMax || this.#isFull) && !this.#start.signal.aborted) {
      this.#room = Promise.withResolvers<void>()
      await this.#room.promise
    }
  }

  #park(event: ParkedEvent, passedBy: Position): void {
    this.#parked.set(event.stream, { event, passedBy, isResuming: false })
  }

  /** True if the event must wait behind a parked one. */
  #passesBy({ stream, position }: RecordedEvent): boolean {
    const parked = this.#parked.get(stream)
    // Events that are already queued are passed over later than events that arrive meanwhile.
    if (parked) parked.passedBy = Math.max(parked.passedBy, position)
    return parked !== undefined
  }

  #queue(seen: SeenEvent): void {
    const { recorded } = seen
    const { stream, position } = recorded
    this.#unfinished.add(position)
    const tail = (this.#tails.get(stream) ?? Promise.resolve()).then(async () => {
      // An earlier event of the stream may have failed meanwhile.
      if (!this.#passesBy(recorded)) {
        const failed = await this.#handle(seen)
        if (failed === 'stopped') return
        if (failed) this.#park(failed, position)
      }
      this.#unfinished.delete(position)
      if (this.#tails.get(stream) === tail) this.#tails.delete(stream)
      this.#room.resolve()
      this.#start.changed()
    })
    this.#tails.set(stream, tail)
  }

  /** If the event failed, returns what to park. An event that is seen as several goes on at the part that failed. */
  async #handle({ recorded, parts }: SeenEvent, failed?: ParkedEvent): Promise<ParkedEvent | 'stopped' | undefined> {
    const { name, handlers, retries, timeoutMs } = this.#reaction
    const { signal, parkedEvent } = this.#start
    const what = `The reaction "${name}" to ${recorded.type} at position ${recorded.position}`
    let isBehind = failed?.position === recorded.position && parts.some(({ id }) => id === failed.eventId)
    for (const { id, event: domain } of parts) {
      isBehind &&= id !== failed!.eventId
      if (isBehind) continue
      const idempotencyKey = `${name}:${id}`
      const ended = await attempt(
        async (tried) => {
          const event = domain()
          await this.#traced(event, async (traceparent) => {
            await handlers.get(event.type)!(event.data, event, { ...tried, idempotencyKey, traceparent })
          })
        },
        { what, retries, timeoutMs, signal, slots: this.#slots },
      )
      if (ended === 'stopped') return 'stopped'
      if (ended !== 'done') return parkedEvent({ ...placeOf(recorded), id }, ended.error)
    }
    return undefined
  }

  #traced({ type, metadata }: RecordedEvent, work: (traceparent: string | undefined) => Promise<void>): Promise<void> {
    const { kind, telemetry } = this.#options
    const attributes = {
      'messaging.system': 'indelible',
      'messaging.operation.name': 'react',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': this.#reaction.name,
      'indelible.kind': kind,
      'indelible.event': type,
    }
    return telemetry.traced({ span: spans.reaction, attributes, parent: metadata.traceparent }, ({ traceparent }) =>
      work(traceparent),
    )
  }

  /** Handles the events of a stream, beginning with the one that failed. Stops at the first that fails again. */
  async #resumed(stream: StreamName, parked: ParkedStream): Promise<void> {
    // First, the events that were queued when it failed are passed over.
    await this.#tails.get(stream)
    const { events } = this.#reaction
    let next = parked.event.position
    for (let to = next; to >= next; to = parked.passedBy) {
      for await (const batch of this.#options.log.inStreams([stream], events, { from: next, to, copies: true })) {
        for (const seen of recordedIn(batch)) {
          const failed = await this.#handle(seen, parked.event)
          if (failed === 'stopped') return
          if (failed) return this.#park(failed, parked.passedBy)
        }
      }
      next = to + 1
    }
    this.#parked.delete(stream)
    this.#room.resolve()
  }
}

function placeOf({ position, type, stream }: RecordedEvent) {
  return { position, type, stream }
}

/** A recorded event, and the events as which it is seen. */
interface SeenEvent {
  readonly recorded: RecordedEvent
  readonly parts: readonly { readonly id: string; readonly event: () => RecordedEvent }[]
}

function* recordedIn(batch: DomainBatch): Generator<SeenEvent> {
  for (let from = 0, end: number; from < batch.length; from = end) {
    end = wholeEnd(batch, from + 1)
    const indexes = Array.from({ length: end - from }, (_, part) => from + part)
    const parts = indexes.map((index) => ({ id: batch.id(index), event: () => batch.event(index) }))
    yield { recorded: batch.recorded(from), parts }
  }
}
