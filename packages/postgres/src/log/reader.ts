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
import { queryJson } from './terms.ts'
import type { TextQuery, TextRow } from './text-query.ts'

export interface LogReader {
  readonly query: TextQuery
  readonly schema: string
  readonly log: number
  readonly logId: string
  readonly kinds: Kinds
  readonly assertOpen: () => void
  /** Learns the head of the log whenever the database says it. */
  readonly reached: (head: Position) => void
  /** Resolves once the head is known to be above a position, or the signal aborts. Throws `store_closed`. */
  readonly waitBeyond: (above: Position, signal: AbortSignal) => Promise<void>
  /** Until it is called back, somebody waits for the head to move. */
  readonly watch: () => () => void
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
  while (remaining > 0 && low <= high) {
    const count = Math.min(remaining, batchEventsMax)
    const { events, head } = await page(reader, query, { low, high, limit: count, direction, reserved })
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

/** Implements `EventStore.subscribe`. Never waits while there is a backlog. */
export async function* followLog(
  reader: LogReader,
  query: Query,
  options: SubscribeOptions,
): AsyncGenerator<EventBatch> {
  reader.assertOpen()
  const { after, signal, reserved = false } = options
  checkQuery(query)
  let done = position(after)
  const rest = reader.watch()
  try {
    while (!signal.aborted) {
      const low = done + 1
      const limits = {
        low,
        high: Number.MAX_SAFE_INTEGER,
        limit: batchEventsMax,
        direction: 'forwards',
        reserved,
      } as const
      const { events, head } = await page(reader, query, limits)
      if (signal.aborted) return
      if (head > done) {
        done = events.length < batchEventsMax ? head : events.at(-1)!.position
        yield { events, through: done }
      }
      if (events.length < batchEventsMax) await reader.waitBeyond(done, signal)
    }
  } finally {
    rest()
  }
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
  reader.assertOpen()
  const sql = `SELECT * FROM ${schema}.${name}_${direction}(${places})`
  try {
    const rows = await reader.query(sql, values, { name: `${schema}.${name}_${direction}` })
    const head = Number(rows[0]![0])
    reader.reached(head)
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
