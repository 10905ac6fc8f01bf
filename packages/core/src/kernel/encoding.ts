// The one way into each store: checks a new event, and encodes its payload into the bytes that are stored.
import { IndelibleError } from './errors.ts'
import { correlationIdOf, type EventMetadata, isJson, jsonContentType, type NewEvent } from './events.ts'
import { isUuid } from './ids.ts'
import { eventBytesMax, nameBytesMax, schemaVersionMax, tagsMax } from './limits.ts'
import { isSchemaVersion } from './schemas.ts'
import { checkedStreamName, type StreamName } from './streams.ts'
import { fromUtf8, utf8Length } from './text.ts'
import { epochMs, type ValidTime } from './time.ts'

/** Data or metadata to store: bytes, or text that is encoded as UTF-8 only when it is written. */
export type Payload = Uint8Array | string

/** A new event that passed all checks. Only id, version, position and time of recording are missing. */
export interface EncodedEvent {
  readonly id: string | undefined
  readonly stream: StreamName
  readonly type: string
  readonly schemaVersion: number
  readonly contentType: string
  readonly data: Payload
  /** Empty if there is none. */
  readonly metadata: Payload
  /** From the metadata, for queries. */
  readonly correlationId: string | undefined
  readonly tags: readonly string[]
  readonly validAt: ValidTime | undefined
}

const noTags: readonly string[] = []
const binaryContentType = 'application/octet-stream'

/** Throws `invalid_event`, `invalid_stream_name` or `invalid_time`. */
export function encodeEvent(event: NewEvent): EncodedEvent {
  const stream = checkedStreamName(event.stream)
  const { id, type, schemaVersion = 1, tags = noTags, validAt } = event
  if (id !== undefined && !isUuid(id)) throw invalid(event, `its id "${id}" is not a lower-case UUID.`)
  if (!isName(type)) throw invalid(event, `its type must have 1 to ${nameBytesMax} bytes.`)
  if (!isSchemaVersion(schemaVersion)) {
    throw invalid(event, `its schema version must be a whole number from 1 to ${schemaVersionMax}.`)
  }
  if (tags.length > tagsMax) throw invalid(event, `it has ${tags.length} tags, more than ${tagsMax}.`)
  for (const tag of tags) if (!isName(tag)) throw invalid(event, `each tag must have 1 to ${nameBytesMax} bytes.`)
  if (validAt !== undefined) epochMs(validAt)

  const contentType = event.contentType ?? (event.data instanceof Uint8Array ? binaryContentType : jsonContentType)
  if (!isName(contentType)) throw invalid(event, `its content type must have 1 to ${nameBytesMax} bytes.`)
  const data = encodeData(event, contentType)
  const metadata = encodeMetadata(event)
  const correlationId = metadata === '' ? undefined : correlationIdOf(metadataOf(event, metadata))
  if (isLonger(data, eventBytesMax)) throw invalid(event, `its data has more than ${eventBytesMax} bytes.`)
  if (isLonger(metadata, eventBytesMax)) throw invalid(event, `its metadata has more than ${eventBytesMax} bytes.`)
  const ownTags = tags.length === 0 ? noTags : [...tags]
  return { id, stream, type, schemaVersion, contentType, data, metadata, correlationId, tags: ownTags, validAt }
}

/** Data that are JSON text already. A getter or `toJSON` may return another value each time, so the text that was checked is also the text that is appended. */
class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** For a store with its own encoding. */
  toJSON(): unknown {
    return JSON.parse(this.text)
  }
}

/** Data as their JSON, which nobody checks. */
export function jsonText(text: string): JsonText {
  return new JsonText(text)
}

/** The data of an event in a form that cannot change any more. Throws `invalid_event`. */
export function settledData(event: Pick<NewEvent, 'type' | 'data'>): Uint8Array | JsonText {
  const { data } = event
  if (data instanceof JsonText) return data
  return data instanceof Uint8Array ? copyOf(data) : new JsonText(stringified(event, data, 'its data'))
}

/** The JSON text of settled data; nothing for bytes. */
export function settledText(data: unknown): string | undefined {
  return data instanceof JsonText ? data.text : undefined
}

/** The data of an event as readers will get them: bytes unchanged, everything else as JSON gives it back. Throws `invalid_event`. */
export function dataAsRead(event: Pick<NewEvent, 'type' | 'data'>): unknown {
  const data = settledData(event)
  // In JSON a Date is text, and undefined nothing.
  return data instanceof JsonText ? JSON.parse(data.text) : data
}

/** In bytes. */
export function payloadLength(payload: Payload): number {
  return typeof payload === 'string' ? utf8Length(payload) : payload.length
}

/** A UTF-16 unit takes at most three bytes, so the length of a short text is known without encoding it. */
export function isLonger(payload: Payload, bytes: number): boolean {
  return 3 * payload.length > bytes && payloadLength(payload) > bytes
}

function encodeData(event: NewEvent, contentType: string): Payload {
  const { data } = event
  if (data instanceof Uint8Array) {
    if (isJson(contentType)) parsed(event, data, 'its data')
    return copyOf(data)
  }
  if (!isJson(contentType)) throw invalid(event, `data of type ${contentType} must be given as a Uint8Array.`)
  return data instanceof JsonText ? data.text : stringified(event, data, 'its data')
}

function encodeMetadata(event: NewEvent): Payload {
  const { metadata } = event
  if (metadata === undefined) return ''
  return metadata instanceof Uint8Array ? copyOf(metadata) : stringified(event, metadata, 'its metadata')
}

/** A plain Uint8Array: the `slice` of a Buffer shares the memory of the caller, who could change what is recorded. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

/** The metadata as they are written: JSON may turn an object with a `toJSON` (a Date, a URL) into something that is not an object. */
function metadataOf(event: NewEvent, kept: Payload): EventMetadata {
  const value = isPlainData(event.metadata) ? event.metadata : parsed(event, kept, 'its metadata')
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(event, 'its metadata must be a JSON object.')
  return value as EventMetadata
}

function stringified(event: Described, value: unknown, what: string): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw invalid(event, `${what} cannot be written as JSON.`, cause)
  }
  if (text === undefined) throw invalid(event, `${what} must be a JSON value; it is ${typeof value}.`)
  return text
}

/** Whether JSON writes the metadata and their correlation id unchanged. Usually it does, and then they need not be parsed again. */
function isPlainData(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false
  return !('toJSON' in value) && Object.getOwnPropertyDescriptor(value, 'correlationId')?.get === undefined
}

function parsed(event: NewEvent, payload: Payload, what: string): unknown {
  try {
    return JSON.parse(typeof payload === 'string' ? payload : fromUtf8(payload))
  } catch (cause) {
    throw invalid(event, `${what} is not JSON in UTF-8.`, cause)
  }
}

/** An error that names the event. */
type Described = Pick<NewEvent, 'type'> & { readonly stream?: StreamName }

function invalid({ stream, type }: Described, problem: string, cause?: unknown): IndelibleError {
  const where = stream === undefined ? '' : ` for ${stream}`
  return new IndelibleError('invalid_event', `Event "${type}"${where}: ${problem}`, {
    details: { stream, type },
    cause,
  })
}

/** Half of a surrogate pair cannot be encoded in UTF-8: it would come back as another text. */
function isName(text: unknown): text is string {
  if (typeof text !== 'string' || text === '' || text.length > nameBytesMax || !text.isWellFormed()) return false
  return !isLonger(text, nameBytesMax)
}
