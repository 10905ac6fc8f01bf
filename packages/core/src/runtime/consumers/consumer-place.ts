// The place of a consumer in the log: how far it is in this process, and what of that is stored.
import type { Position } from '../../kernel/positions.ts'
import { type Clock, instant } from '../../kernel/time.ts'
import type { ConsumerRecord, ConsumerRecords, ParkedEvent } from '../../store/consumers.ts'
import { checkpointOf, historyUpTo } from '../../store/history.ts'
import type { EventStore, Head } from '../../store/port.ts'
import type { Holding } from '../leases/index.ts'
import type { Consumer, Progress } from './delivery.ts'
import { fittingParked } from './fitting.ts'
import { StoredRecord } from './stored-record.ts'

export interface ConsumerPlaceOptions {
  readonly store: EventStore
  readonly records: ConsumerRecords
  readonly clock: Clock
  readonly holding: Holding
}

export class ConsumerPlace {
  readonly #consumer: Consumer
  readonly #options: ConsumerPlaceOptions
  readonly #record: StoredRecord
  /** The head of the log when the consumer was started. */
  #began: Promise<Head> | undefined
  /** How far this process is. That may be further than what could be stored. */
  progress: Progress | undefined

  /** `changed`: an operator did something through another process. */
  constructor(consumer: Consumer, options: ConsumerPlaceOptions, changed: (record: ConsumerRecord) => void) {
    this.#consumer = consumer
    this.#options = options
    const { name } = consumer
    const { records, holding } = options
    this.#record = new StoredRecord({ name, records, holding, changed, begin: () => this.#begin() })
  }

  /** Call it when the consumer starts: for a new consumer, "now" is this moment. What is appended after it is handled. */
  started(): void {
    this.#began = this.#options.store.head()
    this.#began.catch(() => {})
  }

  get parked(): readonly ParkedEvent[] {
    return this.progress?.parked ?? this.#record.current?.parked ?? []
  }

  /** The stored record. A consumer that has none gets one. Throws what the store of records throws. */
  async load(): Promise<ConsumerRecord> {
    return await this.#record.load()
  }

  /** Notices what operators did through other processes. */
  async look(): Promise<void> {
    await this.#record.look()
  }

  /** Stores the progress, and what an operator changed. Durable when it resolves. */
  async save(change: Partial<ConsumerRecord> = {}): Promise<void> {
    const { store, clock } = this.#options
    await this.#record.change(async (before) => {
      const { handledThrough: position, parked } = this.#reached(before)
      const isMoved = position !== before.checkpoint.position
      if (!isMoved && isSame(parked, before.parked) && Object.keys(change).length === 0) return undefined
      const checkpoint = isMoved ? { position, history: await historyUpTo(store, position) } : before.checkpoint
      return { ...before, checkpoint, parked, ...change, updatedAt: instant(clock.now()) }
    })
  }

  /** Moves the consumer to the end of the log. Parked events that the log has stay parked. */
  async moveToEnd({ parked }: ConsumerRecord): Promise<Pick<ConsumerRecord, 'checkpoint' | 'parked'>> {
    const { store } = this.#options
    return { checkpoint: await checkpointOf(store), parked: await fittingParked(store, parked, 0) }
  }

  /** A copy of one moment: nothing is awaited here. */
  #reached({ checkpoint, parked: stored }: ConsumerRecord): { handledThrough: Position; parked: ParkedEvent[] } {
    const { handledThrough, parked } = this.progress ?? { handledThrough: checkpoint.position, parked: stored }
    return { handledThrough, parked: [...parked] }
  }

  /** A new consumer is stored before it handles anything, so that "now" is the same moment after a restart. */
  async #begin(): Promise<ConsumerRecord> {
    const { store, clock } = this.#options
    const { name, from } = this.#consumer
    const { position } = from === 'beginning' ? { position: 0 } : await (this.#began ?? store.head())
    const checkpoint = { position, history: await historyUpTo(store, position) }
    return { name, checkpoint, isPaused: false, parked: [], updatedAt: instant(clock.now()) }
  }
}

function isSame(left: readonly ParkedEvent[], right: readonly ParkedEvent[]): boolean {
  return (
    left.length === right.length &&
    left.every((event, index) => event.position === right[index]!.position && event.at === right[index]!.at)
  )
}
