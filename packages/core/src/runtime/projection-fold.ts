// Folds a batch of events into row changes in memory, so that the database sees one read and one write for the whole batch.
import { IndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import { deepFreeze } from '../kernel/freeze.ts'
import type { Projection } from '../kernel/projections.ts'
import { keyText, type Row } from '../kernel/tables.ts'
import { keptKey, keptRow } from '../store/rows.ts'
import { type PureCall, trusted } from './purity.ts'

/** What a batch did: whole rows to write, keys to remove, and where a handler failed, if one did. */
export interface Folded {
  readonly upserts: readonly Row[]
  readonly removals: readonly Row[]
  /** The events before it are in the changes, it and those after are not. */
  readonly failure: { readonly event: RecordedEvent; readonly error: unknown } | undefined
}

/** `load` gives the rows with these keys as they are in the table. */
export async function foldBatch(
  projection: Projection,
  events: readonly RecordedEvent[],
  { load, call }: { load: (keys: readonly Row[]) => Promise<readonly Row[]>; call: PureCall },
): Promise<Folded> {
  const { table } = projection
  const textOf = (row: Row) => keyText(table.key, row)
  const concerned = new Map<string, Row>()
  const rows = new Map<string, Row>()
  const changed = new Map<string, { key: Row; row: Row | null }>()

  const keys: Row[] = []
  for (const event of events) {
    // A key that cannot be made is the handler's failure too: it is found again, and reported, in the fold below.
    const key = attempt(() => keptKey(table, projection.keyOf(event)))
    if ('error' in key) break
    keys.push(key.value)
    concerned.set(textOf(key.value), key.value)
  }
  for (const row of await load([...concerned.values()])) rows.set(textOf(row), row)

  let failure: Folded['failure']
  for (const [index, event] of events.entries()) {
    const result = attempt(() => {
      const key = keys[index] ?? keptKey(table, projection.keyOf(event))
      const at = textOf(key)
      const row = changed.has(at) ? changed.get(at)!.row : rows.get(at)
      const next = applyHandler(projection, event, { key, row: row ?? undefined, call })
      if (next === null) changed.set(at, { key, row: null })
      else if (next !== undefined) changed.set(textOf(next), { key: next, row: next })
    })
    if ('error' in result) {
      failure = { event, error: result.error }
      break
    }
  }
  const changes = [...changed.values()]
  return {
    upserts: changes.map(({ row }) => row).filter((row) => row !== null),
    removals: changes.filter(({ row }) => row === null).map(({ key }) => key),
    failure,
  }
}

function applyHandler(
  { name, table, handlers }: Projection,
  event: RecordedEvent,
  { key, row, call }: { key: Row; row: Row | undefined; call: PureCall },
): Row | null | undefined {
  const handler = handlers[event.type]!
  if (row === undefined && handler.length > 1) {
    throw new IndelibleError(
      'row_missing',
      `${event.type} concerns the row ${JSON.stringify(key)}, which "${name}" does not have.`,
    )
  }
  if (call !== trusted) {
    deepFreeze(event.data)
    deepFreeze(row)
  }
  const next = call(`the handler of ${event.type} in "${name}"`, () => handler(event, row))
  // In the form that every database gives back: a later event of the batch must see what it would see after a reload.
  return next ? keptRow(table, next) : next
}

function attempt<Value>(run: () => Value): { value: Value } | { error: unknown } {
  try {
    return { value: run() }
  } catch (error) {
    return { error }
  }
}
