// Finds the positions that match a query, from the positions of each term. It works with an index in memory and on disk.
import type { Position } from './positions.ts'
import type { Query, QueryItem } from './queries.ts'
import { reservedCategory } from './reserved.ts'

export type TermKind = 'stream' | 'category' | 'type' | 'tag' | 'correlation'

/** A range of a log, both ends inclusive. It is descending if `from` is above `to`. */
export interface Stretch {
  readonly from: Position
  readonly to: Position
  readonly limit: number
  /** Reserved events match too, even if the query does not name them. */
  readonly reserved?: boolean | undefined
}

/** An inverted index. */
export interface TermPositions {
  /** The ascending positions of a term, at least those between two, both inclusive. */
  positions(kind: TermKind, text: string, low: Position, high: Position): ArrayLike<Position>
}

/** The first positions of a range that match. */
export function matching(index: TermPositions, query: Query, { from, to, limit, reserved }: Stretch): Position[] {
  const ascending = from <= to
  const [low, high] = ascending ? [from, to] : [to, from]
  const hidden = once(() => (reserved ? nothing : index.positions('category', reservedCategory, low, high)))
  if (query === 'all') return allBut(hidden(), { from, to, limit })
  const runs = query.flatMap((item) =>
    itemMatches(fieldsOf(index, item, low, high), {
      low,
      high,
      ascending,
      limit,
      isHidden: (position) => !namesEvents(item) && has(hidden(), position),
    }),
  )
  if (runs.length === 1) return runs[0]!
  const order = ascending ? (a: Position, b: Position) => a - b : (a: Position, b: Position) => b - a
  return [...new Set(runs.flat())].sort(order).slice(0, limit)
}

type Positions = ArrayLike<Position>

const nothing: Positions = []

/** The first positions of a range that are not in a list. */
function allBut(list: Positions, { from, to, limit }: Stretch): Position[] {
  const found: Position[] = []
  const step = from <= to ? 1 : -1
  let at = step > 0 ? firstFrom(list, from) : firstFrom(list, from + 1) - 1
  for (let position = from; found.length < limit && (to - position) * step >= 0; position += step) {
    if (list[at] === position) at += step
    else found.push(position)
  }
  return found
}

/** An item with streams, categories or types finds a reserved event only if it names it. */
function namesEvents({ streams, categories, types }: QueryItem): boolean {
  return streams !== undefined || categories !== undefined || types !== undefined
}

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

interface Search {
  readonly low: Position
  readonly high: Position
  readonly ascending: boolean
  readonly limit: number
  readonly isHidden: (position: Position) => boolean
}

/** For each list of the field with the fewest events: its positions that are in all other fields too. */
function itemMatches(fields: readonly Positions[][], { low, high, ascending, limit, isHidden }: Search): Position[][] {
  const rarest = fields.reduce((best, lists) => (size(lists) < size(best) ? lists : best))
  const others = fields.filter((lists) => lists !== rarest)
  return rarest.map((list) => {
    const found: Position[] = []
    const step = ascending ? 1 : -1
    let at = ascending ? firstFrom(list, low) : firstFrom(list, high + 1) - 1
    for (; at >= 0 && at < list.length && found.length < limit; at += step) {
      const position = list[at]!
      if (position < low || position > high) break
      const matches = others.every((lists) => lists.some((list) => has(list, position)))
      if (matches && !isHidden(position)) found.push(position)
    }
    return found
  })
}

function size(lists: readonly Positions[]): number {
  return lists.reduce((sum, { length }) => sum + length, 0)
}

function has(list: Positions, position: Position): boolean {
  return list[firstFrom(list, position)] === position
}

/** Looks at the first use, and only once. */
function once<Value>(look: () => Value): () => Value {
  let value: Value | undefined
  return () => {
    value ??= look()
    return value
  }
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
