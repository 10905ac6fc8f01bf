// The tags of events that are given and not decided: those that their types declare, and the claims of unique values. Later decisions look for both.
import { declaredTags } from '../../kernel/event-types.ts'
import type { NewEvent } from '../../kernel/events.ts'
import { isReserved } from '../../kernel/reserved.ts'
import { categoryOf, streamIdOf } from '../../kernel/streams.ts'
import type { System } from '../../kernel/system.ts'
import { claimsOf } from '../../runtime/commands/claims.ts'
import type { OpenFork } from '../../store/fork.ts'
import type { EventStore } from '../../store/port.ts'
import { stateWouldBe } from './would-be.ts'

/** An event whose data are given. `was`: the data that its tags were made from, where it had others. */
export function withDeclaredTags(event: NewEvent, { events }: System, was: unknown = event.data): NewEvent {
  const { type, schemaVersion = 1, data, tags = [] } = event
  const declared = events.find((each) => each.type === type && each.version === schemaVersion)
  if (!declared) return event
  const before = declaredTags(declared, was)
  return { ...event, tags: [...declaredTags(declared, data), ...tags.filter((tag) => !before.includes(tag))] }
}

/**
 * The events of one commit with the values that it claims and releases. A value that another aggregate has stays with it: what is given is not refused.
 * Throws as {@link stateWouldBe}.
 */
export async function withClaims(
  events: readonly NewEvent[],
  { system, store, fork }: { readonly system: System; readonly store: EventStore; readonly fork: OpenFork },
): Promise<readonly NewEvent[]> {
  const { stream } = events[0]!
  const aggregate = system.aggregates.find(({ category }) => category === categoryOf(stream))
  const isOfOne = events.every((each) => each.stream === stream)
  if (!aggregate || Object.keys(aggregate.unique).length === 0 || !isOfOne) return events
  const own = events.map((each) => ({ ...each, tags: (each.tags ?? []).filter((tag) => !isReserved(tag)) }))
  const trial = await fork(store)
  await trial.append({ events: own }, { reserved: true })
  const id = streamIdOf(stream)
  const { state: before } = await stateWouldBe(store, aggregate, id)
  const { state: after } = await stateWouldBe(trial, aggregate, id)
  const { position: to } = await store.head()
  const claims = await claimsOf(aggregate, { stream, before, after }, { store, to })
  if ('refused' in claims) return own
  return own.with(-1, { ...own.at(-1)!, tags: [...own.at(-1)!.tags, ...claims.tags] })
}
