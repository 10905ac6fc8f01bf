// Hands events to a subscription, in batches and in the order of the log.
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import type { Subscription } from '../../kernel/reactions.ts'
import type { ParkedEvent } from '../../store/consumers.ts'
import { type DomainBatch, wholeEnd } from '../../store/domain-batch.ts'
import { subscriptionBatchMax } from '../limits.ts'
import { spans, type Telemetry } from '../telemetry/index.ts'
import { type Attempted, attempt } from './attempts.ts'
import type { Delivery, DeliveryStart, StartDelivery } from './delivery.ts'

export function subscribing(subscription: Subscription, telemetry: Telemetry): StartDelivery {
  return (start) => new Subscribing(subscription, telemetry, start)
}

class Subscribing implements Delivery {
  readonly #subscription: Subscription
  readonly #telemetry: Telemetry
  readonly #start: DeliveryStart
  #through: Position
  #parked: ParkedEvent | undefined
  #resumed = Promise.withResolvers<void>()

  constructor(subscription: Subscription, telemetry: Telemetry, start: DeliveryStart) {
    this.#subscription = subscription
    this.#telemetry = telemetry
    this.#start = start
    this.#through = start.progress.handledThrough
    // It is the next event to handle, so it is tried again.
    this.#parked = start.progress.parked[0]
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
    const { signal } = this.#start
    await this.#whenResumed()
    let from = 0
    // If a batch fails, its events are handed over one by one, to find the one that fails.
    let singlyTo = 0
    while (from < batch.length && !signal.aborted) {
      const to = wholeEnd(batch, from < singlyTo ? from + 1 : Math.min(batch.length, from + subscriptionBatchMax))
      const ended = await this.#run(batch, from, to)
      if (ended === 'stopped') return
      if (ended === 'done') {
        this.#through = batch.recorded(to - 1).position
        this.#start.changed()
        from = to
      } else if (wholeEnd(batch, from + 1) < to) singlyTo = to
      else await this.#park(this.#start.parkedEvent(batch.recorded(from), ended.error))
    }
    if (!signal.aborted) this.#through = batch.through
  }

  resume(): void {
    this.#parked = undefined
    this.#resumed.resolve()
  }

  /** Events are handled only inside `take`. */
  async idle(): Promise<void> {}

  async #park(event: ParkedEvent): Promise<void> {
    this.#parked = event
    this.#start.changed()
    await this.#whenResumed()
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
        await this.#traced(events, async () => {
          await run(events, tried)
        })
      },
      { what: `The subscription "${name}" at positions ${positions}`, retries, timeoutMs, signal },
    )
  }

  /** A batch has many causes, so it continues none of them. */
  #traced(events: readonly RecordedEvent[], work: () => Promise<void>): Promise<void> {
    const attributes = {
      'messaging.system': 'indelible',
      'messaging.operation.name': 'subscribe',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': this.#subscription.name,
      'messaging.batch.message_count': events.length,
    }
    const links = this.#telemetry.isTracing ? events.map(({ metadata }) => metadata.traceparent) : []
    return this.#telemetry.traced({ span: spans.subscription, attributes, parent: undefined, links }, work)
  }
}
