// The index of the newest events, in memory, until their segment has one on disk.
import type { EncodedEvent } from '../../kernel/encoding.ts'
import type { Position, Version } from '../../kernel/positions.ts'
import type { TermKind, TermPositions } from '../../kernel/postings.ts'
import { isReserved, reservedCategory } from '../../kernel/reserved.ts'
import { categoryOf, type StreamName } from '../../kernel/streams.ts'
import type { PlacedFrame } from '../format/index.ts'

/** The parts of an event that it is found by. */
export type Findable = Pick<EncodedEvent, 'stream' | 'type' | 'tags' | 'correlationId'>

export class RecentIndex implements TermPositions {
  readonly firstPosition: Position
  /** Of each event. */
  readonly #versions: Version[] = []
  /** Of each event the number of the one before in its stream, -1 for the first one here. */
  readonly #previous: number[] = []
  /** Of each stream the number of its last event. */
  readonly #streams = new Map<string, number>()
  readonly #streamOf: StreamName[] = []
  readonly #typeOf: string[] = []
  /** Of the events that have any. */
  readonly #tagsOf = new Map<number, readonly string[]>()
  readonly #correlationOf = new Map<number, string>()
  /** Apart from the lists, so that who reads everything need not have them made. */
  readonly #reserved: Position[] = []
  /** How many events are in the lists. The lists are built on demand. */
  #listed = 0
  readonly #lists: Readonly<Record<Exclude<TermKind, 'stream'>, Map<string, Position[]>>> = {
    category: new Map(),
    type: new Map(),
    tag: new Map(),
    correlation: new Map(),
  }
  /** The first position of each commit that has a command id. */
  readonly #commands = new Map<string, Position>()
  /** In order. */
  readonly #frames: PlacedFrame[] = []

  constructor(firstPosition: Position) {
    this.firstPosition = firstPosition
  }

  get lastPosition(): Position {
    return this.firstPosition + this.#versions.length - 1
  }

  get events(): number {
    return this.#versions.length
  }

  /** 0 if the stream has no event here. */
  versionOf(stream: string): Version {
    const last = this.#streams.get(stream)
    return last === undefined ? 0 : this.#versions[last]!
  }

  commitOf(commandId: string): Position | undefined {
    return this.#commands.get(commandId)
  }

  /** Takes in the next event. */
  add({ stream, type, tags, correlationId }: Findable, version: Version): void {
    const event = this.#versions.push(version) - 1
    if (isReserved(stream)) this.#reserved.push(this.firstPosition + event)
    this.#previous.push(this.#streams.get(stream) ?? -1)
    this.#streams.set(stream, event)
    this.#streamOf.push(stream)
    this.#typeOf.push(type)
    if (tags.length > 0) this.#tagsOf.set(event, tags)
    if (correlationId !== undefined) this.#correlationOf.set(event, correlationId)
  }

  addCommand(commandId: string, firstPosition: Position): void {
    this.#commands.set(commandId, firstPosition)
  }

  /** Takes back the last event. */
  removeLast(): void {
    this.#versions.pop()
    const event = this.#versions.length
    const previous = this.#previous.pop()!
    const stream = this.#streamOf.pop()!
    const type = this.#typeOf.pop()!
    if (isReserved(stream)) this.#reserved.pop()
    if (previous < 0) this.#streams.delete(stream)
    else this.#streams.set(stream, previous)
    if (this.#listed > event) {
      this.#listed--
      this.#eachTerm(event, stream, type, unpost)
    }
    this.#tagsOf.delete(event)
    this.#correlationOf.delete(event)
  }

  removeCommand(commandId: string): void {
    this.#commands.delete(commandId)
  }

  positions(kind: TermKind, text: string, low: Position, high: Position): ArrayLike<Position> {
    if (kind === 'category' && text === reservedCategory) return this.#reserved
    if (kind !== 'stream') {
      this.#list()
      return this.#lists[kind].get(text) ?? []
    }
    const found: Position[] = []
    for (let event = this.#streams.get(text) ?? -1; event >= 0; event = this.#previous[event]!) {
      const position = this.firstPosition + event
      if (position < low) break
      if (position <= high) found.push(position)
    }
    return found.reverse()
  }

  /** How often each type occurs between two positions, both inclusive. */
  typeCounts(low: Position, high: Position): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const type of this.#typeOf.slice(Math.max(0, low - this.firstPosition), high - this.firstPosition + 1))
      counts.set(type, (counts.get(type) ?? 0) + 1)
    return counts
  }

  #list(): void {
    for (; this.#listed < this.#versions.length; this.#listed++) {
      const event = this.#listed
      this.#eachTerm(event, this.#streamOf[event]!, this.#typeOf[event]!, post)
    }
  }

  #eachTerm(
    event: number,
    stream: StreamName,
    type: string,
    does: (lists: Map<string, Position[]>, text: string, position: Position) => void,
  ): void {
    const position = this.firstPosition + event
    does(this.#lists.category, categoryOf(stream), position)
    does(this.#lists.type, type, position)
    const tags = this.#tagsOf.get(event)
    if (tags) for (const tag of new Set(tags)) does(this.#lists.tag, tag, position)
    const correlationId = this.#correlationOf.get(event)
    if (correlationId !== undefined) does(this.#lists.correlation, correlationId, position)
  }

  /** Takes in where events were written that were added before. */
  place(frame: PlacedFrame): void {
    this.#frames.push(frame)
  }

  /** The frame that a position was written in. */
  frameOf(position: Position): PlacedFrame | undefined {
    let low = 0
    let high = this.#frames.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#frames[middle]!.firstPosition <= position) low = middle + 1
      else high = middle
    }
    const frame = this.#frames[low - 1]
    return frame && position < frame.firstPosition + frame.starts.length ? frame : undefined
  }
}

function post(lists: Map<string, Position[]>, text: string, position: Position): void {
  const list = lists.get(text)
  if (list) list.push(position)
  else lists.set(text, [position])
}

function unpost(lists: Map<string, Position[]>, text: string): void {
  const list = lists.get(text)!
  list.pop()
  if (list.length === 0) lists.delete(text)
}
