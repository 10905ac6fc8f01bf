// Older versions of an event, brought to the newest form where they are read. The log keeps every event as it was recorded.
import { IndelibleError } from './errors.ts'
import type { AnyEventType, AnyUpcast } from './event-types.ts'
import { type EventMetadata, eventJson, type RecordedEvent } from './events.ts'
import type { Position, Version } from './positions.ts'
import { messageOf } from './shown.ts'
import type { StreamName } from './streams.ts'
import type { Instant, ValidTime } from './time.ts'

/** The event in the form that its declared type has now. Throws `event_version_unknown` for a version that the type does not know. */
export function inNewestForm(type: AnyEventType, event: RecordedEvent): RecordedEvent {
  const upcast = upcastOf(type, event)
  return upcast ? new UpcastEvent(type, event, upcast.up) : event
}

/** What brings the data of an event to the newest form; nothing where they are in it. Throws `event_version_unknown`. */
export function upcastOf(type: AnyEventType, event: VersionedEvent): AnyUpcast | undefined {
  if (event.schemaVersion === type.version) return undefined
  const upcast = Object.hasOwn(type.upcasts, event.schemaVersion) ? type.upcasts[event.schemaVersion] : undefined
  if (upcast) return upcast
  throw unknownVersion(type, event)
}

/** The stream is left out where only the position is known. */
type VersionedEvent = Pick<RecordedEvent, 'type' | 'schemaVersion' | 'position'> & {
  readonly stream: StreamName | undefined
}

/** The versions of an event that can be read, the newest last. */
export function knownVersions({ version, upcasts }: AnyEventType): readonly number[] {
  return [...Object.keys(upcasts).map(Number), version]
}

function unknownVersion(declared: AnyEventType, event: VersionedEvent): IndelibleError {
  const { type, version } = declared
  const { schemaVersion, stream, position } = event
  const known = knownVersions(declared)
  const where = stream === undefined ? `position ${position}` : `${stream}, position ${position}`
  const todo =
    schemaVersion > version
      ? 'Newer code wrote it: deploy that code here too.'
      : `Declare how it becomes version ${version}: event('${type}', …, { version: ${version}, upcasts: { ${schemaVersion}: … } }).`
  return new IndelibleError(
    'event_version_unknown',
    `"${type}" (${where}) has version ${schemaVersion}. This code knows version ${known.join(', ')}. ${todo}`,
    { details: { type, schemaVersion, known, stream, position } },
  )
}

class UpcastEvent implements RecordedEvent {
  readonly #recorded: RecordedEvent
  readonly #up: (old: never) => unknown
  readonly schemaVersion: number
  #data: unknown
  #isUpcast = false

  constructor({ version }: AnyEventType, recorded: RecordedEvent, up: (old: never) => unknown) {
    this.schemaVersion = version
    this.#recorded = recorded
    this.#up = up
  }

  get data(): unknown {
    if (!this.#isUpcast) {
      const { type, schemaVersion, data, stream, position } = this.#recorded
      try {
        this.#data = this.#up(data as never)
      } catch (cause) {
        throw new IndelibleError(
          'upcast_failed',
          `The upcast of "${type}" from version ${schemaVersion} failed at ${stream}, position ${position}: ${messageOf(cause)}`,
          { details: { type, schemaVersion, stream, position }, cause },
        )
      }
      this.#isUpcast = true
    }
    return this.#data
  }

  get id(): string {
    return this.#recorded.id
  }
  get stream(): StreamName {
    return this.#recorded.stream
  }
  get category(): string {
    return this.#recorded.category
  }
  get streamId(): string {
    return this.#recorded.streamId
  }
  get version(): Version {
    return this.#recorded.version
  }
  get position(): Position {
    return this.#recorded.position
  }
  get type(): string {
    return this.#recorded.type
  }
  get contentType(): string {
    return this.#recorded.contentType
  }
  /** As they were recorded, in the older form. */
  get dataBytes(): Uint8Array {
    return this.#recorded.dataBytes
  }
  get metadata(): EventMetadata {
    return this.#recorded.metadata
  }
  get metadataBytes(): Uint8Array {
    return this.#recorded.metadataBytes
  }
  get tags(): readonly string[] {
    return this.#recorded.tags
  }
  get recordedAt(): Instant {
    return this.#recorded.recordedAt
  }
  get validAt(): ValidTime | undefined {
    return this.#recorded.validAt
  }

  toJSON(): Record<string, unknown> {
    return eventJson(this)
  }
}
