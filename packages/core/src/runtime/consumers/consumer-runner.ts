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
import type { EventStore, Head } from '../../store/port.ts'
import { checkpointEveryMs, consumerStopMsMax, parkedMessageCharsMax, passedCheckpointMs } from '../limits.ts'
import { Waiters } from '../waiters.ts'
import { backoff, pause } from '../waiting.ts'
import { fittingParked, misfitOf } from './fitting.ts'
import { Keeper } from './keeper.ts'
import { KeptRecord } from './kept-record.ts'
import {
  type ConsumerError,
  type ConsumerState,
  describeError,
  errorOfParked,
  type ReactionNotice,
  type ReactionStatus,
} from './status.ts'

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

/** How far a consumer is: what of its record follows from the log. */
export interface Progress {
  /** Everything up to here is handled, or parked. */
  readonly handledThrough: Position
  /** At most one of a stream. */
  readonly parked: readonly ParkedEvent[]
}

/** How events are handed to the code of a consumer. */
export interface Delivery extends Progress {
  /** Takes in a batch. It may resolve before all of its events are handled. */
  take(batch: DomainBatch): Promise<void>
  /** Whether nothing more can be taken until the consumer is resumed. */
  readonly isBlocked: boolean
  /** Tries what is parked again. */
  resume(): void
  /** Resolves when nothing is being handled any more, after the signal has aborted. */
  idle(): Promise<void>
}

export interface DeliveryStart {
  /** Where it goes on. */
  readonly progress: Progress
  /** Aborts when the consumer is to stop. */
  readonly signal: AbortSignal
  /** To be called when there is something to be kept. */
  readonly changed: () => void
  /** To be called when the log cannot be read: the consumer then begins again. */
  readonly failed: (error: unknown) => void
  readonly parkedEvent: (event: RecordedEvent, error: unknown) => ParkedEvent
}

export type StartDelivery = (start: DeliveryStart) => Delivery

export class ConsumerRunner {
  readonly #consumer: Consumer
  readonly #options: ConsumerRunnerOptions
  readonly #startDelivery: StartDelivery
  readonly #kept: KeptRecord
  readonly #stop = new AbortController()
  readonly #waiters: Waiters
  #state: ConsumerState = 'starting'
  #error: ConsumerError | undefined
  /** Ends what is under way, to stand still or to go on. */
  #turn = new AbortController()
  #delivery: Delivery | undefined
  #keeper: Keeper | undefined
  /** How far this process came last, perhaps further than could be kept. */
  #progress: Progress | undefined
  /** Whether what is parked is to be tried again when it goes on. */
  #retriesParked = false
  /** Where the log ended when it was started. */
  #began: Promise<Head> | undefined
  #running: Promise<void> = Promise.resolve()
  /** What operators do, one after the other. */
  #controlled: Promise<unknown> = Promise.resolve()

  constructor(consumer: Consumer, startDelivery: StartDelivery, options: ConsumerRunnerOptions) {
    this.#consumer = consumer
    this.#startDelivery = startDelivery
    this.#options = options
    const begin = (save: (record: ConsumerRecord) => Promise<void>) => this.#begin(save)
    this.#kept = new KeptRecord({ name: consumer.name, records: options.records, begin })
    this.#waiters = new Waiters(this.#what)
  }

  start(): void {
    // Asked at once: whoever appends after the start may rely on it that "now" was before.
    this.#began = this.#options.store.head()
    this.#began.catch(() => {})
    this.#running = this.#run()
  }

  /** Resolves between two events, or after {@link consumerStopMsMax} wherever it is. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#turn.abort()
    const inTime = new AbortController()
    await Promise.race([this.#running, pause(consumerStopMsMax, inTime.signal)])
    inTime.abort()
    this.#stopped()
  }

  get position(): Position {
    return this.#waiters.reached
  }

  status(head: Position): ReactionStatus {
    const { name, kind } = this.#consumer
    const parked = this.#delivery?.parked ?? this.#progress?.parked ?? this.#kept.current?.parked ?? []
    const fault = this.#keeper?.fault
    const error = this.#error ?? fault ?? (parked[0] && errorOfParked(parked[0]))
    const running = fault ? 'retrying' : this.#delivery?.isBlocked ? 'parked' : 'running'
    return {
      name,
      kind,
      state: this.#state === 'running' ? running : this.#state,
      position: this.position,
      lagEvents: Math.max(0, head - this.position),
      parked,
      ...(error ? { error } : {}),
    }
  }

  /** Resolves when everything up to a position is handled or parked. Throws `consumer_parked` where it stands still, `wait_timeout`, `store_closed`, `aborted`. */
  async waitFor(position: Position, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    await this.#waiters.reach(position, options)
  }

  /** What is being handled is told to stop, and handled again after `resume`. Durable when it resolves. */
  async pause(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#save({ isPaused: true })
      this.#turn.abort()
    })
  }

  /** Goes on, and tries again what is parked. A consumer of another history goes on from the end of the log. */
  async resume(): Promise<void> {
    await this.#inTurn(async () => {
      const record = await this.#kept.load()
      // Only what was told is taken for seen.
      const isDiverged = this.#state === 'diverged' && (await this.#misfit(record)) !== undefined
      await this.#save({ isPaused: false, ...(isDiverged ? await this.#endOfLog(record) : {}) })
      if (isDiverged) this.#progress = undefined
      this.#retriesParked = true
      if (this.#delivery && !this.#turn.signal.aborted) this.#retryParked(this.#delivery)
      else this.#turn.abort()
    })
  }

  get #what(): string {
    return `The ${this.#consumer.kind} "${this.#consumer.name}"`
  }

  async #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#controlled
      .catch(() => {})
      .then(async () => {
        if (this.#stop.signal.aborted) throw this.#closed()
        await act()
      })
    this.#controlled = done
    await done
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#stop.signal.aborted; ) {
      this.#turn = new AbortController()
      const { signal } = this.#turn
      try {
        await this.#kept.load()
        // What was handled before a fault may not be kept yet.
        await this.#save()
        await this.#goOn(signal, () => {
          attempt = 0
        })
        attempt = 0
      } catch (error) {
        if (isIndelibleError(error, 'store_closed')) break
        this.#state = 'retrying'
        this.#error = describeError(error)
        // What went wrong ended the turn; an operator need not wait for the next.
        this.#turn = new AbortController()
        if (!this.#stop.signal.aborted) await backoff(attempt++, this.#turn.signal)
      }
    }
    // Where it cannot be kept, what was handled since it last was is handled again at the next start.
    await this.#save().catch(() => {})
    this.#stopped()
  }

  async #goOn(signal: AbortSignal, onProgress: () => void): Promise<void> {
    const record = this.#kept.current!
    this.#waiters.restart(record.checkpoint.position)
    if (record.isPaused) return await this.#rest('paused', undefined, signal)
    const misfit = await this.#misfit(record)
    if (misfit) {
      this.#waiters.fail(misfit)
      return await this.#rest('diverged', describeError(misfit), signal)
    }
    const { position } = record.checkpoint
    const parked = await fittingParked(this.#options.store, record.parked, position)
    if (!signal.aborted) await this.#follow({ handledThrough: position, parked }, signal, onProgress)
  }

  async #rest(state: ConsumerState, error: ConsumerError | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    this.#state = state
    this.#error = error
    await pause(Number.POSITIVE_INFINITY, signal)
  }

  async #misfit({ checkpoint }: ConsumerRecord): Promise<IndelibleError | undefined> {
    return await misfitOf(this.#what, checkpoint, this.#options.store)
  }

  async #follow(progress: Progress, signal: AbortSignal, onProgress: () => void): Promise<void> {
    const turn = this.#turn
    const keeper = new Keeper(() => this.#save())
    let failure: { readonly error: unknown } | undefined
    const delivery = this.#startDelivery({
      progress,
      signal,
      changed: () => this.#moved(checkpointEveryMs),
      failed: (error) => {
        failure ??= { error }
        this.#retriesParked = true
        turn.abort()
      },
      parkedEvent: (event, error) => this.#parked(event, error),
    })
    this.#delivery = delivery
    this.#keeper = keeper
    this.#state = 'running'
    this.#error = undefined
    this.#moved(passedCheckpointMs)
    if (this.#retriesParked) this.#retryParked(delivery)
    const after = progress.handledThrough
    try {
      for await (const batch of this.#options.log.follow(this.#consumer.events, { after, signal, anew: true })) {
        await keeper.whenSound(signal)
        await delivery.take(batch)
        this.#moved(passedCheckpointMs)
        onProgress()
      }
      if (failure) throw failure.error
    } finally {
      turn.abort()
      await delivery.idle()
      keeper.end()
      this.#progress = { handledThrough: delivery.handledThrough, parked: [...delivery.parked] }
      this.#delivery = undefined
      this.#keeper = undefined
    }
  }

  #retryParked(delivery: Delivery): void {
    this.#retriesParked = false
    delivery.resume()
    this.#moved(checkpointEveryMs)
  }

  /** A crash repeats what was handled since its checkpoint was kept: the later that is, the more is repeated, and the less there is to write. */
  #moved(keepAfterMs: number): void {
    if (!this.#delivery || !this.#keeper) return
    this.#waiters.restart(this.#delivery.handledThrough)
    if (this.#delivery.isBlocked) this.#waiters.fail(this.#standsStill(this.#delivery.parked[0]!))
    this.#keeper.soon(keepAfterMs)
  }

  #parked({ position, id: eventId, type, stream }: RecordedEvent, error: unknown): ParkedEvent {
    const { message, ...code } = describeError(error)
    const at = instant(this.#options.clock.now())
    const event = { position, eventId, type, stream, message: message.slice(0, parkedMessageCharsMax), ...code, at }
    // What it throws concerns nobody here: it is thrown where nothing is under way.
    queueMicrotask(() => this.#options.notify({ kind: 'reaction parked', name: this.#consumer.name, event }))
    return event
  }

  #standsStill({ position, message }: ParkedEvent): IndelibleError {
    return new IndelibleError(
      'consumer_parked',
      `${this.#what} is parked at position ${position}: ${message} Resume it when that is mended.`,
      { details: { name: this.#consumer.name, position } },
    )
  }

  async #save(change: Partial<ConsumerRecord> = {}): Promise<void> {
    const { store, clock } = this.#options
    await this.#kept.change(async (before) => {
      const { handledThrough: position, parked } = this.#reached(before)
      const isMoved = position !== before.checkpoint.position
      if (!isMoved && isSame(parked, before.parked) && Object.keys(change).length === 0) return undefined
      const checkpoint = isMoved ? { position, history: await historyUpTo(store, position) } : before.checkpoint
      return { ...before, checkpoint, parked, ...change, updatedAt: instant(clock.now()) }
    })
  }

  /** Of one moment: nothing is awaited here. */
  #reached(before: ConsumerRecord): Progress {
    const { handledThrough, parked } = this.#delivery ??
      this.#progress ?? { handledThrough: before.checkpoint.position, parked: before.parked }
    return { handledThrough, parked: [...parked] }
  }

  /** A new consumer is recorded before it begins, so that "now" is the same moment after a restart. */
  async #begin(save: (record: ConsumerRecord) => Promise<void>): Promise<ConsumerRecord> {
    const { store, clock } = this.#options
    const { name, from } = this.#consumer
    const { position } = from === 'beginning' ? { position: 0 } : await (this.#began ?? store.head())
    const checkpoint = { position, history: await historyUpTo(store, position) }
    const begun = { name, checkpoint, isPaused: false, parked: [], updatedAt: instant(clock.now()) }
    await save(begun)
    return begun
  }

  /** What is parked and still in the log is not forgotten. */
  async #endOfLog({ parked }: ConsumerRecord): Promise<Pick<ConsumerRecord, 'checkpoint' | 'parked'>> {
    const { store } = this.#options
    return { checkpoint: await checkpointOf(store), parked: await fittingParked(store, parked, 0) }
  }

  #closed(): IndelibleError {
    return new IndelibleError('store_closed', `${this.#what} was stopped.`)
  }

  #stopped(): void {
    this.#state = 'stopped'
    this.#waiters.fail(this.#closed())
  }
}

function isSame(left: readonly ParkedEvent[], right: readonly ParkedEvent[]): boolean {
  return (
    left.length === right.length &&
    left.every((event, index) => event.position === right[index]!.position && event.at === right[index]!.at)
  )
}
