// Which events are meant: everything, or any of some items. The form is that of dynamic consistency boundaries (https://dcb.events/specification/).
import { IndelibleError } from './errors.ts'
import type { RecordedEvent } from './events.ts'
import { queryItemsMax } from './limits.ts'
import { categoryOf, type StreamName } from './streams.ts'

/** Fields are ANDed. In a field, streams, categories and types are ORed, tags ANDed; a field left out does not constrain. */
export interface QueryItem {
  readonly streams?: readonly StreamName[]
  readonly categories?: readonly string[]
  readonly types?: readonly string[]
  readonly tags?: readonly string[]
}

/** Every event, or those that match at least one item. */
export type Query = 'all' | readonly QueryItem[]

/** The parts of an event that a query looks at. */
export type Queryable = Pick<RecordedEvent, 'stream' | 'type' | 'tags'>

/** Throws `invalid_query` for an empty query, an empty item or an empty field: each would silently mean "nothing" or "everything". */
export function checkQuery(query: Query): void {
  if (query === 'all') return
  if (!Array.isArray(query) || query.length === 0) throw invalid('A query is "all" or a list of at least one item.')
  if (query.length > queryItemsMax) throw invalid(`A query has at most ${queryItemsMax} items.`)
  for (const { streams, categories, types, tags } of query as readonly QueryItem[]) {
    const fields = [streams, categories, types, tags].filter((field) => field !== undefined)
    if (fields.length === 0) throw invalid('A query item constrains nothing. Use "all" to mean every event.')
    if (fields.some((field) => field.length === 0))
      throw invalid('A query item has an empty list. Leave the field out instead.')
  }
}

/** Checks the query once and gives back a test for events. Throws `invalid_query`. */
export function matcher(query: Query): (event: Queryable) => boolean {
  checkQuery(query)
  if (query === 'all') return () => true
  const items = query.map(itemMatcher)
  return items.length === 1 ? items[0]! : (event) => items.some((matches) => matches(event))
}

function itemMatcher(item: QueryItem): (event: Queryable) => boolean {
  const streams = item.streams && new Set<string>(item.streams)
  const categories = item.categories && new Set(item.categories)
  const types = item.types && new Set(item.types)
  return (event) =>
    (!streams || streams.has(event.stream)) &&
    (!types || types.has(event.type)) &&
    (!categories || categories.has(categoryOf(event.stream))) &&
    (!item.tags || item.tags.every((tag) => event.tags.includes(tag)))
}

function invalid(message: string): IndelibleError {
  return new IndelibleError('invalid_query', message)
}
