// What an event is before and after it is recorded. Payloads stay the bytes they were given as; parsing waits until somebody looks.
import { correlationIdBytesMax } from './limits.ts'
import type { Position, Version } from './positions.ts'
import { categoryOf, type StreamName, streamIdOf } from './streams.ts'
import { base64, fromUtf8, utf8Length } from './text.ts'
import type { Instant, ValidTime } from './time.ts'

/** Who and what caused an event. Free keys are welcome; values are JSON. */
export interface EventMetadata {
  /** Who asked for it: a user, a service, a saga. */
  readonly actor?: string
  /** The command that led to it. */
  readonly commandId?: string
  /** Shared by everything that one request set in motion. */
  readonly correlationId?: string
  /** The id of the event or command that directly led to it. */
  readonly causationId?: string
  /** W3C Trace Context (https://www.w3.org/TR/trace-context/#traceparent-header). */
  readonly traceparent?: string
  readonly [key: string]: unknown
}

/** An event as it is handed to the store. */
export interface NewEvent {
  /** A UUID; made by the store when left out. */
  readonly id?: string
  readonly stream: StreamName
  /** Past tense: `FundsWithdrawn`. */
  readonly type: string
  /** The version of the schema of `data`, 1 when left out. */
  readonly schemaVersion?: number
  /** A JSON value, or bytes (a `Uint8Array`) that are kept exactly as they are. */
  readonly data: unknown
  /** The media type of `data`: `application/json` when left out, `application/octet-stream` for bytes. */
  readonly contentType?: string
  /** A JSON object, or the bytes of one. */
  readonly metadata?: EventMetadata | Uint8Array
  /** Terms to find it by, for example `owner:ann`. */
  readonly tags?: readonly string[]
  /** When it was true in the world, where that differs from when it was recorded. */
  readonly validAt?: ValidTime | undefined
}

/** An event in the log. It never changes, so whoever reads it gets a copy of their own. */
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
  /** The parsed JSON, or the bytes where the content type is not JSON. */
  readonly data: Data
  readonly dataBytes: Uint8Array
  readonly metadata: EventMetadata
  readonly metadataBytes: Uint8Array
  readonly tags: readonly string[]
  /** Set by the store when the event was appended; never goes back along the log. */
  readonly recordedAt: Instant
  readonly validAt?: ValidTime | undefined
}

/** The fields of a recorded event as a store keeps them. */
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

/** What an event can be found by, where its metadata names one that could be a name. */
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

/** Makes the event that readers see from what a store kept. The bytes become the reader's: pass no shared ones. */
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
