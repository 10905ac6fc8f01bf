// The index of a whole log: on disk for segments that have one, in memory for later events. It answers everything that a commit is checked against and
// all queries, without reading the log.
import type { Position, Version } from '../../kernel/positions.ts'
import { matching, type Stretch, type TermPositions } from '../../kernel/postings.ts'
import type { Query, QueryItem } from '../../kernel/queries.ts'
import type { StreamName } from '../../kernel/streams.ts'
import { OpenFiles, RecentlyUsed, SeenBefore } from '../cache/index.ts'
import type { PlacedFrame } from '../format/index.ts'
import type { LogSource } from '../limits.ts'
import { PageCache } from './page-cache.ts'
import { pageBytes } from './pages.ts'
import { type Findable, RecentIndex } from './recent-index.ts'
import { SegmentIndex, type StreamPart } from './segment-index.ts'
import type { TermHash } from './terms.ts'
import { wanted } from './wanted-term.ts'

/** A stream with more positions on disk is looked up each time. */
const fewPositions = 64
/** A stream is cached when it is asked for again before about this many others. */
const seenStreams = 8 * 1024

export class LogIndex {
  readonly files: OpenFiles
  readonly #cache: PageCache
  /** Those on disk, in the order of the log, without gaps. */
  readonly #segments: SegmentIndex[] = []
  /** Those in memory, in the order of the log. The first may reach back into what is on disk. */
  #recent: [RecentIndex, ...RecentIndex[]] = [new RecentIndex(1)]

  /** Where streams that were asked for lately have their events, on disk: until there is more on disk. Streams with many events are left out. */
  readonly #streams: RecentlyUsed<StreamName, Float64Array>
  readonly #seen = new SeenBefore({ keysMax: seenStreams })

  #lastAsked: { readonly stream: StreamName; readonly version: Version } | undefined

  constructor(log: LogSource) {
    this.files = new OpenFiles(log)
    this.#cache = new PageCache({ pagesMax: Math.floor(log.limits.indexCacheBytesMax / pageBytes) })
    this.#streams = new RecentlyUsed({ bytesMax: log.limits.streamCacheBytesMax })
  }

  /** The last position taken, written or not. */
  get head(): Position {
    return this.#newest.lastPosition
  }

  /** The last position in the indexes on disk. */
  get indexedThrough(): Position {
    return this.#segments.at(-1)?.lastPosition ?? 0
  }

  get segments(): readonly SegmentIndex[] {
    return this.#segments
  }

  /** Opens the index file of a segment. Undefined when it must be rebuilt. */
  openSegment(segment: number, logId: string): SegmentIndex | undefined {
    return SegmentIndex.open({ files: this.files, cache: this.#cache }, { segment, logId })
  }

  /** Takes in the index of the next segment, or of more of the last one, and lets go of what it replaces. */
  addSegment(added: SegmentIndex): void {
    this.#lastAsked = undefined
    this.#streams.clear()
    const last = this.#segments.at(-1)
    if (last?.header.segment === added.header.segment) this.#segments.pop()!.release()
    this.#segments.push(added)
    if (this.head < added.lastPosition) this.#recent = [new RecentIndex(added.lastPosition + 1)]
    const needed = this.#recent.filter(({ lastPosition }) => lastPosition > added.lastPosition)
    const [first, ...others] = needed.length > 0 ? needed : [new RecentIndex(this.head + 1)]
    this.#recent = [first!, ...others]
  }

  /** Replaces a damaged index by its rebuilt one. */
  replaceSegment(rebuilt: SegmentIndex): void {
    const at = this.#segments.findIndex(({ header }) => header.segment === rebuilt.header.segment)
    if (at >= 0) this.#segments[at] = rebuilt
  }

  /** From now on new events go into another index in memory, so that this one can be let go when its segment is indexed. */
  turnOver(): void {
    if (this.#newest.events > 0) this.#recent.push(new RecentIndex(this.head + 1))
  }

  versionOf(stream: StreamName): Version {
    // A commit asks twice: when it is checked and when it gets its version.
    if (this.#lastAsked?.stream !== stream) {
      this.#lastAsked = { stream, version: this.recentVersionOf(stream) || this.#versionOnDisk(stream) }
    }
    return this.#lastAsked.version
  }

  /** The version of a stream, as far as it is in memory; otherwise 0. */
  recentVersionOf(stream: StreamName): Version {
    for (let at = this.#recent.length - 1; at >= 0; at--) {
      const version = this.#recent[at]!.versionOf(stream)
      if (version > 0) return version
    }
    return 0
  }

  /** The first position of the commit with this command id. */
  commitOf(commandId: string): Position | undefined {
    for (let at = this.#recent.length - 1; at >= 0; at--) {
      const position = this.#recent[at]!.commitOf(commandId)
      if (position !== undefined) return position
    }
    if (this.#segments.length === 0) return undefined
    const term = wanted('command', commandId)
    for (let at = this.#segments.length - 1; at >= 0; at--) {
      const position = this.#segments[at]!.firstOf(term)
      if (position !== undefined) return position
    }
    return undefined
  }

  find(query: Query, { from, to, limit, reserved }: Stretch): readonly Position[] {
    const ascending = from <= to
    const [low, high] = ascending ? [from, to] : [to, from]
    const stream = query === 'all' ? undefined : onlyStream(query)
    const parts = stream === undefined ? this.#partsBetween(low, high) : this.#partsOfStream(stream, low, high)
    const found: Position[] = []
    for (const { part, first, last } of ascending ? parts : parts.reverse()) {
      const left = limit - found.length
      if (left <= 0) break
      const [start, end] = ascending ? [first, last] : [last, first]
      for (const position of matching(part, query, { from: start, to: end, limit: left, reserved }))
        found.push(position)
    }
    return found
  }

  /** How often each type occurs after what is on disk, up to a position. What is on disk its segments say. */
  recentTypeCounts(high: Position): readonly ReadonlyMap<string, number>[] {
    return this.#recent.map((each) => each.typeCounts(this.indexedThrough + 1, high))
  }

  add(event: Findable, version: Version): void {
    this.#lastAsked = undefined
    this.#newest.add(event, version)
  }

  addCommand(commandId: string, firstPosition: Position): void {
    this.#newest.addCommand(commandId, firstPosition)
  }

  /** Takes back the last commit, which was this one. */
  removeLast({ events, commandId }: { readonly events: number; readonly commandId: string | undefined }): void {
    this.#lastAsked = undefined
    for (let left = events; left > 0; left--) {
      // An index that was begun for a segment that could not be begun.
      while (this.#newest.events === 0 && this.#recent.length > 1) this.#recent.pop()
      this.#newest.removeLast()
    }
    if (commandId !== undefined) this.#newest.removeCommand(commandId)
  }

  /** Takes in where events were written that were added before. */
  place(frame: PlacedFrame): void {
    for (let at = this.#recent.length - 1; at >= 0; at--) {
      const recent = this.#recent[at]!
      // A frame may have events in two of them.
      if (recent.firstPosition < frame.firstPosition + frame.starts.length) recent.place(frame)
      if (recent.firstPosition <= frame.firstPosition) return
    }
  }

  /** The frame that a position was written in, unless the position is in an index on disk. */
  frameOf(position: Position): PlacedFrame | undefined {
    for (let at = this.#recent.length - 1; at >= 0; at--) {
      const recent = this.#recent[at]!
      if (recent.firstPosition <= position) return recent.frameOf(position)
    }
    return undefined
  }

  /** The index on disk that a position is in. */
  segmentOf(position: Position): SegmentIndex | undefined {
    let low = 0
    let high = this.#segments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#segments[middle]!.firstPosition <= position) low = middle + 1
      else high = middle
    }
    const segment = this.#segments[low - 1]
    return segment && position <= segment.lastPosition ? segment : undefined
  }

  close(): void {
    this.files.closeAll()
  }

  get #newest(): RecentIndex {
    return this.#recent.at(-1)!
  }

  #versionOnDisk(stream: StreamName): Version {
    if (this.#segments.length === 0) return 0
    const term = wanted('stream', stream)
    let version = 0
    for (let at = this.#segments.length - 1; at >= 0 && version === 0; at--) {
      version = this.#segments[at]!.streamPart(term)?.lastVersion ?? 0
    }
    return version
  }

  /** The indexes for a stretch, in order, each with its part of it. */
  #partsBetween(low: Position, high: Position): Part[] {
    const onDisk = this.#segments.map((part) => clipped(part, low, high))
    return [...onDisk, ...this.#recentParts(low, high)].filter(({ first, last }) => first <= last)
  }

  /** The same for a stream: only those that have events of it, from the newest back to the one with its first version. */
  #partsOfStream(stream: StreamName, low: Position, high: Position): Part[] {
    const known = this.#streams.get(stream)
    const onDisk = known ? [this.#knownPart(known, low, high)] : this.#partsOnDisk(stream, low, high)
    return [...onDisk, ...this.#recentParts(low, high)].filter(({ first, last }) => first <= last)
  }

  #partsOnDisk(stream: StreamName, low: Position, high: Position): Part[] {
    const parts: { readonly segment: SegmentIndex; readonly has: StreamPart }[] = []
    const term = wanted('stream', stream)
    let count = 0
    let isWhole = true
    for (let at = this.#segments.length - 1; at >= 0; at--) {
      const segment = this.#segments[at]!
      isWhole &&= segment.lastPosition >= low && segment.firstPosition <= high
      if (segment.lastPosition < low) break
      if (segment.firstPosition > high) continue
      const has = segment.streamPart(term)
      if (!has) continue
      count += has.count
      parts.unshift({ segment, has })
      if (has.firstVersion === 1) break
    }
    if (!isWhole || count > fewPositions) return parts.map(({ segment }) => clipped(segment, low, high))
    const positions = parts.length === 1 ? parts[0]!.has.positions() : joined(parts, count)
    if (this.#seen.see(numberOf(term.hash))) this.#streams.keep(stream, positions)
    return [this.#knownPart(positions, low, high)]
  }

  /** All positions of a stream on disk, for the part of a stretch that is there. */
  #knownPart(positions: Float64Array, low: Position, high: Position): Part {
    return { part: { positions: () => positions }, first: low, last: Math.min(high, this.indexedThrough) }
  }

  #recentParts(low: Position, high: Position): Part[] {
    return this.#recent.map((part) => clipped(part, Math.max(low, this.indexedThrough + 1), high))
  }
}

/** An index with the part of a stretch that it answers for. */
interface Part {
  readonly part: TermPositions
  readonly first: Position
  readonly last: Position
}

function clipped(part: SegmentIndex | RecentIndex, low: Position, high: Position): Part {
  return { part, first: Math.max(part.firstPosition, low), last: Math.min(part.lastPosition, high) }
}

/** The stream of a query that asks for one and for nothing else, as loading an aggregate does. */
function onlyStream(query: readonly QueryItem[]): StreamName | undefined {
  const [item, other] = query
  if (!item || other || item.streams?.length !== 1) return undefined
  return Object.keys(item).length === 1 ? item.streams[0] : undefined
}

/** As much of a hash as fits into a number, from 1 on. */
function numberOf({ high, low }: TermHash): number {
  return 1 + high * 2 ** 20 + (low >>> 12)
}

function joined(parts: readonly { readonly has: StreamPart }[], count: number): Float64Array {
  const positions = new Float64Array(count)
  let at = 0
  for (const { has } of parts) {
    positions.set(has.positions(), at)
    at += has.count
  }
  return positions
}
