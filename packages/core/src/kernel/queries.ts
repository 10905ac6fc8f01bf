// Queries: all events, or the events that match one of some items, as in dynamic consistency boundaries (https://dcb.events/specification/).
import { IndelibleError } from './errors.ts'
import { queryItemsMax } from './limits.ts'
import { checkedStreamName, type StreamName } from './streams.ts'

/** Fields are ANDed. The values in a field are ORed, but tags are ANDed. A missing field is no constraint. */
export interface QueryItem {
  readonly streams?: readonly StreamName[]
  readonly categories?: readonly string[]
  readonly types?: readonly string[]
  readonly tags?: readonly string[]
  /** Correlation ids of the metadata. */
  readonly correlationIds?: readonly string[]
}

/** All events, or those that match at least one item. */
export type Query = 'all' | readonly QueryItem[]

/**
 * Throws `invalid_query` for an empty query, item or field, and `invalid_stream_name` for an impossible stream name: these would silently mean "nothing" or
 * "everything".
 */
export function checkQuery(query: Query): void {
  if (query === 'all') return
  if (!Array.isArray(query) || query.length === 0) throw invalid('A query is "all" or a list of at least one item.')
  if (query.length > queryItemsMax) throw invalid(`A query has at most ${queryItemsMax} items.`)
  for (const { streams, categories, types, tags, correlationIds } of query as readonly QueryItem[]) {
    const fields = [streams, categories, types, tags, correlationIds].filter((field) => field !== undefined)
    if (fields.length === 0) throw invalid('A query item constrains nothing. To read all events, use "all".')
    if (fields.some((field) => field.length === 0))
      throw invalid('A query item has an empty list. Leave the field out instead.')
    if (fields.some((field) => field.some((term) => typeof term !== 'string')))
      throw invalid('The streams, categories, types, tags and correlation ids of a query must be text.')
    // No stream can have another name, so asking for one is a mistake.
    streams?.forEach(checkedStreamName)
  }
}

function invalid(message: string): IndelibleError {
  return new IndelibleError('invalid_query', message)
}
