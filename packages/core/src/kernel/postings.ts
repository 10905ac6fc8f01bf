// Which positions match a query, given for each term the positions of its events. The same for an index in memory and one on disk.
import type { Position } from './positions.ts'
import type { Query, QueryItem } from './queries.ts'

export type TermKind = 'stream' | 'category' | 'type' | 'tag' | 'correlation'

/** A stretch of a log, ascending where `from` is not above `to`, otherwise descending; both ends inclusive. */
export interface Stretch {
  readonly from: Position
  readonly to: Position
  readonly limit: number
}

/** An inverted index. */
export interface TermPositions {
  /** The ascending positions of a term, at least those between two, both inclusive. */
  positions(kind: TermKind, text: string, low: Position, high: Position): ArrayLike<Position>
}

/** The first positions of a stretch that match. */
export function matching(index: TermPositions, query: Query, { from, to, limit }: Stretch): Position[] {
  const ascending = from <= to
  if (query === 'all') {
    const count = Math.max(0, Math.min(limit, Math.abs(to - from) + 1))
    return Array.from({ length: count }, (_, offset) => (ascending ? from + offset : from - offset))
  }
  const [low, high] = ascending ? [from, to] : [to, from]
  const runs = query.flatMap((item) => itemMatches(fieldsOf(index, item, low, high), { low, high, ascending, limit }))
  if (runs.length === 1) return runs[0]!
  const order = ascending ? (a: Position, b: Position) => a - b : (a: Position, b: Position) => b - a
  return [...new Set(runs.flat())].sort(order).slice(0, limit)
}

type Positions = ArrayLike<Position>

/** An item as lists that are ORed inside ANDed fields. */
function fieldsOf(index: TermPositions, item: QueryItem, low: Position, high: Position): readonly Positions[][] {
  const lists = (kind: TermKind, texts: readonly string[]) =>
    texts.map((text) => index.positions(kind, text, low, high)).filter(({ length }) => length > 0)
  const fields: Positions[][] = []
  if (item.streams) fields.push(lists('stream', item.streams))
  if (item.categories) fields.push(lists('category', item.categories))
  if (item.types) fields.push(lists('type', item.types))
  if (item.correlationIds) fields.push(lists('correlation', item.correlationIds))
  for (const tag of item.tags ?? []) fields.push(lists('tag', [tag]))
  return fields
}

/** For each list of the field with the fewest events its positions that are in every other field too. */
function itemMatches(
  fields: readonly Positions[][],
  { low, high, ascending, limit }: { low: Position; high: Position; ascending: boolean; limit: number },
): Position[][] {
  const rarest = fields.reduce((best, lists) => (size(lists) < size(best) ? lists : best))
  const others = fields.filter((lists) => lists !== rarest)
  return rarest.map((list) => {
    const found: Position[] = []
    const step = ascending ? 1 : -1
    let at = ascending ? firstFrom(list, low) : firstFrom(list, high + 1) - 1
    for (; at >= 0 && at < list.length && found.length < limit; at += step) {
      const position = list[at]!
      if (position < low || position > high) break
      if (others.every((lists) => lists.some((other) => other[firstFrom(other, position)] === position))) {
        found.push(position)
      }
    }
    return found
  })
}

function size(lists: readonly Positions[]): number {
  return lists.reduce((sum, { length }) => sum + length, 0)
}

/** The index of the first entry that is not below a position. */
export function firstFrom(list: Positions, position: Position): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (list[middle]! < position) low = middle + 1
    else high = middle
  }
  return low
}
