// An event as JSON from which its leaf can be made again: data and metadata stand in it as the text that was recorded, byte for byte.
import { IndelibleError } from '../kernel/errors.ts'
import { type RecordedEvent, recordedEvent } from '../kernel/events.ts'
import { isUuid } from '../kernel/ids.ts'
import { nameBytesMax } from '../kernel/limits.ts'
import { isSchemaVersion } from '../kernel/schemas.ts'
import { checkedStreamName } from '../kernel/streams.ts'
import { fromUtf8, utf8, utf8Length } from '../kernel/text.ts'
import { epochMs, instant } from '../kernel/time.ts'
import { decodedBase64 } from './base64.ts'
import { base64 } from './proof-text.ts'

/** The members stand in this order. */
export interface ExactEvent {
  readonly position: number
  readonly stream: string
  readonly version: number
  readonly type: string
  readonly schemaVersion: number
  readonly recordedAt: string
  readonly validAt?: string
  readonly tags: readonly string[]
  readonly contentType: string
  /** The data as the text that was recorded; `dataBase64` in its place where the bytes are no UTF-8. */
  readonly data?: string
  readonly dataBase64?: string
  /** The metadata as the text that was recorded, empty where there was none. */
  readonly metadata: string
  readonly id: string
}

export function exactEvent(event: RecordedEvent): ExactEvent {
  const { position, stream, version, type, schemaVersion, recordedAt, validAt, tags, contentType, id } = event
  return {
    position,
    stream,
    version,
    type,
    schemaVersion,
    recordedAt,
    ...(validAt === undefined ? {} : { validAt }),
    tags,
    contentType,
    ...exactData(event.dataBytes),
    metadata: fromUtf8(event.metadataBytes),
    id,
  }
}

/** The event of its exact form. Throws `proof_invalid`. */
export function eventOfExact(json: unknown): RecordedEvent {
  try {
    return checkedEvent(json as ExactEvent)
  } catch (cause) {
    throw new IndelibleError('proof_invalid', 'This is not an event in its exact form (docs/evidence.md).', { cause })
  }
}

function exactData(bytes: Uint8Array): Pick<ExactEvent, 'data'> | Pick<ExactEvent, 'dataBase64'> {
  try {
    return { data: fromUtf8(bytes) }
  } catch {
    return { dataBase64: base64(bytes) }
  }
}

/** Within what a leaf can have. */
function checkedEvent({ data, dataBase64, metadata, ...fields }: ExactEvent): RecordedEvent {
  const { id, stream, recordedAt, validAt, tags, type, contentType, position, version, schemaVersion } = fields
  const dataBytes = dataBase64 === undefined ? utf8(text(data)) : decodedBase64(dataBase64)
  const areNumbers = [position, version].every((each) => Number.isSafeInteger(each) && each > 0 && each < 2 ** 48)
  const areNames = [type, contentType, ...list(tags)].every((each) => utf8Length(text(each)) <= nameBytesMax)
  const isTime = epochMs(recordedAt) >= 0 && instant(epochMs(recordedAt)) === recordedAt
  if (validAt !== undefined) epochMs(validAt)
  if (!dataBytes || !areNumbers || !areNames || !isTime || !isSchemaVersion(schemaVersion) || !isUuid(id))
    throw new TypeError('a wrong member')
  const payload = { dataBytes, metadataBytes: utf8(text(metadata)) }
  const event = recordedEvent({ ...fields, ...payload, stream: checkedStreamName(stream) })
  // Readers parse both, which throws where they are not the JSON that they should be.
  if (event.data === undefined || Object(event.metadata) !== event.metadata) throw new TypeError('not JSON')
  return event
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new TypeError('not a list')
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw new TypeError('not a text')
}
