// Replays: a large part of a log in long stretches, as bytes. While one stretch is folded, the next one is on its way.
import type { ReplayBatch, ReplayOptions, StreamName } from 'indelible'
import { copyOf, replayBatch, replayRange, streamIdOf } from 'indelible/adapter'
import { readsColumns } from 'indelible/columns'
import { toStoreError } from '../faults.ts'
import * as limits from '../limits.ts'
import { type LogReader, readLog } from '../reader.ts'
import { type ColumnsLog, keptColumns, madeColumns } from './columns.ts'
import { CopiedRows, copiedColumns } from './copied-rows.ts'

export interface LogReplayer extends LogReader, ColumnsLog {}

/** Implements `EventStore.replay`. */
export async function* replayLog(
  log: LogReplayer,
  types: readonly string[],
  options: ReplayOptions,
): AsyncGenerator<ReplayBatch> {
  log.assertOpen()
  const { asked, from, to } = replayRange(types, options, Number.MAX_SAFE_INTEGER)
  try {
    const { head, kinds, events } = await measured(log, [...asked.keys()])
    const high = Math.min(to, head)
    let through = from - 1
    if (from <= high && events > 0) {
      const batches =
        events < limits.replayShareMin * head
          ? few(log, asked, { from, to: high })
          : many(
              log,
              { asked, kinds, isLarge: readsColumns && events >= limits.columnsShareMin * head },
              { from, to: high, head },
            )
      for await (const batch of batches) {
        log.assertOpen()
        through = batch.through
        yield batch
      }
    }
    if (through < high || from > high) yield replayBatch([], { asked, through: Math.max(through, high), again: copyOf })
  } catch (error) {
    log.assertOpen()
    throw toStoreError(error)
  }
}

interface Range {
  readonly from: number
  readonly to: number
}

/** How far the log reaches, and what it has of these types. */
async function measured(
  { query, schema, log, kinds }: LogReplayer,
  types: readonly string[],
): Promise<{ head: number; kinds: ReadonlyMap<number, string>; events: number }> {
  const rows = await query(
    `SELECT l.head, k.id, k.type, k.events FROM ${schema}.logs l LEFT JOIN ${schema}.kinds k ON k.log = l.id AND k.type = ANY ($2) WHERE l.id = $1`,
    [log, types],
  )
  const head = Number(rows[0]![0])
  const found = rows.filter(([, id]) => id !== null)
  await kinds.recognise(found.map(([, id]) => Number(id)))
  return {
    head,
    kinds: new Map(found.map(([, id, type]) => [Number(id), type!])),
    events: found.reduce((sum, [, , , events]) => sum + Number(events), 0),
  }
}

/** By the index of kinds: for types that are rare in this log. */
async function* few(log: LogReplayer, asked: ReadonlyMap<string, number>, range: Range): AsyncGenerator<ReplayBatch> {
  for await (const { events, through } of readLog(log, [{ types: [...asked.keys()] }], { ...range, reserved: true }))
    yield replayBatch(events, { asked, through, again: copyOf })
}

interface Wanted {
  readonly asked: ReadonlyMap<string, number>
  readonly kinds: ReadonlyMap<number, string>
  /** They are so large a part of the log that columns are worth making. */
  readonly isLarge: boolean
}

/** Everything in the order of the log, without what was not asked for: by columns where there are some, or can be. */
async function* many(log: LogReplayer, wanted: Wanted, { from, to, head }: Range & { readonly head: number }) {
  const { asked, isLarge } = wanted
  const { stretchEvents } = log
  /** Columns of a stretch, on their way. */
  const load = (stretch: number) => {
    const columns =
      (stretch + 1) * stretchEvents <= Math.min(head, to + stretchEvents) ? keptColumns(log, stretch) : undefined
    // Nobody waits for them yet.
    columns?.catch(() => {})
    return columns
  }
  let ahead = load(Math.floor((from - 1) / stretchEvents))
  for (let at = from; at <= to; ) {
    const stretch = Math.floor((at - 1) / stretchEvents)
    const [first, last] = [stretch * stretchEvents + 1, (stretch + 1) * stretchEvents]
    const range = { from: at, to: Math.min(to, last) }
    let columns = await ahead
    if (columns === undefined && isLarge && at === first && last <= to)
      columns = await madeColumns(log, stretch, (all) => pieces(log, undefined, all))
    ahead = last < to ? load(stretch + 1) : undefined
    if (columns === undefined || columns === 'unsuited')
      for await (const { rows, through } of pieces(log, wanted.kinds, range))
        yield await batchOf(log, wanted, { rows, through })
    else {
      const batch = await columns.batch(asked, range)
      if (batch) yield batch
    }
    at = range.to + 1
  }
}

interface Piece {
  readonly rows: CopiedRows
  readonly through: number
}

/** The rows of some kinds, or of all, in pieces. While one is used, the next one is on its way. */
async function* pieces(
  log: LogReplayer,
  kinds: ReadonlyMap<number, string> | undefined,
  { from, to }: Range,
): AsyncGenerator<Piece> {
  let count = limits.replayedRowsFirst
  const copied = (start: number) => {
    const end = Math.min(to, start + count - 1)
    const rows = copyRows(log, kinds, { from: start, to: end })
    // Nobody waits for it yet.
    rows.catch(() => {})
    return { rows, start, end }
  }
  let next: ReturnType<typeof copied> | undefined = copied(from)
  while (next) {
    const { rows, start, end }: ReturnType<typeof copied> = next
    try {
      const there = await rows
      count = Math.ceil(
        Math.min(limits.replayedRowsMax, 4 * count, (limits.replayedBytesAim / (there.size + 1)) * (end - start + 1)),
      )
      next = end < to ? copied(end + 1) : undefined
      yield { rows: there, through: end }
    } catch (error) {
      if (!(error instanceof CopiedRows.TooMuch)) throw error
      count = Math.ceil(count / 8)
      next = copied(start)
    }
  }
}

async function copyRows(
  { database, schema, log }: LogReplayer,
  kinds: ReadonlyMap<number, string> | undefined,
  { from, to }: Range,
): Promise<CopiedRows> {
  const rows = new CopiedRows(1024 * 1024)
  // COPY takes no parameters; all of these are numbers.
  const ofKind = kinds ? `AND kind = ANY ('{${[...kinds.keys()].join()}}')` : ''
  const sql = `COPY (SELECT ${copiedColumns} FROM ${schema}.events WHERE log = ${log} AND position BETWEEN ${from} AND ${to}
    ${ofKind} ORDER BY position) TO STDOUT (FORMAT binary)`
  await database.copyOut(sql, rows.add)
  return rows
}

async function batchOf(
  { names }: LogReplayer,
  { asked, kinds }: Wanted,
  { rows, through }: Piece,
): Promise<ReplayBatch> {
  const { length } = rows
  const types = new Uint16Array(length)
  const streams = new Uint32Array(length)
  const numbers = new Map<number, number>()
  const schemaVersions = new Set<number>()
  for (let row = 0; row < length; row++) {
    types[row] = asked.get(kinds.get(rows.kind(row))!)!
    const stream = rows.streamNumber(row)
    const known = numbers.get(stream)
    streams[row] = known ?? numbers.size
    if (known === undefined) numbers.set(stream, numbers.size)
    schemaVersions.add(rows.schemaVersion(row))
  }
  const named = await names.of(new Set(numbers.keys()))
  const inOrder: StreamName[] = [...numbers.keys()].map((number) => named.get(number)!)
  const [schemaVersion] = schemaVersions
  return {
    length,
    types,
    streams,
    streamCount: inOrder.length,
    streamId: (stream) => streamIdOf(inOrder[stream]!),
    event: (row) => rows.event(row, { stream: inOrder[streams[row]!]!, type: kinds.get(rows.kind(row))! }),
    through,
    ...(schemaVersions.size === 1 && { schemaVersion: schemaVersion! }),
  }
}
