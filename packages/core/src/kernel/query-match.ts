// Whether one event matches a query, without an index: for readers that get all events as they come.
import type { RecordedEvent } from './events.ts'
import { correlationIdOf } from './events.ts'
import type { Query, QueryItem } from './queries.ts'
import { isReserved, reservedCategory } from './reserved.ts'

/** The same events as `EventStore.read` finds: reserved ones only where they are asked for, or an item names their stream, category or type. */
export function matchesQuery(query: Query, event: RecordedEvent, reserved = false): boolean {
  if (query === 'all') return reserved || !isReserved(event.type)
  return query.some((item) => matchesItem(item, event, reserved))
}

function matchesItem(
  { streams, categories, types, tags, correlationIds }: QueryItem,
  event: RecordedEvent,
  reserved: boolean,
): boolean {
  if (streams && !streams.includes(event.stream)) return false
  if (types && !types.includes(event.type)) return false
  if (categories && !isInCategory(categories, event)) return false
  if (tags && !tags.every((tag) => event.tags.includes(tag))) return false
  if (correlationIds && !correlationIds.includes(correlationIdOf(event.metadata) ?? '')) return false
  return reserved || !isReserved(event.type) || Boolean(streams ?? categories ?? types)
}

function isInCategory(categories: readonly string[], { category, type }: RecordedEvent): boolean {
  return categories.includes(category) || (isReserved(type) && categories.includes(reservedCategory))
}
