// Events as domain code sees them: older versions are converted to the newest one, and reserved tags are removed. In the log, events stay as they were
// recorded.
import { IndelibleError, isIndelibleError } from './errors.ts'
import type { AnyEventType, AnyUpcast } from './event-types.ts'
import { type EventMetadata, eventJson, type RecordedEvent } from './events.ts'
import { deepFreeze } from './freeze.ts'
import type { Position, Version } from './positions.ts'
import { isReserved } from './reserved.ts'
import { messageOf } from './shown.ts'
import type { StreamName } from './streams.ts'
import type { Instant, ValidTime } from './time.ts'

/** The event in the newest version of its declared type. Throws `event_version_unknown` for a version that the type does not know. */
export function inNewestForm(type: AnyEventType, event: RecordedEvent): RecordedEvent {
  const upcast = upcastOf(type, event)
  const { tags } = event
  if (upcast) return new ViewedEvent(event, { version: type.version, up: upcast.up, tags: withoutReserved(tags) })
  return tags.length > 0 && tags.some(isReserved)
    ? new ViewedEvent(event, { version: type.version, up: undefined, tags: withoutReserved(tags) })
    : event
}

/** Returns the data frozen. An upcast runs now, on frozen data. Call it where domain code is watched. */
export function frozenData(event: { readonly data: unknown }): unknown {
  return event instanceof ViewedEvent ? event.frozen() : deepFreeze(event.data)
}

function withoutReserved(tags: readonly string[]): readonly string[] {
  return tags.some(isReserved) ? tags.filter((tag) => !isReserved(tag)) : tags
}

/** The function that converts the data of an event to the newest version; nothing if they have it already. Throws `event_version_unknown`. */
export function upcastOf(type: AnyEventType, event: VersionedEvent): AnyUpcast | undefined {
  if (event.schemaVersion === type.version) return undefined
  const upcast = Object.hasOwn(type.upcasts, event.schemaVersion) ? type.upcasts[event.schemaVersion] : undefined
  if (upcast) return upcast
  throw unknownVersion(type, event)
}

/** Without a stream, only the position is known. */
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

interface View {
  readonly version: number
  readonly up: ((old: never) => unknown) | undefined
  readonly tags: readonly string[]
}

class ViewedEvent implements RecordedEvent {
  readonly #recorded: RecordedEvent
  readonly #up: View['up']
  readonly schemaVersion: number
  readonly tags: readonly string[]
  #data: unknown
  #isUpcast = false

  constructor(recorded: RecordedEvent, { version, up, tags }: View) {
    this.schemaVersion = version
    this.tags = tags
    this.#recorded = recorded
    this.#up = up
  }

  frozen(): unknown {
    deepFreeze(this.#recorded.data)
    return deepFreeze(this.data)
  }

  get data(): unknown {
    if (!this.#up) return this.#recorded.data
    if (!this.#isUpcast) {
      const { type, schemaVersion, data, stream, position } = this.#recorded
      try {
        this.#data = this.#up(data as never)
        if (this.#data instanceof Promise)
          throw new Error('it returned a promise. It must return its result synchronously')
      } catch (cause) {
        // Watched code broke a law, and the watching code reports that. (Changes of frozen data throw a TypeError.)
        if (isIndelibleError(cause) || (cause instanceof TypeError && Object.isFrozen(data))) throw cause
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
  /** The data as they were recorded, in the older version. */
  get dataBytes(): Uint8Array {
    return this.#recorded.dataBytes
  }
  get metadata(): EventMetadata {
    return this.#recorded.metadata
  }
  get metadataBytes(): Uint8Array {
    return this.#recorded.metadataBytes
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
