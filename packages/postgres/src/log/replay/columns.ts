// Replay columns of whole stretches of the log: made by the first replay that reads all of one, kept in the database, and folded from then on.
import { crc32 } from 'node:zlib'
import type { Position, RecordedEvent } from 'indelible'
import { recordedEvent } from 'indelible/adapter'
import {
  ColumnsBuilder,
  type ColumnsInMemory,
  type ColumnsInput,
  type ColumnsOwner,
  columnsInMemory,
  type LoggedEvent,
} from 'indelible/columns'
import type { LogDatabase } from '../database.ts'
import type { Kinds } from '../kinds.ts'
import { stretchBytesMax, stretchPayloadsMax } from '../limits.ts'
import { type CopiedRows, copyHeaderBytes } from './copied-rows.ts'
import { EventSum } from './event-sum.ts'
import { Payloads } from './payloads.ts'
import type { StreamNames } from './stream-names.ts'

export interface ColumnsLog {
  readonly database: LogDatabase
  readonly schema: string
  readonly log: number
  readonly logId: string
  readonly kinds: Kinds
  readonly names: StreamNames
  /** The positions of a stretch. */
  readonly stretchEvents: number
}

/** Reads all rows of a range, in pieces, in the order of the log. */
type ReadRows = (range: {
  readonly from: Position
  readonly to: Position
}) => AsyncIterable<{ readonly rows: CopiedRows }>

/** The columns of a stretch that were kept; `unsuited` where its events cannot have any. Throws errors of the driver. */
export async function keptColumns(of: ColumnsLog, stretch: number): Promise<ColumnsInMemory | 'unsuited' | undefined> {
  const { database, schema, log, stretchEvents } = of
  const end = (stretch + 1) * stretchEvents
  // COPY takes no parameters; all of these are numbers.
  const fields = await copiedFields(
    database,
    `COPY (SELECT c.columns, c.payloads, c.checksum, e.id::text FROM ${schema}.columns c JOIN ${schema}.events e ON e.log = c.log AND e.position = ${end}
     WHERE c.log = ${log} AND c.stretch = ${stretch}) TO STDOUT (FORMAT binary)`,
  )
  if (!fields) return undefined
  const [columns, payloads, checksum, lastId] = fields
  if (!columns || !payloads) return 'unsuited'
  // Whatever is damaged counts as missing.
  if (checksum?.readBigInt64BE() !== BigInt(checksumOf(columns, payloads))) return undefined
  return await opened(columns, payloads, ownerOf(of, stretch, lastId!.toString()))
}

/** Makes and keeps the columns of a stretch, as far as its events are suited to them. Throws errors of the driver. */
export async function madeColumns(
  of: ColumnsLog,
  stretch: number,
  read: ReadRows,
): Promise<ColumnsInMemory | 'unsuited'> {
  const { database, schema, log, stretchEvents } = of
  const range = { from: stretch * stretchEvents + 1, to: (stretch + 1) * stretchEvents }
  const made = await build(of, stretch, read(range))
  const values = made ? [made.columns, made.payloads, checksumOf(made.columns, made.payloads)] : [null, null, null]
  const keep = `SELECT ${schema}.keep_columns($1, $2, $3, $4, $5)`
  // A standby keeps nothing, and a role that may only read neither. What was made is good all the same.
  await database.query(keep, [log, stretch, ...values]).catch(() => {})
  return made?.opened ?? 'unsuited'
}

interface Made {
  readonly columns: Buffer
  readonly payloads: Buffer
  readonly opened: ColumnsInMemory
}

/** Nothing where the events are not suited. */
async function build(of: ColumnsLog, stretch: number, pieces: ReturnType<ReadRows>): Promise<Made | undefined> {
  const { logId, stretchEvents, kinds, names } = of
  const builder = new ColumnsBuilder({ segment: stretch, logId, firstPosition: stretch * stretchEvents + 1 })
  const payloads = new Payloads()
  const sum = new EventSum()
  let bytes = 0
  let index = 0
  let lastId = ''
  for await (const { rows } of pieces) {
    bytes += rows.size
    if (bytes > stretchBytesMax) return undefined
    const numbers = new Set<number>()
    for (let row = 0; row < rows.length; row++) numbers.add(rows.streamNumber(row))
    await kinds.recognise(new Set(Array.from({ length: rows.length }, (_, row) => rows.kind(row))))
    const streams = await names.of(numbers)
    for (let row = 0; row < rows.length; row++, index++) {
      const stream = streams.get(rows.streamNumber(row))!
      const event = rows.event(row, { stream, type: kinds.typeOf(rows.kind(row)) })
      builder.push(inputOf(event, rows, row))
      payloads.add(index, event)
      if (payloads.bytes > stretchPayloadsMax) return undefined
      sum.add(event, event)
      lastId = event.id
    }
  }
  const owner = ownerOf(of, stretch, lastId)
  const columns = Buffer.concat([...builder.finish(owner)])
  const kept = payloads.encoded()
  const made = await opened(columns, kept, owner)
  return made && (await sumOfColumns(made, payloads, owner)) === sum.value
    ? { columns, payloads: kept, opened: made }
    : undefined
}

function inputOf(event: RecordedEvent, rows: CopiedRows, row: number): ColumnsInput {
  const writeId = (into: Uint8Array, at: number) => rows.writeId(row, into, at)
  return Object.assign(event, { recordedAtMs: rows.recordedAtMs(row), writeId })
}

/** The sum of the events as they are in the columns. */
async function sumOfColumns(
  made: ColumnsInMemory,
  payloads: Payloads,
  { firstPosition, events }: ColumnsOwner,
): Promise<number> {
  const asked = new Map(made.types.map((type, number) => [type, number]))
  const batch = await made.batch(asked, { from: firstPosition, to: firstPosition + events - 1 })
  const sum = new EventSum()
  for (let index = 0; index < (batch?.length ?? 0); index++) {
    const event = batch!.event(index)
    sum.add(event, payloads.partsOf(index, event))
  }
  return sum.value
}

async function opened(columns: Buffer, kept: Buffer, owner: ColumnsOwner): Promise<ColumnsInMemory | undefined> {
  const payloads = new Payloads(kept)
  const logged = (event: LoggedEvent): LoggedEvent => {
    const { id, stream, version, position, type, schemaVersion, contentType, recordedAt, recordedAtMs, validAt } = event
    const bytes = payloads.of(position - owner.firstPosition, event)
    const envelope = { id, stream, version, position, type, schemaVersion, contentType, recordedAt, validAt }
    return Object.assign(recordedEvent({ ...envelope, ...bytes, tags: event.tags }), { recordedAtMs })
  }
  return await columnsInMemory(columns, owner, logged)
}

function ownerOf({ logId, stretchEvents }: ColumnsLog, stretch: number, lastId: string): ColumnsOwner {
  const firstPosition = stretch * stretchEvents + 1
  return { segment: stretch, logId, firstPosition, events: stretchEvents, lastRecordCrc: crc32(lastId) }
}

function checksumOf(columns: Buffer, payloads: Buffer): number {
  return crc32(payloads, crc32(columns))
}

/** The fields of the only row, copied. Nothing without a row. */
async function copiedFields(database: LogDatabase, sql: string): Promise<readonly (Buffer | null)[] | undefined> {
  let fields: (Buffer | null)[] | undefined
  let isFirst = true
  await database.copyOut(sql, (chunk) => {
    let at = isFirst ? copyHeaderBytes : 0
    isFirst = false
    const count = chunk.readInt16BE(at)
    if (count === -1) return
    at += 2
    fields = Array.from({ length: count }, () => {
      const length = chunk.readInt32BE(at)
      at += 4
      if (length < 0) return null
      at += length
      return Buffer.from(chunk.subarray(at - length, at))
    })
  })
  return fields
}
