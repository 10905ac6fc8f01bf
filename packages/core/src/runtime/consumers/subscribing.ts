// Hands events to a subscription: batch after batch, in the order of the log.
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import type { Subscription } from '../../kernel/reactions.ts'
import type { ParkedEvent } from '../../store/consumers.ts'
import type { DomainBatch } from '../../store/domain-log.ts'
import { subscriptionBatchMax } from '../limits.ts'
import { type Attempted, attempt } from './attempts.ts'
import type { Delivery, StartDelivery } from './consumer-runner.ts'

export function subscribing(subscription: Subscription): StartDelivery {
  return (start) => new Subscribing(subscription, start)
}

class Subscribing implements Delivery {
  readonly #subscription: Subscription
  readonly #start: Parameters<StartDelivery>[0]
  #through: Position
  #parked: ParkedEvent | undefined
  #resumed = Promise.withResolvers<void>()
  #taking: Promise<void> = Promise.resolve()

  constructor(subscription: Subscription, start: Parameters<StartDelivery>[0]) {
    this.#subscription = subscription
    this.#start = start
    this.#through = start.record.checkpoint.position
    // It is the next event of the log, so that it is tried again.
    this.#parked = start.record.parked[0]
    start.signal.addEventListener('abort', () => this.#resumed.resolve())
  }

  get handledThrough(): Position {
    return this.#through
  }

  get parked(): readonly ParkedEvent[] {
    return this.#parked ? [this.#parked] : []
  }

  get isBlocked(): boolean {
    return this.#parked !== undefined
  }

  async take(batch: DomainBatch): Promise<void> {
    this.#taking = this.#take(batch)
    await this.#taking
  }

  resume(): void {
    this.#parked = undefined
    this.#resumed.resolve()
  }

  async idle(): Promise<void> {
    await this.#taking
  }

  async #take(batch: DomainBatch): Promise<void> {
    const { signal } = this.#start
    await this.#whenResumed()
    for (let from = 0; from < batch.length && !signal.aborted; ) {
      const to = Math.min(batch.length, from + subscriptionBatchMax)
      const together = await this.#run(batch, from, to)
      if (together === 'stopped') return
      if (together === 'done') {
        this.#through = batch.recorded(to - 1).position
        from = to
        continue
      }
      // One of them fails: which one is seen when they come one by one.
      for (; from < to && !signal.aborted; ) from += (await this.#single(batch, from)) ? 1 : 0
    }
    if (!signal.aborted) this.#through = batch.through
  }

  /** True where the event was handled; otherwise it waits until the subscription is resumed, or stopped. */
  async #single(batch: DomainBatch, index: number): Promise<boolean> {
    const recorded = batch.recorded(index)
    const ended = await this.#run(batch, index, index + 1)
    if (ended === 'done') {
      this.#through = recorded.position
      return true
    }
    if (ended === 'stopped') return false
    this.#parked = this.#start.parkedEvent(recorded, ended.error)
    this.#start.changed()
    await this.#whenResumed()
    return false
  }

  async #whenResumed(): Promise<void> {
    while (this.#parked && !this.#start.signal.aborted) {
      this.#resumed = Promise.withResolvers<void>()
      await this.#resumed.promise
    }
  }

  async #run(batch: DomainBatch, from: number, to: number): Promise<Attempted> {
    const { name, run, retries, timeoutMs } = this.#subscription
    const { signal } = this.#start
    const positions = `${batch.recorded(from).position} to ${batch.recorded(to - 1).position}`
    return await attempt(
      async (tried) => {
        const events: RecordedEvent[] = []
        for (let index = from; index < to; index++) events.push(batch.event(index))
        await run(events, tried)
      },
      { what: `The subscription "${name}" at positions ${positions}`, retries, timeoutMs, signal },
    )
  }
}
