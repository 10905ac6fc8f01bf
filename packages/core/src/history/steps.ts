// A state or a row, event by event: what it was before each event, and what after it.
import type { AnyAggregate } from '../kernel/any-aggregate.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Projection } from '../kernel/projections.ts'
import { keyText, type Row } from '../kernel/tables.ts'
import { epochMs } from '../kernel/time.ts'
import { trusting } from '../runtime/guard/index.ts'
import { parkedError, RowFold } from '../runtime/projections/fold/index.ts'
import { DomainLog } from '../store/domain-log.ts'
import type { EventStore } from '../store/port.ts'
import { canonicalKey } from '../store/rows.ts'
import { type AsOf, type PointOfLog, reachOf } from './points.ts'

export interface Step {
  readonly event: RecordedEvent
  readonly before: unknown
  readonly after: unknown
  readonly isLate: boolean
}

/** Something whose past is asked for: an aggregate, or a row of a read table. */
export type Subject =
  | { readonly aggregate: AnyAggregate; readonly id: string; readonly asOf?: AsOf | undefined }
  | { readonly projection: Projection; readonly key: Row; readonly asOf?: PointOfLog | undefined }

/** Every event of an aggregate, or every event that wrote a row, up to a point. */
export async function* stepsOf(store: EventStore, subject: Subject): AsyncGenerator<Step> {
  const lateness = new Lateness()
  const steps = 'aggregate' in subject ? stateSteps(store, subject) : rowSteps(store, subject)
  for await (const step of steps) yield { ...step, isLate: lateness.isLate(step.event) }
}

async function* stateSteps(
  store: EventStore,
  { aggregate, id, asOf }: Extract<Subject, { aggregate: AnyAggregate }>,
): AsyncGenerator<Omit<Step, 'isLate'>> {
  const { version, to, isValid } = await reachOf(store, asOf)
  const options = { ...(to !== undefined && { to }), ...(version !== undefined && { limit: version }) }
  let before: unknown = aggregate.initialState
  for await (const { events } of new DomainLog(store).read(
    aggregate.events,
    [{ streams: [aggregate.stream(id)] }],
    options,
  )) {
    for (const event of events) {
      if (isValid && !isValid(event)) continue
      const after: unknown = aggregate.evolve(before, event)
      yield { event, before, after }
      before = after
    }
  }
}

/** A row may depend on any other, so all are folded. */
async function* rowSteps(
  store: EventStore,
  { projection, key, asOf }: Extract<Subject, { projection: Projection }>,
): AsyncGenerator<Omit<Step, 'isLate'>> {
  const { table, name, events } = projection
  const wanted = keyText(table.key, canonicalKey(table, key))
  const { to, isValid } = await reachOf(store, asOf)
  const fold = new RowFold(projection, { guard: trusting, fromZero: true, keepsVersions: true })
  let before: unknown
  const end = to ?? (await store.head()).position
  for await (const batch of new DomainLog(store).replay(events, { after: 0, to: end })) {
    for (let at = 0; at < batch.length; at++) {
      if (isValid && !isValid(batch.recorded(at))) continue
      const failure = fold.apply(batch, at, at + 1)
      if (failure) throw parkedError(name, failure)
      const written = fold.known.takeChanges().versions.find((each) => keyText(table.key, each.key) === wanted)
      if (!written) continue
      const after = written.row ?? undefined
      yield { event: batch.event(at), before, after }
      before = after
    }
  }
}

/** Finds events that were true before one that was recorded earlier. */
class Lateness {
  #latestMs = Number.NEGATIVE_INFINITY

  isLate({ validAt, recordedAt }: RecordedEvent): boolean {
    const ms = epochMs(validAt ?? recordedAt)
    if (ms < this.#latestMs) return true
    this.#latestMs = ms
    return false
  }
}
