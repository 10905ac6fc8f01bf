// Events before and after they are recorded. Payloads stay the bytes that were given; they are parsed when they are first read.
import { correlationIdBytesMax } from './limits.ts'
import type { Position, Version } from './positions.ts'
import type { RecordedCommand } from './recorded-command.ts'
import { categoryOf, type StreamName, streamIdOf } from './streams.ts'
import { base64, fromBase64, fromUtf8, utf8, utf8Length } from './text.ts'
import type { Instant, ValidTime } from './time.ts'

/** Who and what caused an event. You can add your own keys; values are JSON. */
export interface EventMetadata {
  /** The user, service or saga that asked for it. */
  readonly actor?: string
  /** The command that led to it. */
  readonly commandId?: string
  /** The same for everything that one request caused. */
  readonly correlationId?: string
  /** The id of the event or command that directly led to it. */
  readonly causationId?: string
  /** W3C Trace Context (https://www.w3.org/TR/trace-context/#traceparent-header). */
  readonly traceparent?: string
  /** How the command was decided. Only the first event of its commit has it. */
  readonly command?: RecordedCommand
  readonly [key: string]: unknown
}

/** An event to append. */
export interface NewEvent {
  /** A UUID. Without one, the store makes it. */
  readonly id?: string
  readonly stream: StreamName
  /** Past tense: `FundsWithdrawn`. */
  readonly type: string
  /** The version of the schema of `data`; the default is 1. */
  readonly schemaVersion?: number
  /** A JSON value, or bytes (a `Uint8Array`) that are stored unchanged. */
  readonly data: unknown
  /** The media type of `data`. The default is `application/json`, and `application/octet-stream` for bytes. */
  readonly contentType?: string
  /** A JSON object, or the bytes of one. */
  readonly metadata?: EventMetadata | Uint8Array
  /** Terms for queries, for example `owner:ann`. */
  readonly tags?: readonly string[]
  /** When it was true in the world, if that is not the time at which it was recorded. */
  readonly validAt?: ValidTime | undefined
}

/** An event in the log. It never changes: each reader gets its own copy. */
export interface RecordedEvent<Type extends string = string, Data = unknown> {
  readonly id: string
  readonly stream: StreamName
  readonly category: string
  readonly streamId: string
  readonly version: Version
  readonly position: Position
  readonly type: Type
  readonly schemaVersion: number
  readonly contentType: string
  /** The parsed JSON, or the bytes if the content type is not JSON. */
  readonly data: Data
  readonly dataBytes: Uint8Array
  readonly metadata: EventMetadata
  readonly metadataBytes: Uint8Array
  readonly tags: readonly string[]
  /** Set by the store at the append. Along the log it never decreases. */
  readonly recordedAt: Instant
  readonly validAt?: ValidTime | undefined
}

/** The fields of a recorded event as a store has them. */
export interface StoredFields {
  readonly id: string
  readonly stream: StreamName
  readonly version: Version
  readonly position: Position
  readonly type: string
  readonly schemaVersion: number
  readonly contentType: string
  readonly dataBytes: Uint8Array
  readonly metadataBytes: Uint8Array
  readonly tags: readonly string[]
  readonly recordedAt: Instant
  readonly validAt?: ValidTime | undefined
}

export const jsonContentType = 'application/json'

/** True for `application/json` and every `+json` type (RFC 6839), with or without parameters. */
export function isJson(contentType: string): boolean {
  return contentType === jsonContentType || /^application\/(json|[\w.-]+\+json)\s*(;|$)/i.test(contentType)
}

/** The correlation id of an event for queries, if its metadata has a valid one. */
export function correlationIdOf({ correlationId }: EventMetadata): string | undefined {
  if (typeof correlationId !== 'string' || correlationId === '' || !correlationId.isWellFormed()) return undefined
  // A UTF-16 unit takes at most three bytes.
  const fits = 3 * correlationId.length <= correlationIdBytesMax || utf8Length(correlationId) <= correlationIdBytesMax
  return fits ? correlationId : undefined
}

/** The readable form of an event, as the command line and HTTP print it. Bytes that are not JSON become base64. */
export function eventJson(event: RecordedEvent): Record<string, unknown> {
  const { id, stream, version, position, type, schemaVersion, contentType, tags, recordedAt, validAt, metadata } = event
  const data = isJson(contentType) ? event.data : base64(event.dataBytes)
  return {
    position,
    stream,
    version,
    type,
    schemaVersion,
    data,
    ...(contentType === jsonContentType ? {} : { contentType }),
    metadata,
    tags,
    recordedAt,
    ...(validAt === undefined ? {} : { validAt }),
    id,
  }
}

/** The event of its readable form, as another system sends it. Its JSON may have other white space than it was recorded with. */
export function eventOfJson(json: unknown): RecordedEvent {
  const { contentType = jsonContentType, data, metadata, ...fields } = json as RecordedEvent
  const dataBytes = isJson(contentType) ? utf8(JSON.stringify(data)) : fromBase64(String(data))
  return recordedEvent({ ...fields, contentType, dataBytes, metadataBytes: utf8(JSON.stringify(metadata ?? {})) })
}

/** Makes the event that readers see from its stored fields. The bytes belong to the reader then: do not pass shared ones. */
export function recordedEvent(fields: StoredFields): RecordedEvent {
  return new StoredEvent(fields)
}

class StoredEvent implements RecordedEvent {
  readonly id: string
  readonly stream: StreamName
  readonly version: Version
  readonly position: Position
  readonly type: string
  readonly schemaVersion: number
  readonly contentType: string
  readonly dataBytes: Uint8Array
  readonly metadataBytes: Uint8Array
  readonly tags: readonly string[]
  readonly recordedAt: Instant
  declare readonly validAt?: ValidTime | undefined
  #data: unknown
  #metadata: EventMetadata | undefined

  constructor(fields: StoredFields) {
    this.id = fields.id
    this.stream = fields.stream
    this.version = fields.version
    this.position = fields.position
    this.type = fields.type
    this.schemaVersion = fields.schemaVersion
    this.contentType = fields.contentType
    this.dataBytes = fields.dataBytes
    this.metadataBytes = fields.metadataBytes
    this.tags = fields.tags
    this.recordedAt = fields.recordedAt
    if (fields.validAt !== undefined) this.validAt = fields.validAt
  }

  get category(): string {
    return categoryOf(this.stream)
  }

  get streamId(): string {
    return streamIdOf(this.stream)
  }

  get data(): unknown {
    this.#data ??= isJson(this.contentType) ? JSON.parse(fromUtf8(this.dataBytes)) : this.dataBytes
    return this.#data
  }

  get metadata(): EventMetadata {
    this.#metadata ??=
      this.metadataBytes.length === 0 ? {} : (JSON.parse(fromUtf8(this.metadataBytes)) as EventMetadata)
    return this.#metadata
  }

  toJSON(): Record<string, unknown> {
    return eventJson(this)
  }
}
