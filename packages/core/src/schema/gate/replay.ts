// Runs every event of a log through the upcasts and the schema of its type: what no comparison of schemas can tell, the events themselves tell.
import { isIndelibleError } from '../../kernel/errors.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import { messageOf } from '../../kernel/shown.ts'
import type { StreamName } from '../../kernel/streams.ts'
import type { System } from '../../kernel/system.ts'
import { checkedForm, RecordedTypes, type Sight } from '../../kernel/upcasts.ts'
import type { EventStore } from '../../store/port.ts'

/** The events of a type that were run through the code. */
export interface TypeReplayed {
  readonly type: string
  /** False where the code does not declare it: then nothing is checked. */
  readonly isDeclared: boolean
  readonly events: number
  readonly failures: number
  /** The first failures, in the order of the log. */
  readonly first: readonly EventFailure[]
}

export interface EventFailure {
  readonly position: Position
  readonly stream: StreamName
  readonly version: number
  /** `event_version_unknown`, `upcast_failed`, `recorded_event_invalid`. */
  readonly code: string
  readonly message: string
}

export interface ReplayedEvents {
  readonly events: number
  readonly failures: number
  /** By name. */
  readonly types: readonly TypeReplayed[]
}

export interface ReplayEventsOptions {
  /** The failures of each type that are told; the others are counted. 3 when left out. */
  readonly firstMax?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (position: Position, head: Position) => void
}

/**
 * Reads the whole log once, in batches; memory is bounded by the number of types. The data that a schema gives must be data that it takes: of those of a schema
 * that transforms them (text to number) it says that they do not fit.
 */
export async function replayEvents(
  store: Pick<EventStore, 'read' | 'head'>,
  { events: declared }: Pick<System, 'events'>,
  { firstMax = 3, signal, onProgress }: ReplayEventsOptions = {},
): Promise<ReplayedEvents> {
  const recorded = RecordedTypes.of(declared)
  const types = new Map<string, { isDeclared: boolean; events: number; failures: number; first: EventFailure[] }>()
  const { position: head } = await store.head()
  for await (const { events, through } of store.read('all', { to: Math.max(head, 1) })) {
    for (const event of events) {
      const sights = recorded.sightsOf(event.type)
      const seen = types.get(event.type) ?? { isDeclared: sights.length > 0, events: 0, failures: 0, first: [] }
      types.set(event.type, seen)
      seen.events++
      const failure = failureOf(sights, event)
      if (!failure) continue
      seen.failures++
      if (seen.first.length < firstMax) seen.first.push(failure)
    }
    onProgress?.(through, head)
    signal?.throwIfAborted()
  }
  const replayed = [...types].map(([type, seen]) => ({ type, ...seen })).sort((a, b) => (a.type < b.type ? -1 : 1))
  const sum = (of: 'events' | 'failures') => replayed.reduce((total, each) => total + each[of], 0)
  return { events: sum('events'), failures: sum('failures'), types: replayed }
}

/** Of an event that is seen as several, what is wrong with the first of them that fails. */
function failureOf(sights: readonly Sight[], event: RecordedEvent): EventFailure | undefined {
  try {
    for (const { type } of sights) checkedForm(type, event)
    return undefined
  } catch (error) {
    const { position, stream, schemaVersion: version } = event
    const code = isIndelibleError(error) ? error.code : 'upcast_failed'
    return { position, stream, version, code, message: messageOf(error) }
  }
}
