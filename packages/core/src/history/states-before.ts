// The states of aggregates as they were before a command, for a walk along the log.
import type { AnyAggregate } from '../kernel/any-aggregate.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import { deepFreeze } from '../kernel/freeze.ts'
import type { Version } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'
import { frozenData } from '../kernel/upcasts.ts'
import { cachedAggregatesMax } from '../runtime/limits.ts'
import type { PureCall } from '../runtime/purity.ts'
import type { DomainLog } from '../store/domain-log.ts'

interface Known {
  readonly state: unknown
  readonly version: Version
}

export class StatesBefore {
  readonly #log: DomainLog
  readonly #call: PureCall
  /** In order of last use. */
  readonly #known = new Map<StreamName, Known>()

  constructor(log: DomainLog, call: PureCall) {
    this.#log = log
    this.#call = call
  }

  /** The state before an event of its stream. */
  async before(aggregate: AnyAggregate, { stream, version, position }: RecordedEvent): Promise<Known> {
    const found = this.#known.get(stream)
    if (found?.version === version - 1) return found
    let known: Known = { state: aggregate.initialState, version: 0 }
    for await (const { events } of this.#log.read(aggregate.events, [{ streams: [stream] }], { to: position - 1 }))
      known = this.#folded(aggregate, known, events)
    return known
  }

  /** Goes on behind events of one stream. */
  after(aggregate: AnyAggregate, known: Known, events: readonly RecordedEvent[]): void {
    const { stream } = events[0]!
    this.#known.delete(stream)
    this.#known.set(stream, this.#folded(aggregate, known, events))
    if (this.#known.size <= cachedAggregatesMax) return
    const [oldest] = this.#known.keys()
    this.#known.delete(oldest!)
  }

  #folded(aggregate: AnyAggregate, { state: from, version }: Known, events: readonly RecordedEvent[]): Known {
    let state = from
    for (const event of events) {
      state = this.#call(`the handler of ${event.type} in "${aggregate.category}"`, () => {
        frozenData(event)
        return deepFreeze(aggregate.evolve(state, event))
      })
    }
    return { state, version: version + events.length }
  }
}
