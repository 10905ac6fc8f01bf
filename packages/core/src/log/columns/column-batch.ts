// The events of some types in a segment, as a fold takes them: by stream, as they lie in the columns, or in the order of the log.
import type { Position } from '../../kernel/positions.ts'
import { ColumnEvent } from './column-event.ts'
import type { LoadedSegment } from './loaded-segment.ts'
import type { SegmentStreams, TypeTable } from './type-table.ts'

export class ColumnBatch {
  readonly length: number
  readonly through: Position
  readonly schemaVersion?: number
  readonly hasReservedTags?: false
  readonly byStream: ColumnRuns
  readonly #of: SegmentStreams
  /** Of each stream of the batch its number in the segment. */
  readonly #streams: Uint32Array
  #inLogOrder: LogOrder | undefined

  /** `asked` gives each type its number; `from` and `to` are positions in the segment, both inclusive. */
  constructor(segment: LoadedSegment, range: { asked: ReadonlyMap<string, number>; from: Position; to: Position }) {
    const selected = select(segment, range)
    this.#of = segment.streams
    this.#streams = selected.streams
    this.byStream = new ColumnRuns(selected)
    this.length = selected.types.length
    this.through = range.to
    const versions = segment.columns.envelope('schemaVersion')
    if (versions?.is === 'constant') this.schemaVersion = versions.value as number
    const { tags } = segment.columns.plan.events
    // The text of a JSON array.
    if (tags.is === 'constant' && !String(tags.value).includes('"$')) this.hasReservedTags = false
  }

  get types(): Uint16Array {
    return this.#logOrder.types
  }

  get streams(): Uint32Array {
    return this.#logOrder.streams
  }

  get streamCount(): number {
    return this.#streams.length
  }

  streamId(stream: number): string {
    return this.#of.ids.at(this.#streams[stream]!)
  }

  event(index: number): ColumnEvent {
    return this.byStream.event(this.#logOrder.places[index]!)
  }

  get #logOrder(): LogOrder {
    this.#inLogOrder ??= logOrder(this.#of, this.byStream)
    return this.#inLogOrder
  }
}

class ColumnRuns {
  readonly keys: Uint32Array
  readonly starts: Uint32Array
  readonly types: Uint16Array
  /** By the number of the type among those that were asked for. */
  readonly #tables: readonly (TypeTable | undefined)[]
  /** Of each event its place among those of its type. */
  readonly rows: Uint32Array

  constructor({ keys, starts, types, rows, tables }: Selected) {
    this.#tables = tables
    this.keys = keys
    this.starts = starts
    this.types = types
    this.rows = rows
  }

  event(index: number): ColumnEvent {
    return new ColumnEvent(this.#tables[this.types[index]!]!, this.rows[index]!)
  }

  /** Its place in the columns. */
  placeOf(index: number): number {
    return this.#tables[this.types[index]!]!.events[this.rows[index]!]!
  }
}

/** The events of a segment that were asked for, by stream. */
interface Selected {
  readonly tables: readonly (TypeTable | undefined)[]
  readonly types: Uint16Array
  readonly rows: Uint32Array
  readonly streams: Uint32Array
  readonly keys: Uint32Array
  readonly starts: Uint32Array
}

function select(
  { tables, type, streams: of, columns }: LoadedSegment,
  { asked, from, to }: { asked: ReadonlyMap<string, number>; from: Position; to: Position },
): Selected {
  const { of: stream, position, keys: streamKeys } = of
  const [low, high] = [from - columns.firstPosition, to - columns.firstPosition]
  const isPart = low > 0 || high < columns.events - 1
  const numbers = Int32Array.from(tables, (table) => (table ? asked.get(table.name)! : -1))
  const rowsOf = new Uint32Array(tables.length)
  const most = tables.reduce((sum, table) => sum + (table?.events.length ?? 0), 0)
  const [types, rows] = [new Uint16Array(most), new Uint32Array(most)]
  const streams = new Uint32Array(streamKeys.length / 4)
  const starts = new Uint32Array(streams.length + 1)
  let [length, streamCount, last] = [0, 0, -1]
  for (let event = 0; event < type.length; event++) {
    const number = numbers[type[event]!]!
    if (number < 0) continue
    const row = rowsOf[type[event]!]!++
    if (isPart && (position[event]! < low || position[event]! > high)) continue
    if (stream[event] !== last) {
      last = stream[event]!
      starts[streamCount] = length
      streams[streamCount++] = last
    }
    types[length] = number
    rows[length++] = row
  }
  starts[streamCount] = length
  const byNumber: (TypeTable | undefined)[] = []
  for (const table of tables) if (table) byNumber[asked.get(table.name)!] = table
  return {
    tables: Array.from(byNumber),
    types: types.subarray(0, length),
    rows: rows.subarray(0, length),
    streams: streams.subarray(0, streamCount),
    starts: starts.subarray(0, streamCount + 1),
    keys: streamCount === streams.length ? streamKeys : keysOf(streamKeys, streams.subarray(0, streamCount)),
  }
}

function keysOf(keys: Uint32Array, streams: Uint32Array): Uint32Array {
  const found = new Uint32Array(4 * streams.length)
  for (let at = 0; at < streams.length; at++) found.set(keys.subarray(4 * streams[at]!, 4 * streams[at]! + 4), 4 * at)
  return found
}

interface LogOrder {
  /** Of each event its index in the order by stream. */
  readonly places: Uint32Array
  readonly types: Uint16Array
  readonly streams: Uint32Array
}

function logOrder({ position }: SegmentStreams, runs: ColumnRuns): LogOrder {
  const length = runs.types.length
  const indexes = new Int32Array(position.length).fill(-1)
  for (let index = 0; index < length; index++) indexes[position[runs.placeOf(index)]!] = index
  const streamsOf = new Uint32Array(length)
  for (let stream = 0; stream < runs.starts.length - 1; stream++) {
    streamsOf.fill(stream, runs.starts[stream]!, runs.starts[stream + 1]!)
  }
  const order: LogOrder = {
    places: new Uint32Array(length),
    types: new Uint16Array(length),
    streams: new Uint32Array(length),
  }
  let next = 0
  for (const index of indexes) {
    if (index < 0) continue
    order.places[next] = index
    order.types[next] = runs.types[index]!
    order.streams[next++] = streamsOf[index]!
  }
  return order
}
