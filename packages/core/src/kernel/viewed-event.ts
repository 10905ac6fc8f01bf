// A recorded event in the newest form of a declared type. Its data are converted when they are first read; everything else is as it was recorded.
import { IndelibleError, isIndelibleError } from './errors.ts'
import type { AnyEventType } from './event-types.ts'
import { type EventMetadata, eventJson, type RecordedEvent } from './events.ts'
import { isUuid } from './ids.ts'
import type { Position, Version } from './positions.ts'
import type { RecordedForm, UpcastStep } from './recorded-forms.ts'
import { isReserved } from './reserved.ts'
import { messageOf } from './shown.ts'
import type { StreamName } from './streams.ts'
import type { Instant, ValidTime } from './time.ts'

export class ViewedEvent implements RecordedEvent {
  readonly type: string
  readonly schemaVersion: number
  readonly #recorded: RecordedEvent
  readonly #form: RecordedForm
  #data: unknown
  #isConverted = false

  constructor(recorded: RecordedEvent, type: AnyEventType, form: RecordedForm) {
    this.type = type.type
    this.schemaVersion = type.version
    this.#recorded = recorded
    this.#form = form
  }

  static recordedOf(event: ViewedEvent): RecordedEvent {
    return event.#recorded
  }

  get data(): unknown {
    if (!this.#isConverted) {
      let data: unknown = this.#recorded.data
      for (const step of this.#form.steps) data = converted(step, data, this.#recorded)
      this.#data = data
      this.#isConverted = true
    }
    return this.#data
  }

  /** Parts of one recorded event have ids of their own; the first one keeps it. */
  get id(): string {
    return partId(this.#recorded, this.#form)
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
  get contentType(): string {
    return this.#recorded.contentType
  }
  /** The data as they were recorded, in the older version. */
  get dataBytes(): Uint8Array {
    return this.#recorded.dataBytes
  }
  get tags(): readonly string[] {
    const { tags } = this.#recorded
    return tags.some(isReserved) ? tags.filter((tag) => !isReserved(tag)) : tags
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

/** The event as it is in the log. */
export function recordedOf(event: RecordedEvent): RecordedEvent {
  return event instanceof ViewedEvent ? ViewedEvent.recordedOf(event) : event
}

/** The id of a part of a recorded event: `<id>/<name of the part>`. The first part, and an event that is seen as one, keep the id. */
export function partId({ id }: Pick<RecordedEvent, 'id'>, { part }: Pick<RecordedForm, 'part'>): string {
  return part === '' ? id : `${id}/${part}`
}

/** The id of the recorded event that an event is, or is a part of. Other ids of causes, which callers choose, stay as they are. */
export function recordedId(id: string): string {
  const end = id.indexOf('/')
  return end >= 0 && isUuid(id.slice(0, end)) ? id.slice(0, end) : id
}

function converted({ what, up }: UpcastStep, data: unknown, recorded: RecordedEvent): unknown {
  try {
    const newer = up(data)
    if (newer instanceof Promise) throw new Error('it returned a promise. It must return its result synchronously')
    return newer
  } catch (cause) {
    // Watched code broke a law, and the watching code reports that. (Changes of frozen data throw a TypeError.)
    if (isIndelibleError(cause) || (cause instanceof TypeError && Object.isFrozen(data))) throw cause
    const { type, schemaVersion, stream, position } = recorded
    throw new IndelibleError(
      'upcast_failed',
      `The upcast of ${what} failed at ${stream}, position ${position}: ${messageOf(cause)}`,
      { details: { type, schemaVersion, stream, position }, cause },
    )
  }
}
