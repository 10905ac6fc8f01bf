// What differs between two points of history: in the state of an aggregate, and in the rows of a read table.
import type { AnyAggregate } from '../kernel/any-aggregate.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Projection } from '../kernel/projections.ts'
import { keyText, type Row } from '../kernel/tables.ts'
import { epochMs } from '../kernel/time.ts'
import { trusting } from '../runtime/guard/index.ts'
import { DomainLog } from '../store/domain-log.ts'
import type { EventStore } from '../store/port.ts'
import type { StateAsOf } from './as-of.ts'
import { type Cause, Causes } from './causes.ts'
import { type Change, changesBetween } from './changes.ts'
import { type AsOf, type PointOfLog, type Reach, reachOf, validUpTo } from './points.ts'
import { rowsAt } from './view-as-of.ts'

/** `to` is now when left out. */
export interface Between<Point> {
  readonly from: Point
  readonly to?: Point | undefined
}

export interface StateDiff {
  readonly from: StateAsOf<unknown>
  readonly to: StateAsOf<unknown>
  readonly changes: readonly Change[]
  /** The events that are in one of the states only. `isLate`: recorded later, about a time of which the first point spoke already. */
  readonly events: readonly (Cause & { readonly isIn: 'from' | 'to' })[]
}

/** Throws as {@link stateAsOf}. */
export async function diffStates(
  store: EventStore,
  aggregate: AnyAggregate,
  { id, from, to }: { readonly id: string } & Between<AsOf>,
): Promise<StateDiff> {
  const sides = {
    from: new Side(aggregate, await reachOf(store, from)),
    to: new Side(aggregate, await reachOf(store, to)),
  }
  const spokenOf = validAtOf(from)
  const events: { event: RecordedEvent; isIn: 'from' | 'to' }[] = []
  for await (const batch of new DomainLog(store).read(aggregate.events, [{ streams: [aggregate.stream(id)] }])) {
    for (const event of batch.events) {
      const [isFrom, isTo] = [sides.from.take(event), sides.to.take(event)]
      if (isFrom !== isTo) events.push({ event, isIn: isFrom ? 'from' : 'to' })
    }
  }
  const causes = new Causes(store)
  const isLate = (event: RecordedEvent) =>
    spokenOf ? spokenOf(event) : epochMs(event.validAt ?? event.recordedAt) < sides.from.latestMs
  const told: StateDiff['events'][number][] = []
  for (const { event, isIn } of events) told.push({ ...(await causes.of(event, isIn === 'to' && isLate(event))), isIn })
  const [before, after] = [sides.from.state, sides.to.state]
  return { from: before, to: after, changes: changesBetween(before.state, after.state), events: told }
}

/** The rows that differ. */
export interface RowsDiff {
  readonly added: readonly Row[]
  readonly removed: readonly Row[]
  readonly changed: readonly { readonly key: Row; readonly changes: readonly Change[] }[]
}

/** In the order of the keys. All rows of both points are in memory meanwhile. Throws as {@link viewAsOf}. */
export async function diffRows(
  store: EventStore,
  projection: Projection,
  { from, to }: Between<PointOfLog>,
): Promise<RowsDiff> {
  const rows = async (point: PointOfLog | undefined) => await allRows(store, projection, point)
  return rowsBetween(projection.table.key, await rows(from), await rows(to))
}

/** All rows of a table at a point, or now. Throws as {@link viewAsOf}. */
export async function allRows(store: EventStore, projection: Projection, point?: PointOfLog): Promise<readonly Row[]> {
  return await rowsAt(store, projection, { reach: await reachOf(store, point), guard: trusting })
}

/** In the order of the keys. */
export function rowsBetween(key: readonly string[], before: readonly Row[], after: readonly Row[]): RowsDiff {
  const byKey = (rows: readonly Row[]) => new Map(rows.map((row) => [keyText(key, row), row]))
  const [was, is] = [byKey(before), byKey(after)]
  const added: Row[] = []
  const changed: RowsDiff['changed'][number][] = []
  for (const [text, row] of [...is].sort(byText)) {
    const earlier = was.get(text)
    if (!earlier) added.push(row)
    else {
      const changes = changesBetween(earlier, row)
      if (changes.length > 0) changed.push({ key: Object.fromEntries(key.map((name) => [name, row[name]])), changes })
    }
  }
  const removed = [...was].filter(([text]) => !is.has(text)).sort(byText)
  return { added, removed: removed.map(([, row]) => row), changed }
}

class Side {
  readonly #aggregate: AnyAggregate
  readonly #reach: Reach
  state: StateAsOf<unknown>
  /** The last time of which its events speak. */
  latestMs = Number.NEGATIVE_INFINITY

  constructor(aggregate: AnyAggregate, reach: Reach) {
    this.#aggregate = aggregate
    this.#reach = reach
    this.state = { state: aggregate.initialState, version: 0, position: 0, recordedAt: null }
  }

  /** Whether the event belongs to it. */
  take(event: RecordedEvent): boolean {
    const { version: last, to, isValid } = this.#reach
    const { version, position, recordedAt, validAt } = event
    if (version > (last ?? version) || position > (to ?? position) || (isValid && !isValid(event))) return false
    this.state = { state: this.#aggregate.evolve(this.state.state, event), version, position, recordedAt }
    this.latestMs = Math.max(this.latestMs, epochMs(validAt ?? recordedAt))
    return true
  }
}

function validAtOf(point: AsOf): ((event: RecordedEvent) => boolean) | undefined {
  return 'validAt' in point ? validUpTo(point.validAt) : undefined
}

function byText([one]: readonly [string, Row], [other]: readonly [string, Row]): number {
  return one < other ? -1 : 1
}
