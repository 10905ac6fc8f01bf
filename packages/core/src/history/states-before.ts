// The states of aggregates as they were before a command, for a walk along the log.
import type { AnyAggregate } from '../kernel/any-aggregate.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Version } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'
import { evolved, type Guard } from '../runtime/guard/index.ts'
import { cachedAggregatesMax } from '../runtime/limits.ts'
import type { DomainLog } from '../store/domain-log.ts'

interface Known {
  readonly state: unknown
  readonly version: Version
  /** What a handler threw. */
  readonly failure?: { readonly error: unknown }
}

export class StatesBefore {
  readonly #log: DomainLog
  readonly #guard: Guard
  /** In order of last use. */
  readonly #known = new Map<StreamName, Known>()

  constructor(log: DomainLog, guard: Guard) {
    this.#log = log
    this.#guard = guard
  }

  /** The state before an event of its stream. Throws what a handler threw for an event before it. */
  async before(aggregate: AnyAggregate, { stream, version, position }: RecordedEvent): Promise<unknown> {
    let known = this.#known.get(stream)
    if (known?.version !== version - 1) {
      known = { state: aggregate.initialState, version: 0 }
      for await (const { events } of this.#log.read(aggregate.events, [{ streams: [stream] }], { to: position - 1 }))
        known = this.#folded(aggregate, known, events)
    }
    this.#keep(stream, known)
    if (known.failure) throw known.failure.error
    return known.state
  }

  /** Goes on behind events of one stream. */
  after(aggregate: AnyAggregate, events: readonly [RecordedEvent, ...RecordedEvent[]]): void {
    const [{ stream, version }] = events
    const known = this.#known.get(stream)
    if (known?.version === version - 1) this.#keep(stream, this.#folded(aggregate, known, events))
  }

  #keep(stream: StreamName, known: Known): void {
    this.#known.delete(stream)
    this.#known.set(stream, known)
    if (this.#known.size <= cachedAggregatesMax) return
    const [oldest] = this.#known.keys()
    this.#known.delete(oldest!)
  }

  #folded(aggregate: AnyAggregate, known: Known, events: readonly RecordedEvent[]): Known {
    // Several of them may be parts of one recorded event.
    const { version } = events.at(-1)!
    if (known.failure) return { ...known, version }
    try {
      const model = { name: aggregate.category, evolve: aggregate.evolve }
      return { state: evolved(model, known.state, events, this.#guard), version }
    } catch (error) {
      return { state: known.state, version, failure: { error } }
    }
  }
}
