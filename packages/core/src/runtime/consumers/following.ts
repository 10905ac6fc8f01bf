// Hands the events of the log to the code of a consumer, until it is paused, stopped, or the log cannot be read.
import { IndelibleError } from '../../kernel/errors.ts'
import { type Clock, instant } from '../../kernel/time.ts'
import type { ParkedEvent } from '../../store/consumers.ts'
import type { DomainLog } from '../../store/domain-log.ts'
import { checkpointEveryMs, parkedMessageCharsMax, passedCheckpointMs } from '../limits.ts'
import type { Waiters } from '../waiters.ts'
import { CheckpointSaver } from './checkpoint-saver.ts'
import type { ConsumerPlace } from './consumer-place.ts'
import type { Consumer, Delivery, DeliveryStart, Progress, StartDelivery } from './delivery.ts'
import { type ConsumerError, describeError, type ReactionNotice } from './status.ts'

export interface FollowingContext {
  readonly consumer: Consumer
  /** The consumer, for messages. */
  readonly what: string
  readonly log: DomainLog
  readonly clock: Clock
  readonly notify: (notice: ReactionNotice) => void
  readonly place: ConsumerPlace
  readonly waiters: Waiters
  readonly startDelivery: StartDelivery
}

export class Following {
  readonly #context: FollowingContext
  readonly #progress: Progress
  readonly #turn: AbortController
  readonly #saver: CheckpointSaver
  readonly #delivery: Delivery
  #failure: { readonly error: unknown } | undefined
  #hasEnded = false

  /** It ends when the turn is aborted, and aborts the turn when it ends. */
  constructor(context: FollowingContext, progress: Progress, turn: AbortController) {
    this.#context = context
    this.#progress = progress
    this.#turn = turn
    this.#saver = new CheckpointSaver(() => context.place.save())
    this.#delivery = context.startDelivery({
      progress,
      signal: turn.signal,
      changed: () => this.#moved(checkpointEveryMs),
      failed: (error) => {
        this.#failure ??= { error }
        turn.abort()
      },
      parkedEvent: (event, error) => this.#parked(event, error),
    })
    context.place.progress = this.#delivery
  }

  get isBlocked(): boolean {
    return this.#delivery.isBlocked
  }

  /** Why the checkpoint cannot be stored now. */
  get fault(): ConsumerError | undefined {
    return this.#saver.fault
  }

  /** Whether the log could not be read. */
  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  /** Throws what the log throws. */
  async run({ retriesParked, onProgress }: { retriesParked: boolean; onProgress: () => void }): Promise<void> {
    const { consumer, log, place } = this.#context
    const { signal } = this.#turn
    const delivery = this.#delivery
    this.#moved(passedCheckpointMs)
    if (retriesParked) this.retryParked()
    const after = this.#progress.handledThrough
    try {
      for await (const batch of log.follow(consumer.events, { after, signal, copies: true })) {
        await this.#saver.whenSound(signal)
        await delivery.take(batch)
        this.#moved(passedCheckpointMs)
        onProgress()
      }
      if (this.#failure) throw this.#failure.error
    } finally {
      this.#turn.abort()
      await delivery.idle()
      this.#hasEnded = true
      this.#saver.end()
      place.progress = { handledThrough: delivery.handledThrough, parked: [...delivery.parked] }
    }
  }

  retryParked(): void {
    this.#delivery.resume()
    this.#moved(checkpointEveryMs)
  }

  /** After a crash, what was handled since the last stored checkpoint is handled again. Storing it later means less to write, and more to repeat. */
  #moved(saveAfterMs: number): void {
    if (this.#hasEnded) return
    const { waiters } = this.#context
    waiters.restart(this.#delivery.handledThrough)
    if (this.#delivery.isBlocked) waiters.fail(this.#blocked(this.#delivery.parked[0]!))
    this.#saver.soon(saveAfterMs)
  }

  #parked(
    { position, id: eventId, type, stream }: Parameters<DeliveryStart['parkedEvent']>[0],
    error: unknown,
  ): ParkedEvent {
    const { clock, notify, consumer } = this.#context
    const { message, ...code } = describeError(error)
    const at = instant(clock.now())
    const event = { position, eventId, type, stream, message: message.slice(0, parkedMessageCharsMax), ...code, at }
    // An error of the user's `onNotice` must not disturb the consumer, so it is thrown where nothing else runs.
    queueMicrotask(() => notify({ kind: 'reaction parked', name: consumer.name, event }))
    return event
  }

  #blocked({ position, message }: ParkedEvent): IndelibleError {
    const { what, consumer } = this.#context
    return new IndelibleError(
      'consumer_parked',
      `${what} is parked at position ${position}: ${message} Fix the cause, then resume it.`,
      { details: { name: consumer.name, position } },
    )
  }
}
