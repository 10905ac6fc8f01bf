// Reading and following a log in Postgres: a page of events for each statement, which also says how far the log reached at that moment.
import {
  type EventBatch,
  IndelibleError,
  instant,
  type Position,
  position,
  type Query,
  type ReadOptions,
  type RecordedEvent,
  type StreamName,
  type SubscribeOptions,
} from 'indelible'
import { batchEventsMax, checkQuery, jsonContentType, recordedEvent } from 'indelible/adapter'
import { toStoreError } from './faults.ts'
import type { Kinds } from './kinds.ts'
import { streamEventsTogether } from './limits.ts'
import type { Tail } from './tail.ts'
import { queryJson } from './terms.ts'
import type { TextQuery, TextRow } from './text-query.ts'

export interface LogReader {
  readonly query: TextQuery
  readonly schema: string
  readonly log: number
  readonly logId: string
  readonly kinds: Kinds
  readonly assertOpen: () => void
  /** The first events of a stream, read together with those of others that wait. Throws errors of the driver. */
  readonly firstOfStream: (range: StreamRange) => Promise<readonly TextRow[]>
}

export interface StreamRange {
  readonly stream: StreamName
  readonly low: Position
  readonly high: Position
}

/** Reads the first `streamEventsTogether` events of each range. As everywhere, each row begins with the head, and one without an event has the head alone. */
export async function firstOfStreams(
  { query, schema, log }: Pick<LogReader, 'query' | 'schema' | 'log'>,
  ranges: readonly StreamRange[],
): Promise<readonly (readonly TextRow[])[]> {
  const lists = [ranges.map(({ stream }) => stream), ranges.map(({ low }) => low), ranges.map(({ high }) => high)]
  const sql = `SELECT * FROM ${schema}.read_streams($1, $2, $3, $4, $5)`
  const rows = await query(sql, [log, ...lists, streamEventsTogether], { name: `${schema}.read_streams` })
  const headAlone = [rows[0]![0]!, null]
  const found: TextRow[][] = ranges.map(() => [])
  for (const row of rows) if (row.at(-1) !== null) found[Number(row.at(-1)) - 1]!.push(row)
  return found.map((own) => (own.length === 0 ? [headAlone] : own))
}

interface PageOptions {
  readonly low: Position
  readonly high: Position
  readonly limit: number
  readonly direction: 'forwards' | 'backwards'
  readonly reserved: boolean
}

interface Page {
  readonly events: readonly RecordedEvent[]
  readonly head: Position
}

/** Implements `EventStore.read`. */
export async function* readLog(reader: LogReader, query: Query, options: ReadOptions = {}): AsyncGenerator<EventBatch> {
  reader.assertOpen()
  const { direction = 'forwards', limit = Number.POSITIVE_INFINITY, reserved = false } = options
  checkQuery(query)
  if (limit < 0 || Number.isNaN(limit)) throw new IndelibleError('invalid_position', 'A limit is a number from 0 on.')
  let low = Math.max(1, position(options.from ?? 1))
  let high = position(options.to ?? Number.MAX_SAFE_INTEGER)
  let remaining = limit
  const forwards = direction === 'forwards'
  // Most streams are short: then this is all.
  const stream = forwards ? onlyStream(query) : undefined
  let count = Math.min(remaining, stream === undefined ? batchEventsMax : streamEventsTogether)
  for (let isFirst = true; remaining > 0 && low <= high; isFirst = false, count = Math.min(remaining, batchEventsMax)) {
    const { events, head } =
      isFirst && stream !== undefined
        ? await shortStream(reader, { stream, low, high }, count)
        : await page(reader, query, { low, high, limit: count, direction, reserved })
    // What is appended meanwhile belongs to no part of this reading.
    high = Math.min(high, head)
    const isLast = events.length < count
    const through = isLast ? (forwards ? high : low) : events.at(-1)!.position
    if (events.length > 0) yield { events, through }
    if (isLast) return
    remaining -= events.length
    if (forwards) low = through + 1
    else high = through - 1
  }
}

/** Implements `EventStore.subscribe`. Never waits while there is a backlog: what the tail does not have any more is read. */
export async function* followLog(
  reader: LogReader,
  tail: Tail,
  query: Query,
  options: SubscribeOptions,
): AsyncGenerator<EventBatch> {
  reader.assertOpen()
  const { after, signal, reserved = false } = options
  checkQuery(query)
  let done = position(after)
  const leave = tail.join()
  try {
    while (!signal.aborted) {
      const found = tail.find(query, done, reserved)
      if (!found) {
        const range = { low: done + 1, high: Number.MAX_SAFE_INTEGER, limit: batchEventsMax }
        const { events, head } = await page(reader, query, { ...range, direction: 'forwards', reserved })
        if (signal.aborted) return
        const isLast = events.length < batchEventsMax
        if (isLast) tail.begin(head)
        if (head <= done) continue
        done = isLast ? head : events.at(-1)!.position
        yield { events, through: done }
      } else if (found.through > done) {
        done = found.through
        yield found
      } else {
        await tail.waitBeyond(done, signal)
      }
    }
  } finally {
    leave()
  }
}

/** All events after a position up to another one, or the first of them. */
export async function readOn(reader: LogReader, after: Position, high: Position): Promise<readonly RecordedEvent[]> {
  const range = { low: after + 1, high, limit: batchEventsMax }
  return (await page(reader, 'all', { ...range, direction: 'forwards', reserved: true })).events
}

async function shortStream(reader: LogReader, range: StreamRange, count: number): Promise<Page> {
  return await asPage(reader, async () => (await reader.firstOfStream(range)).slice(0, count))
}

async function page(
  reader: LogReader,
  query: Query,
  { low, high, limit, direction, reserved }: PageOptions,
): Promise<Page> {
  const { schema, log, logId } = reader
  const stream = onlyStream(query)
  const [name, parameters] =
    query === 'all'
      ? (['read_all', [reserved]] as const)
      : stream !== undefined
        ? (['read_stream', [stream]] as const)
        : (['read_query', [queryJson(logId, query), reserved]] as const)
  const values = [log, ...parameters, low, high, limit]
  const places = values.map((_, index) => `$${index + 1}`).join(', ')
  const sql = `SELECT * FROM ${schema}.${name}_${direction}(${places})`
  return await asPage(reader, () => reader.query(sql, values, { name: `${schema}.${name}_${direction}` }))
}

async function asPage(reader: LogReader, read: () => Promise<readonly TextRow[]>): Promise<Page> {
  reader.assertOpen()
  try {
    const rows = await read()
    const head = Number(rows[0]![0])
    const found = rows.filter(([, position]) => position !== null)
    await reader.kinds.recognise(found.map(([, , , , kind]) => Number(kind)))
    return { events: found.map((row) => eventOf(reader, row)), head }
  } catch (error) {
    reader.assertOpen()
    throw toStoreError(error)
  }
}

/** The stream of a query for one stream and nothing else. */
function onlyStream(query: Query): StreamName | undefined {
  if (query === 'all' || query.length !== 1) return undefined
  const { streams, categories, types, tags, correlationIds } = query[0]!
  return categories || types || tags || correlationIds || streams?.length !== 1 ? undefined : streams[0]
}

function eventOf({ kinds }: LogReader, row: TextRow): RecordedEvent {
  const [, position, stream, version, kind, schemaVersion, id, recordedMs, contentType, validAt, tags, metadata, data] =
    row
  return recordedEvent({
    id: id!,
    stream: stream as StreamName,
    version: Number(version),
    position: Number(position),
    type: kinds.typeOf(Number(kind)),
    schemaVersion: Number(schemaVersion),
    contentType: contentType ?? jsonContentType,
    dataBytes: bytesOf(data!),
    metadataBytes: bytesOf(metadata!),
    tags: tags === null ? [] : JSON.parse(tags!),
    recordedAt: instant(Number(recordedMs)),
    validAt: validAt ?? undefined,
  })
}

/** From the hexadecimal form (https://www.postgresql.org/docs/current/datatype-binary.html), which is the default of Postgres. */
function bytesOf(text: string): Uint8Array {
  if (text.startsWith('\\x')) return new Uint8Array(Buffer.from(text.slice(2), 'hex'))
  throw new IndelibleError(
    'config_invalid',
    'The event log needs "bytea_output = hex", which is the default of Postgres, and this database has another setting.',
  )
}
