// The state of an aggregate at a point of history: as it was recorded, as it was true in the world, or as it was known at one time about another.
import type { AnyAggregate } from '../kernel/any-aggregate.ts'
import type { Position, Version } from '../kernel/positions.ts'
import type { Instant } from '../kernel/time.ts'
import { DomainLog } from '../store/domain-log.ts'
import type { EventStore } from '../store/port.ts'
import { fittingSnapshot, type Snapshot, type SnapshotStore } from '../store/snapshots.ts'
import { type AsOf, type Reach, reachOf } from './points.ts'

/** A state, and the events up to which it was folded. */
export interface StateAsOf<State> {
  readonly state: State
  /** The version of the last event in it, 0 if there is none. */
  readonly version: Version
  readonly position: Position
  /** When that event was recorded, `null` if there is none. */
  readonly recordedAt: Instant | null
}

export interface StateOptions {
  readonly id: string
  /** Now when left out. */
  readonly asOf?: AsOf | undefined
  /** With them, the fold begins with the newest snapshot at or before the point. They do not help where `validAt` is given. */
  readonly snapshots?: SnapshotStore | undefined
}

/**
 * Folds an aggregate up to a point of history, or to now. Events are folded in the order of the log, whatever the time asked for.
 * Throws `invalid_time`, `invalid_position`, `event_version_unknown`, `upcast_failed` and what the store throws.
 */
export async function stateAsOf<State>(
  store: EventStore,
  aggregate: AnyAggregate & { readonly initialState: State },
  { id, asOf, snapshots }: StateOptions,
): Promise<StateAsOf<State>> {
  const stream = aggregate.stream(id)
  const reach = await reachOf(store, asOf)
  const { version: last, to, isValid } = reach
  const snapshot = snapshots && (await snapshotFor(store, snapshots, aggregate, { stream, reach }))
  let result: StateAsOf<State> = { state: aggregate.initialState, version: 0, position: 0, recordedAt: null }
  // The last event in the snapshot is read again, because it says when it was recorded.
  const limit = last === undefined ? undefined : last - (snapshot ? snapshot.version - 1 : 0)
  const options = { from: snapshot?.position, to, limit }
  for await (const { events } of new DomainLog(store).read(aggregate.events, [{ streams: [stream] }], given(options))) {
    for (const event of events) {
      if (isValid && !isValid(event)) continue
      const { version, position, recordedAt } = event
      const state = position === snapshot?.position ? (snapshot.state as State) : aggregate.evolve(result.state, event)
      result = { state, version, position, recordedAt }
    }
  }
  return result
}

async function snapshotFor(
  store: EventStore,
  snapshots: SnapshotStore,
  { fingerprint, code }: AnyAggregate,
  { stream, reach: { version, to, isValid } }: { stream: ReturnType<AnyAggregate['stream']>; reach: Reach },
): Promise<Snapshot | undefined> {
  if (isValid || fingerprint === null) return undefined
  const found = await fittingSnapshot(store, snapshots, { stream, fingerprint, upTo: { version, position: to } })
  // What other code made is compared with the log when commands load it, not here.
  return found?.code === code ? found : undefined
}

function given<Options extends object>(
  options: Options,
): { [Name in keyof Options]?: Exclude<Options[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}
