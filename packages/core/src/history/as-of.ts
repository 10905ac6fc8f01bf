// Time travel: the state of an aggregate at a version, a position or a time, as it was recorded or as it was true in the world.
import type { AnyAggregate } from '../kernel/any-aggregate.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import { type Position, position, type Version, version } from '../kernel/positions.ts'
import { epochMs, type Instant, type ValidTime } from '../kernel/time.ts'
import { DomainLog } from '../store/domain-log.ts'
import type { EventStore, ReadOptions } from '../store/port.ts'

/**
 * One point of history, inclusive. `recordedAt`: the state as it was known at that time. `validAt`: the state that was true at that time, as it is known
 * now: with events that were recorded late, in the order of the log. A day without a time means the end of that day (UTC).
 */
export type AsOf =
  | { readonly version: Version }
  | { readonly position: Position }
  | { readonly recordedAt: ValidTime }
  | { readonly validAt: ValidTime }

/** A state, and the events up to which it was folded. */
export interface StateAsOf<State> {
  readonly state: State
  /** The version of the last event in it, 0 if there is none. */
  readonly version: Version
  readonly position: Position
  /** When that event was recorded, `null` if there is none. */
  readonly recordedAt: Instant | null
}

/** Folds an aggregate up to a point of history, or to now. Throws `invalid_time`, `invalid_position`, `event_version_unknown`, `upcast_failed` and what the store throws. */
export async function stateAsOf<State>(
  store: EventStore,
  aggregate: AnyAggregate & { readonly initialState: State },
  { id, asOf }: { id: string; asOf?: AsOf | undefined },
): Promise<StateAsOf<State>> {
  const { options, included } = asOf ? upTo(asOf) : everything
  let result: StateAsOf<State> = { state: aggregate.initialState, version: 0, position: 0, recordedAt: null }
  const log = new DomainLog(store)
  for await (const { events } of log.read(aggregate.events, [{ streams: [aggregate.stream(id)] }], options)) {
    for (const event of events) {
      if (!included(event)) continue
      const { version, position, recordedAt } = event
      result = { state: aggregate.evolve(result.state, event), version, position, recordedAt }
    }
  }
  return result
}

/** What to read, and which of the events to fold. */
interface Selection {
  readonly options: ReadOptions
  readonly included: (event: RecordedEvent) => boolean
}

const everything: Selection = { options: {}, included: () => true }

function upTo(asOf: AsOf): Selection {
  if ('version' in asOf) return { ...everything, options: { limit: version(asOf.version) } }
  if ('position' in asOf) return { ...everything, options: { to: position(asOf.position) } }
  if ('recordedAt' in asOf) {
    const last = endMs(asOf.recordedAt)
    return { ...everything, included: (event) => epochMs(event.recordedAt) <= last }
  }
  const last = endMs(asOf.validAt)
  return { ...everything, included: (event) => epochMs(event.validAt ?? event.recordedAt) <= last }
}

function endMs(time: ValidTime): number {
  const ms = epochMs(time)
  const dayMs = 24 * 60 * 60 * 1000
  return time.includes('T') ? ms : ms + dayMs - 1
}
