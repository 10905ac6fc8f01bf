// The history of a field, and who set the value that it has: of the state of an aggregate, or of a row of a read table.
import type { RecordedEvent } from '../kernel/events.ts'
import type { EventStore } from '../store/port.ts'
import { type Cause, Causes } from './causes.ts'
import { type Change, changesBetween, emptiedBy, fieldOf, isSame, isWithin, leavesOf } from './changes.ts'
import { type Subject, stepsOf } from './steps.ts'

/** A change of a field with its cause. */
export interface Changed extends Change {
  readonly cause: Cause
}

/** A field as it is, who set it, and what it was before. */
export interface Blamed {
  readonly field: string
  readonly value: unknown
  readonly before?: unknown
  readonly cause: Cause
}

/** One field, or the whole when left out; see {@link Change}. */
interface Asked {
  readonly field?: string | undefined
}

/** Every change of a field, oldest first. Throws what {@link stateAsOf} and {@link viewAsOf} throw. */
export async function historyOf(
  store: EventStore,
  { field = '', ...subject }: Subject & Asked,
): Promise<readonly Changed[]> {
  const causes = new Causes(store)
  const changes: Changed[] = []
  for await (const { event, before, after, isLate } of stepsOf(store, subject as Subject)) {
    const [was, is] = [fieldOf(before, field), fieldOf(after, field)]
    if (isSame(was, is)) continue
    const cause = await causes.of(event, isLate)
    for (const change of changesBetween(was, is, field)) changes.push({ ...change, cause })
  }
  return changes
}

/**
 * Who set a field, and all fields in it, to the values that they have. A field that no event has set, because it is as it was in the beginning, is left out.
 * Throws as {@link historyOf}.
 */
export async function blame(
  store: EventStore,
  { field = '', ...subject }: Subject & Asked,
): Promise<readonly Blamed[]> {
  interface Setter {
    readonly event: RecordedEvent
    readonly isLate: boolean
    readonly before: unknown
  }
  const setters = new Map<string, Setter>()
  let now: unknown
  for await (const { event, before, after, isLate } of stepsOf(store, subject as Subject)) {
    now = after
    for (const change of changesBetween(fieldOf(before, field), fieldOf(after, field), field)) {
      for (const known of setters.keys()) if (isWithin(known, change.field)) setters.delete(known)
      const { field: each, after: value } = change
      for (const leaf of value === undefined ? emptiedBy(each, after) : leavesOf(value, each)) {
        setters.set(leaf.field, { event, isLate, before: fieldOf(before, leaf.field) })
      }
    }
  }
  const causes = new Causes(store)
  const blamed: Blamed[] = []
  for (const { field: each, value } of leavesOf(fieldOf(now, field), field)) {
    const setter = setters.get(each)
    if (!setter) continue
    const { event, isLate, before } = setter
    const cause = await causes.of(event, isLate)
    blamed.push({ field: each, value, ...(before === undefined ? {} : { before }), cause })
  }
  return blamed
}
