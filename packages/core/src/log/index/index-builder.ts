// Builds the index of a segment from its frames alone. The same frames always give the same bytes, so an index can be checked by building it again.
import { crc32 } from 'node:zlib'
import { correlationIdOf } from '../../kernel/events.ts'
import {
  corrupt,
  type Frame,
  isReservedAt,
  LogEvent,
  type Place,
  readU48,
  recordFixedBytes,
  type SegmentHeader,
} from '../format/index.ts'
import { addToBlock, blockAt, blocksPerPage, filterBlock, filterBlocks } from './filter.ts'
import {
  encodeIndexHeader,
  type IndexHeader,
  lineBytes,
  linesPerPage,
  placeBytes,
  placesPerPage,
} from './index-file.ts'
import { pageBytes, payloadBytes, sealPage } from './pages.ts'
import { TermTable } from './term-table.ts'
import { kindCodes } from './terms.ts'

const hyphen = 0x2d
const correlationKey = '"correlationId"'

/** Of each stream of a segment the two halves of its hash, and the versions of its first and its last event there. */
export interface SegmentStreams {
  readonly high: Uint32Array
  readonly low: Uint32Array
  readonly firstVersion: Float64Array
  readonly lastVersion: Float64Array
}

export class IndexBuilder {
  readonly #header: SegmentHeader
  readonly #terms = new TermTable()
  /** For each event where its record begins, and its checksum. */
  #places = new Uint32Array(8192)
  #events = 0
  #commits = 0
  #logEnd = 0
  #lastRecordedAtMs = 0

  constructor(header: SegmentHeader) {
    this.#header = header
  }

  /** Takes in the next frame of the segment. Throws `log_corrupt` where a position or the version of a stream does not follow. */
  add(frame: Frame, { segment, offset }: Place, starts: readonly number[]): void {
    if (frame.firstPosition !== this.#header.firstPosition + this.#events) {
      throw corrupt({ segment, offset }, `position ${frame.firstPosition} does not follow`)
    }
    for (const start of starts) {
      if (this.#addRecord(frame.bytes, start, offset + start)) continue
      const { stream, version } = frame.event(start)
      throw corrupt({ segment, offset }, `version ${version} of ${stream} does not follow the one before`)
    }
    this.#logEnd = offset + frame.bytes.length
    this.#lastRecordedAtMs = frame.lastRecordedAtMs
  }

  get events(): number {
    return this.#events
  }

  /** The streams of what was taken in. */
  streams(): SegmentStreams {
    const { size, kind, high, low, firstVersion, count } = this.#terms
    let streams = 0
    for (let term = 0; term < size; term++) if (kind[term] === kindCodes.stream) streams++
    const found = {
      high: new Uint32Array(streams),
      low: new Uint32Array(streams),
      firstVersion: new Float64Array(streams),
      lastVersion: new Float64Array(streams),
    }
    for (let term = 0, stream = 0; term < size; term++) {
      if (kind[term] !== kindCodes.stream) continue
      found.high[stream] = high[term]!
      found.low[stream] = low[term]!
      found.firstVersion[stream] = firstVersion[term]!
      found.lastVersion[stream] = firstVersion[term]! + count[term]! - 1
      stream++
    }
    return found
  }

  /** False where the version is not the next one: the index keeps only the first and the number of a stream's events. */
  #addRecord(bytes: Buffer, at: number, place: number): boolean {
    const event = this.#events++
    if (2 * event === this.#places.length) {
      const larger = new Uint32Array(2 * this.#places.length)
      larger.set(this.#places)
      this.#places = larger
    }
    const length = bytes.readUInt32LE(at)
    this.#places[2 * event] = place
    this.#places[2 * event + 1] = crc32(bytes.subarray(at, at + length))

    const stream = at + recordFixedBytes
    const type = stream + bytes.readUInt16LE(at + 30)
    const command = type + bytes.readUInt16LE(at + 32)
    const end = command + bytes.readUInt16LE(at + 34)
    let category = stream
    while (category < type && bytes[category] !== hyphen) category++
    const terms = this.#terms
    const version = readU48(bytes, at + 10)
    const streamTerm = terms.add(kindCodes.stream, bytes, stream, type, event, version)
    terms.add(kindCodes.category, bytes, stream, category, event, 0)
    if (isReservedAt(bytes, at)) terms.add(kindCodes.category, bytes, stream, stream + 1, event, 0)
    terms.add(kindCodes.type, bytes, type, command, event, 0)
    if (end > command) terms.add(kindCodes.command, bytes, command, end, event, 0)
    if (bytes.readUInt16LE(at + 24) === 0) this.#commits++
    if (bytes[at + 29]! > 0) this.#addTags(new LogEvent(bytes, at), event)
    if (bytes.readUInt32LE(at + 36) > correlationKey.length) this.#addCorrelation(new LogEvent(bytes, at), event)
    return version === terms.firstVersion[streamTerm]! + terms.count[streamTerm]! - 1
  }

  #addTags({ tags }: LogEvent, event: number): void {
    for (const tag of new Set(tags)) this.#addText(kindCodes.tag, tag, event)
  }

  #addCorrelation(read: LogEvent, event: number): void {
    const correlationId = correlationIdOf(read.metadata)
    if (correlationId !== undefined) this.#addText(kindCodes.correlation, correlationId, event)
  }

  #addText(kind: number, text: string, event: number): void {
    const bytes = Buffer.from(text)
    this.#terms.add(kind, bytes, 0, bytes.length, event, 0)
  }

  /** The bytes of the index file. */
  finish(): Buffer {
    const order = this.#terms.ordered()
    const { entries, offsets } = this.#entries(order)
    const blocks = filterBlocks(this.#terms.size)
    const placesPage = 1
    const filterPage = placesPage + Math.ceil(this.#events / placesPerPage)
    const directoryPage = filterPage + Math.ceil(blocks / blocksPerPage)
    const entriesPage = directoryPage + Math.ceil(order.length / linesPerPage)
    const header: IndexHeader = {
      ...this.#header,
      events: this.#events,
      commits: this.#commits,
      logEnd: this.#logEnd,
      lastRecordedAtMs: this.#lastRecordedAtMs,
      terms: order.length,
      filterBlocks: blocks,
      placesPage,
      filterPage,
      directoryPage,
      entriesPage,
      pages: entriesPage + Math.ceil(entries.length / payloadBytes),
    }
    const file = Buffer.alloc(header.pages * pageBytes)
    const pageAt = (number: number) => file.subarray(number * pageBytes, (number + 1) * pageBytes)
    encodeIndexHeader(header, pageAt(0))
    const numbers = new DataView(file.buffer, file.byteOffset, file.length)
    this.#writePlaces(numbers, placesPage)
    this.#writeFilter(blocks, (page) => pageAt(filterPage + page))
    this.#writeDirectory(numbers, directoryPage, { order, offsets })
    for (let at = 0, page = entriesPage; at < entries.length; at += payloadBytes, page++) {
      entries.copy(pageAt(page), 0, at, at + payloadBytes)
    }
    for (let page = 0; page < header.pages; page++) sealPage(pageAt(page), header, page)
    return file
  }

  #writePlaces(file: DataView, firstPage: number): void {
    for (let event = 0; event < this.#events; event++) {
      const page = firstPage + Math.floor(event / placesPerPage)
      const at = page * pageBytes + (event % placesPerPage) * placeBytes
      file.setUint32(at, this.#places[2 * event]!, true)
      file.setUint32(at + 4, this.#places[2 * event + 1]!, true)
    }
  }

  #writeFilter(blocks: number, pageAt: (page: number) => Buffer): void {
    const { size, high, low } = this.#terms
    for (let term = 0; term < size; term++) {
      const hash = { high: high[term]!, low: low[term]! }
      const block = filterBlock(hash, blocks)
      addToBlock(pageAt(Math.floor(block / blocksPerPage)), blockAt(block), hash)
    }
  }

  #writeDirectory(
    file: DataView,
    firstPage: number,
    { order, offsets }: { order: Uint32Array; offsets: Uint32Array },
  ): void {
    const { high, low } = this.#terms
    for (let line = 0; line < order.length; line++) {
      const page = firstPage + Math.floor(line / linesPerPage)
      const at = page * pageBytes + (line % linesPerPage) * lineBytes
      const term = order[line]!
      file.setUint32(at, high[term]!, true)
      file.setUint32(at + 4, low[term]!, true)
      file.setUint32(at + 8, offsets[line]!, true)
    }
  }

  /** The entries in order, and where each begins. */
  #entries(order: Uint32Array): { entries: Buffer; offsets: Uint32Array } {
    const { kind, texts, textAt, textLength, firstVersion, count } = this.#terms
    const { events, starts } = this.#terms.events()
    // A place is at most five bytes; kind, lengths and version at most twenty.
    let bytes = 0
    for (let term = 0; term < this.#terms.size; term++) bytes += 20 + textLength[term]! + 3 * count[term]!
    const out = new EntryWriter(Buffer.alloc(bytes + 2 * events.length))
    const offsets = new Uint32Array(order.length)
    for (let line = 0; line < order.length; line++) {
      const term = order[line]!
      offsets[line] = out.length
      out.byte(kind[term]!)
      out.number(textLength[term]!)
      out.bytes(texts, textAt[term]!, textLength[term]!)
      if (kind[term] === kindCodes.stream) out.number(firstVersion[term]!)
      out.number(count[term]!)
      let last = 0
      for (let at = starts[term]!; at < starts[term + 1]!; at++) {
        out.number(events[at]! - last)
        last = events[at]!
      }
    }
    return { entries: out.written, offsets }
  }
}

class EntryWriter {
  readonly #buffer: Buffer
  length = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  get written(): Buffer {
    return this.#buffer.subarray(0, this.length)
  }

  byte(value: number): void {
    this.#buffer[this.length++] = value
  }

  bytes(source: Buffer, at: number, length: number): void {
    const buffer = this.#buffer
    for (let from = at, to = this.length; from < at + length; from++, to++) buffer[to] = source[from]!
    this.length += length
  }

  /** LEB128. */
  number(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.#buffer[this.length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#buffer[this.length++] = rest
  }
}
