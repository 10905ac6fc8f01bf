// Follows the log for a reaction or subscription: finds its place, keeps its checkpoint, stands still and goes on when an operator wants it.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { AnyEventType } from '../../kernel/event-types.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import type { BeginsFrom } from '../../kernel/reactions.ts'
import { type Clock, instant } from '../../kernel/time.ts'
import type { ConsumerRecord, ConsumerRecords, ParkedEvent } from '../../store/consumers.ts'
import type { DomainBatch, DomainLog } from '../../store/domain-log.ts'
import { checkpointOf, historyUpTo } from '../../store/history.ts'
import type { EventStore } from '../../store/port.ts'
import { checkpointEveryMs } from '../limits.ts'
import { Waiters } from '../waiters.ts'
import { backoff, pause } from '../waiting.ts'
import { type ConsumerState, describeError, type ReactionNotice, type ReactionStatus } from './status.ts'

export interface ConsumerRunnerOptions {
  readonly store: EventStore
  readonly log: DomainLog
  readonly records: ConsumerRecords
  readonly clock: Clock
  readonly notify: (notice: ReactionNotice) => void
}

/** What is run: a declared reaction or subscription. */
export interface Consumer {
  readonly name: string
  readonly kind: 'reaction' | 'subscription'
  readonly from: BeginsFrom
  readonly events: readonly AnyEventType[]
}

/** How events are handed to the code of a consumer. */
export interface Delivery {
  /** Takes in a batch. It may resolve before all of its events are handled. */
  take(batch: DomainBatch): Promise<void>
  /** Everything up to here is handled, or parked. */
  readonly handledThrough: Position
  /** At most one of a stream. */
  readonly parked: readonly ParkedEvent[]
  /** Whether nothing more can be taken until the consumer is resumed. */
  readonly isBlocked: boolean
  /** Tries what is parked again. */
  resume(): void
  /** Resolves when nothing is being handled any more. */
  idle(): Promise<void>
}

/** `signal` aborts when the consumer is to stop; `changed` is to be called when there is something to be kept. */
export type StartDelivery = (start: {
  readonly record: ConsumerRecord
  readonly signal: AbortSignal
  readonly changed: () => void
  readonly parkedEvent: (event: RecordedEvent, error: unknown) => ParkedEvent
}) => Delivery

export class ConsumerRunner {
  readonly #consumer: Consumer
  readonly #options: ConsumerRunnerOptions
  readonly #startDelivery: StartDelivery
  readonly #stop = new AbortController()
  readonly #waiters: Waiters
  #state: ConsumerState = 'starting'
  #error: { message: string; code?: string } | undefined
  #record: ConsumerRecord | undefined
  #delivery: Delivery | undefined
  /** Whether what is parked is to be tried again when it goes on. */
  #retriesParked = false
  #wake = new AbortController()
  #running: Promise<void> = Promise.resolve()
  /** One at a time. */
  #saving: Promise<void> = Promise.resolve()
  #later: NodeJS.Timeout | undefined

  constructor(consumer: Consumer, startDelivery: StartDelivery, options: ConsumerRunnerOptions) {
    this.#consumer = consumer
    this.#startDelivery = startDelivery
    this.#options = options
    this.#waiters = new Waiters(`The ${consumer.kind} "${consumer.name}"`)
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#wake.abort()
    await this.#running
    this.#state = 'stopped'
    this.#waiters.fail(
      new IndelibleError('store_closed', `The ${this.#consumer.kind} "${this.#consumer.name}" was stopped.`),
    )
  }

  get position(): Position {
    return this.#waiters.reached
  }

  status(head: Position): ReactionStatus {
    const { name, kind } = this.#consumer
    const parked = this.#delivery?.parked ?? this.#record?.parked ?? []
    const isParked = this.#state === 'running' && this.#delivery?.isBlocked
    return {
      name,
      kind,
      state: isParked ? 'parked' : this.#state,
      position: this.position,
      lagEvents: Math.max(0, head - this.position),
      parked,
      ...(this.#error ? { error: this.#error } : {}),
    }
  }

  /** Resolves when everything up to a position is handled or parked. Throws `wait_timeout`, `store_closed`, `aborted`. */
  async waitFor(position: Position, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    await this.#waiters.reach(position, options)
  }

  /** What is being handled is told to stop, and handled again after `resume`. Durable when it resolves. */
  async pause(): Promise<void> {
    await this.#loaded()
    await this.#save({ isPaused: true })
    this.#wake.abort()
  }

  /** Goes on, and tries again what is parked. A consumer of another history goes on from the end of the log. */
  async resume(): Promise<void> {
    await this.#loaded()
    const checkpoint = this.#state === 'diverged' ? await checkpointOf(this.#options.store) : undefined
    await this.#save({ isPaused: false, ...(checkpoint ? { checkpoint } : {}) })
    if (this.#delivery) this.#delivery.resume()
    else this.#retriesParked = true
    if (this.#state !== 'running') this.#wake.abort()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    for (let attempt = 0; !signal.aborted; ) {
      this.#wake = new AbortController()
      const stop = AbortSignal.any([signal, this.#wake.signal])
      try {
        const record = await this.#loaded()
        this.#waiters.restart(record.checkpoint.position)
        if (record.isPaused) await this.#rest('paused', stop)
        else if (await this.#isDiverged(record)) await this.#rest('diverged', stop)
        else await this.#follow(record, stop)
        attempt = 0
      } catch (error) {
        if (isIndelibleError(error, 'store_closed')) return
        this.#state = 'retrying'
        this.#error = describeError(error)
        await backoff(attempt++, signal)
      }
    }
  }

  async #rest(state: ConsumerState, stop: AbortSignal): Promise<void> {
    this.#state = state
    await pause(Number.POSITIVE_INFINITY, stop)
    this.#error = undefined
  }

  async #isDiverged({ checkpoint }: ConsumerRecord): Promise<boolean> {
    const { position, history } = checkpoint
    if (position === 0 || (await this.#options.store.historyAt(position)) === history) return false
    this.#error = {
      code: 'consumer_parked',
      message:
        `The checkpoint of "${this.#consumer.name}", position ${position}, is of another history than this log has: the log was put back from an older copy. ` +
        'Events may have been handled that the log no longer has. Resume it to go on from the end of the log.',
    }
    return true
  }

  async #follow(record: ConsumerRecord, stop: AbortSignal): Promise<void> {
    const { log } = this.#options
    const delivery = this.#startDelivery({
      record,
      signal: stop,
      changed: () => this.#saveSoon(),
      parkedEvent: (event, error) => this.#parked(event, error),
    })
    this.#delivery = delivery
    if (this.#retriesParked) delivery.resume()
    this.#retriesParked = false
    this.#state = 'running'
    this.#error = undefined
    try {
      for await (const batch of log.follow(this.#consumer.events, {
        after: record.checkpoint.position,
        signal: stop,
      })) {
        await delivery.take(batch)
        this.#saveSoon()
      }
    } finally {
      await delivery.idle()
      clearTimeout(this.#later)
      this.#later = undefined
      await this.#save({})
      this.#delivery = undefined
    }
  }

  #parked({ position, id: eventId, type, stream }: RecordedEvent, error: unknown): ParkedEvent {
    const event = { position, eventId, type, stream, ...describeError(error), at: instant(this.#options.clock.now()) }
    this.#options.notify({ kind: 'reaction parked', name: this.#consumer.name, event })
    return event
  }

  /** A crash repeats what was handled since: the later it is kept, the more that is, and the less there is to write. */
  #saveSoon(): void {
    const { handledThrough } = this.#delivery ?? { handledThrough: 0 }
    this.#waiters.advance(handledThrough)
    this.#later ??= setTimeout(() => {
      this.#later = undefined
      this.#save({}).catch((error) => {
        this.#error = describeError(error)
        this.#wake.abort()
      })
    }, checkpointEveryMs)
  }

  async #save(change: Partial<ConsumerRecord>): Promise<void> {
    const saving = this.#saving.catch(() => {}).then(() => this.#saveNow(change))
    this.#saving = saving
    await saving
  }

  async #saveNow(change: Partial<ConsumerRecord>): Promise<void> {
    const { store, records, clock } = this.#options
    const before = this.#record!
    const delivery = this.#delivery
    // Read before anything is awaited: what is kept must be of one moment.
    const [position, parked] = delivery
      ? [delivery.handledThrough, [...delivery.parked]]
      : [before.checkpoint.position, before.parked]
    const isUnchanged = position === before.checkpoint.position && isSame(parked, before.parked)
    if (isUnchanged && Object.keys(change).length === 0) return
    const checkpoint =
      position === before.checkpoint.position
        ? before.checkpoint
        : { position, history: await historyUpTo(store, position) }
    const next = { ...before, checkpoint, parked, ...change, updatedAt: instant(clock.now()) }
    await records.save(next)
    this.#record = next
  }

  /** A new consumer is recorded before it begins, so that "now" is the same moment after a restart. */
  async #loaded(): Promise<ConsumerRecord> {
    if (this.#record) return this.#record
    const { store, records, clock } = this.#options
    const { name, from } = this.#consumer
    const found = await records.load(name)
    if (found) {
      this.#record = found
      return found
    }
    const checkpoint =
      from === 'now' ? await checkpointOf(store) : { position: 0, history: await historyUpTo(store, 0) }
    const begun = { name, checkpoint, isPaused: false, parked: [], updatedAt: instant(clock.now()) }
    await records.save(begun)
    this.#record = begun
    return begun
  }
}

function isSame(left: readonly ParkedEvent[], right: readonly ParkedEvent[]): boolean {
  return (
    left.length === right.length &&
    left.every((event, index) => event.position === right[index]!.position && event.at === right[index]!.at)
  )
}
