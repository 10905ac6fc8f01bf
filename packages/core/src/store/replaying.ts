// Replaying, the same for every store: the types, the range of positions, and batches made of lists of events.
import { IndelibleError } from '../kernel/errors.ts'
import { type RecordedEvent, recordedEvent } from '../kernel/events.ts'
import { replayTypesMax } from '../kernel/limits.ts'
import { type Position, position } from '../kernel/positions.ts'
import type { ReplayBatch, ReplayOptions } from './port.ts'
import { type Readable, readBatches } from './reading.ts'

/** What is replayed: each type with its number, and the positions, both inclusive. There are none when `from` is above `to`. */
export interface ReplayRange {
  readonly asked: ReadonlyMap<string, number>
  readonly from: Position
  readonly to: Position
}

/** Throws `invalid_query`, `invalid_position`. */
export function replayRange(
  types: readonly string[],
  { after, to = Number.MAX_SAFE_INTEGER }: ReplayOptions,
  visible: Position,
): ReplayRange {
  if (!Array.isArray(types) || types.length === 0 || types.length > replayTypesMax) {
    throw new IndelibleError('invalid_query', `A replay is of 1 to ${replayTypesMax} types of events.`)
  }
  const asked = new Map<string, number>()
  types.forEach((type, number) => {
    if (!asked.has(type)) asked.set(type, number)
  })
  return { asked, from: position(after) + 1, to: Math.min(visible, position(to)) }
}

/** Implements `EventStore.replay` for a store that has no faster way than to read. */
export async function* replayByReading(
  source: Readable,
  types: readonly string[],
  options: ReplayOptions,
): AsyncGenerator<ReplayBatch> {
  const range = replayRange(types, options, source.visible())
  let through = range.from - 1
  if (range.from <= range.to) {
    const query = [{ types: [...range.asked.keys()] }]
    for await (const { events, through: read } of readBatches(source, query, { from: range.from, to: range.to })) {
      through = read
      yield replayBatch(events, { asked: range.asked, through, again: copyOf })
    }
  }
  const end = Math.max(range.from - 1, range.to)
  if (through < end || range.from > range.to) yield replayBatch([], { asked: range.asked, through: end, again: copyOf })
}

/** A batch of events, each with its own stream number. `again` makes another object for the same event, with its own data. */
export function replayBatch<Event extends RecordedEvent>(
  events: readonly Event[],
  {
    asked,
    through,
    again,
  }: { asked: ReadonlyMap<string, number>; through: Position; again: (event: Event) => RecordedEvent },
): ReplayBatch {
  return {
    length: events.length,
    types: Uint16Array.from(events, ({ type }) => asked.get(type)!),
    streams: Uint32Array.from(events, (_, index) => index),
    streamCount: events.length,
    streamId: (stream) => events[stream]!.streamId,
    event: (index) => again(events[index]!),
    through,
  }
}

/** The same event again, with bytes and data of its own. */
export function copyOf(event: RecordedEvent): RecordedEvent {
  const { id, stream, version, position, type, schemaVersion, contentType, recordedAt, validAt } = event
  const own = { dataBytes: event.dataBytes.slice(), metadataBytes: event.metadataBytes.slice(), tags: [...event.tags] }
  return recordedEvent({ id, stream, version, position, type, schemaVersion, contentType, recordedAt, validAt, ...own })
}
