// How events reach the code of a consumer. A reaction and a subscription deliver differently; the runner treats both alike.
import type { AnyEventType } from '../../kernel/event-types.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import type { BeginsFrom } from '../../kernel/reactions.ts'
import type { ParkedEvent } from '../../store/consumers.ts'
import type { DomainBatch } from '../../store/domain-batch.ts'

/** A declared reaction or subscription. */
export interface Consumer {
  readonly name: string
  readonly kind: 'policy' | 'reaction' | 'subscription'
  readonly from: BeginsFrom
  readonly events: readonly AnyEventType[]
}

/** How far a consumer is. */
export interface Progress {
  /** Everything up to here is handled, or parked. */
  readonly handledThrough: Position
  /** At most one event of each stream. */
  readonly parked: readonly ParkedEvent[]
}

export interface Delivery extends Progress {
  /** Takes in a batch. It may resolve before all of its events are handled. */
  take(batch: DomainBatch): Promise<void>
  /** Whether nothing more can be taken until the consumer is resumed. */
  readonly isBlocked: boolean
  /** Tries again to handle what is parked. */
  resume(): void
  /** Resolves when nothing is being handled any more, after the signal has aborted. */
  idle(): Promise<void>
}

export interface DeliveryStart {
  /** Where it goes on. */
  readonly progress: Progress
  /** Aborts when the consumer must stop. */
  readonly signal: AbortSignal
  /** Call it when the progress has changed. */
  readonly changed: () => void
  /** Call it when the log cannot be read: the consumer then begins again. */
  readonly failed: (error: unknown) => void
  readonly parkedEvent: (
    event: Pick<RecordedEvent, 'position' | 'id' | 'type' | 'stream'>,
    error: unknown,
  ) => ParkedEvent
}

export type StartDelivery = (start: DeliveryStart) => Delivery
