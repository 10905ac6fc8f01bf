// Checks events on the way out of the log: whether the newest form, which the upcasts made, fits the schema of its type.
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import type { AnyEventType } from '../kernel/event-types.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import type { SchemaIssue } from '../kernel/schemas.ts'
import { shown } from '../kernel/shown.ts'
import type { StreamName } from '../kernel/streams.ts'
import { unguarded } from '../kernel/unguarded.ts'
import { checkedForm } from '../kernel/upcasts.ts'
import type { ReadCheck } from '../store/batch-view.ts'
import type { Guard } from './guard/index.ts'
import { noticedEventsMax } from './limits.ts'

/**
 * Which of the events that are read for domain code are checked against the newest schema of their type, and what happens with one that does not fit. The data
 * that a schema gives must be data that it takes: the check says of those of a schema that transforms them (text to number) that they do not fit.
 */
export interface ReadChecks {
  /** One event in so many; 1 checks all. */
  readonly oneIn: number
  /** `error`: the reader fails with `recorded_event_invalid`. `notice`: `onNotice` is told, once of each event, and the reader goes on. */
  readonly onInvalid: 'error' | 'notice'
}

/** What a running system reports of an event that does not fit. */
export interface ReadNotice {
  readonly kind: 'event invalid'
  /** The type as which it is seen. */
  readonly type: string
  readonly recordedType: string
  readonly schemaVersion: number
  readonly stream: StreamName
  readonly position: Position
  readonly issues: readonly SchemaIssue[]
  readonly message: string
}

export interface ReadCheckOptions {
  readonly checks: ReadChecks | undefined
  readonly guard: Guard
  readonly notify: (notice: ReadNotice) => void
}

/** Nothing where nothing is checked. Throws `invalid_declaration`. */
export function readCheck({ checks, guard, notify }: ReadCheckOptions): ReadCheck | undefined {
  if (!checks) return undefined
  const { oneIn, onInvalid } = checks
  if (!Number.isSafeInteger(oneIn) || oneIn < 1 || (onInvalid !== 'error' && onInvalid !== 'notice'))
    throw new IndelibleError(
      'invalid_declaration',
      `readChecks is ${shown(checks)}. Write { oneIn: 100, onInvalid: 'notice' }: one event in a hundred is checked, and "error" lets the reader fail.`,
    )
  const noticed = new Set<Position>()
  let count = 0
  return (type, event) => {
    if (++count % oneIn !== 0) return
    try {
      guard.call(`The upcast to version ${type.version} of ${type.type}`, () => checkedForm(type, event))
    } catch (error) {
      if (onInvalid === 'error') throw error
      // Of other faults the reader learns by itself.
      if (!isIndelibleError(error, 'recorded_event_invalid') || noticed.has(event.position)) return
      if (noticed.size < noticedEventsMax) noticed.add(event.position)
      // A handler that reads the event is what brought us here.
      unguarded(queueMicrotask)(() => notify(noticeOf(type, event, error)))
    }
  }
}

function noticeOf({ type }: AnyEventType, event: RecordedEvent, { message, details }: IndelibleError): ReadNotice {
  const { type: recordedType, schemaVersion, stream, position } = event
  const issues = (details.issues ?? []) as readonly SchemaIssue[]
  return { kind: 'event invalid', type, recordedType, schemaVersion, stream, position, issues, message }
}
