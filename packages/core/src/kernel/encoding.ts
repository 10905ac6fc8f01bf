// The one gate into any store: checks a new event against the rules and turns its payload into the bytes that will be kept.
import { IndelibleError } from './errors.ts'
import { isJson, jsonContentType, type NewEvent } from './events.ts'
import { isUuid } from './ids.ts'
import { eventBytesMax, nameBytesMax, tagsMax } from './limits.ts'
import { checkedStreamName, type StreamName } from './streams.ts'
import { fromUtf8, utf8, utf8Length } from './text.ts'
import { epochMs, type ValidTime } from './time.ts'

/** A new event that passed every check; only id, version, position and time of recording are still open. */
export interface EncodedEvent {
  readonly id: string | undefined
  readonly stream: StreamName
  readonly type: string
  readonly schemaVersion: number
  readonly contentType: string
  readonly dataBytes: Uint8Array
  readonly metadataBytes: Uint8Array
  readonly tags: readonly string[]
  readonly validAt: ValidTime | undefined
}

const none = new Uint8Array(0)

/** Throws `invalid_event`, `invalid_stream_name` or `invalid_time`. */
export function encodeEvent(event: NewEvent): EncodedEvent {
  const stream = checkedStreamName(event.stream)
  const { id, type, schemaVersion = 1, tags = [], validAt } = event
  const fail = (problem: string, cause?: unknown) =>
    new IndelibleError('invalid_event', `Event "${type}" for ${stream}: ${problem}`, {
      details: { stream, type },
      cause,
    })

  if (id !== undefined && !isUuid(id)) throw fail(`its id "${id}" is not a lower-case UUID.`)
  if (!isName(type)) throw fail(`its type must have 1 to ${nameBytesMax} bytes.`)
  if (!Number.isInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > 0xffff) {
    throw fail('its schema version must be a whole number from 1 to 65535.')
  }
  if (tags.length > tagsMax) throw fail(`it has ${tags.length} tags, more than ${tagsMax}.`)
  for (const tag of tags) if (!isName(tag)) throw fail(`each tag must have 1 to ${nameBytesMax} bytes.`)
  if (validAt !== undefined) epochMs(validAt)

  const contentType =
    event.contentType ?? (event.data instanceof Uint8Array ? 'application/octet-stream' : jsonContentType)
  if (!isName(contentType)) throw fail(`its content type must have 1 to ${nameBytesMax} bytes.`)
  const dataBytes = encodeData(event.data, contentType, fail)
  const metadataBytes = encodeMetadata(event.metadata, fail)
  if (dataBytes.length > eventBytesMax)
    throw fail(`its data has ${dataBytes.length} bytes, more than ${eventBytesMax}.`)
  if (metadataBytes.length > eventBytesMax) throw fail(`its metadata has more than ${eventBytesMax} bytes.`)
  return { id, stream, type, schemaVersion, contentType, dataBytes, metadataBytes, tags: [...tags], validAt }
}

type Fail = (problem: string, cause?: unknown) => IndelibleError

function encodeData(data: unknown, contentType: string, fail: Fail): Uint8Array {
  if (data instanceof Uint8Array) {
    if (isJson(contentType)) parsed(data, 'its data', fail)
    return data.slice()
  }
  if (!isJson(contentType)) throw fail(`data of type ${contentType} must be given as a Uint8Array.`)
  return stringified(data, 'its data', fail)
}

function encodeMetadata(metadata: NewEvent['metadata'], fail: Fail): Uint8Array {
  if (metadata === undefined) return none
  const bytes = metadata instanceof Uint8Array ? metadata.slice() : stringified(metadata, 'its metadata', fail)
  const value = metadata instanceof Uint8Array ? parsed(bytes, 'its metadata', fail) : metadata
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fail('its metadata must be a JSON object.')
  return bytes
}

function stringified(value: unknown, what: string, fail: Fail): Uint8Array {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw fail(`${what} cannot be written as JSON.`, cause)
  }
  if (text === undefined) throw fail(`${what} must be a JSON value; it is ${typeof value}.`)
  return utf8(text)
}

function parsed(bytes: Uint8Array, what: string, fail: Fail): unknown {
  try {
    return JSON.parse(fromUtf8(bytes))
  } catch (cause) {
    throw fail(`${what} is not JSON in UTF-8.`, cause)
  }
}

/** Half of a surrogate pair has no UTF-8 and would come back as another text. */
function isName(text: unknown): text is string {
  if (typeof text !== 'string' || text === '' || text.length > nameBytesMax || !text.isWellFormed()) return false
  // A UTF-16 unit takes at most three bytes, so a short name need not be encoded to be measured.
  return 3 * text.length <= nameBytesMax || utf8Length(text) <= nameBytesMax
}
