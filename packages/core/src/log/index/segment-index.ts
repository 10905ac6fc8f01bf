// Reads the index file of a segment, page by page as they are needed, each checked when it comes from the disk.
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position, Version } from '../../kernel/positions.ts'
import type { TermPositions } from '../../kernel/postings.ts'
import type { OpenFiles } from '../cache/index.ts'
import { isOutOfFiles } from '../disk/index.ts'
import { firstLine } from './directory-search.ts'
import { EntryCounter } from './entry-counter.ts'
import { blockAt, blocksPerPage, filterBlock, isInBlock } from './filter.ts'
import {
  decodeIndexHeader,
  type IndexHeader,
  indexName,
  lineBytes,
  linesPerPage,
  placeBytes,
  placesPerPage,
} from './index-file.ts'
import type { CachedPages, PageCache } from './page-cache.ts'
import { isPage, pageBytes, payloadBytes } from './pages.ts'
import { type IndexedKind, kindCodes } from './terms.ts'
import { type Wanted, wanted } from './wanted-term.ts'

/** Lists of at least this many positions are kept decoded, a few at a time. */
const longList = 256
const longListsMax = 4

/** Where a record is, and its checksum. */
export interface RecordLocation {
  readonly segment: number
  readonly offset: number
  /** It ends here or before. */
  readonly end: number
  readonly crc: number
}

/** The events of a stream in one segment. */
export interface StreamPart {
  readonly firstVersion: Version
  readonly lastVersion: Version
  readonly count: number
  readonly positions: () => Float64Array
}

interface Entry {
  /** Where its positions begin in the entries. */
  readonly at: number
  readonly count: number
  readonly firstVersion: Version
}

export class SegmentIndex implements TermPositions, CachedPages {
  readonly header: IndexHeader
  readonly pages: (Buffer | undefined)[] = []
  readonly used: Uint8Array
  readonly #name: string
  readonly #files: OpenFiles
  readonly #cache: PageCache
  readonly #longLists = new Map<string, Float64Array>()
  #typeCounts: ReadonlyMap<string, number> | undefined
  /** Where the next byte of the entries is read. */
  #at = 0

  private constructor(header: IndexHeader, files: OpenFiles, cache: PageCache) {
    this.header = header
    this.#name = indexName(header.segment)
    this.#files = files
    this.#cache = cache
    this.used = new Uint8Array(header.pages)
  }

  /** Undefined when there is no such file, or it does not fit the segment and the log: then it must be rebuilt. */
  static open(
    { files, cache }: { files: OpenFiles; cache: PageCache },
    { segment, logId }: { segment: number; logId: string },
  ): SegmentIndex | undefined {
    const name = indexName(segment)
    // A newer file may have this name now.
    files.close(name)
    try {
      const page = Buffer.allocUnsafeSlow(pageBytes)
      const whole = files.read(name, page, 0) === pageBytes && isPage(page, { segment, logId }, 0)
      const header = whole ? decodeIndexHeader(page) : undefined
      const fits = header?.segment === segment && header.logId === logId && header.events > 0
      if (fits && files.size(name) === header.pages * pageBytes) return new SegmentIndex(header, files, cache)
    } catch (error) {
      if (!(error instanceof IndelibleError) || isOutOfFiles(error)) throw error
    }
    files.close(name)
    return undefined
  }

  get firstPosition(): Position {
    return this.header.firstPosition
  }

  get lastPosition(): Position {
    return this.header.firstPosition + this.header.events - 1
  }

  /** False only where the term is not in this segment. */
  mayHave({ hash }: Wanted): boolean {
    const { filterPage, filterBlocks } = this.header
    const block = filterBlock(hash, filterBlocks)
    return isInBlock(this.#page(filterPage + Math.floor(block / blocksPerPage)), blockAt(block), hash)
  }

  /** What this segment has of a stream. */
  streamPart(stream: Wanted): StreamPart | undefined {
    const entry = this.#find(stream)
    if (!entry) return undefined
    const { firstVersion, count } = entry
    return { firstVersion, lastVersion: firstVersion + count - 1, count, positions: () => this.#decoded(entry) }
  }

  /** Of the first event of a term. */
  firstOf(term: Wanted): Position | undefined {
    const entry = this.#find(term)
    return entry && this.#decoded(entry)[0]
  }

  positions(kind: IndexedKind, text: string): ArrayLike<Position> {
    const key = `${kind} ${text}`
    const known = this.#longLists.get(key)
    if (known) return known
    const entry = this.#find(wanted(kind, text))
    if (!entry) return []
    const list = this.#decoded(entry)
    if (list.length >= longList) this.#keepLong(key, list)
    return list
  }

  place(position: Position): RecordLocation {
    const event = position - this.header.firstPosition
    const { events, logEnd, segment } = this.header
    const { page, at } = this.#placeOf(event)
    const [offset, crc] = [page.readUInt32LE(at), page.readUInt32LE(at + 4)]
    let end = logEnd
    if (event + 1 < events) {
      const next = this.#placeOf(event + 1)
      end = next.page.readUInt32LE(next.at)
    }
    return { segment, offset, end, crc }
  }

  /** How often each type occurs. The first time it reads all entries, and keeps none of them. */
  typeCounts(): ReadonlyMap<string, number> {
    if (this.#typeCounts) return this.#typeCounts
    const counter = new EntryCounter(this.header)
    for (let number = this.header.entriesPage; number < this.header.pages; number++)
      counter.take(this.#checked(Buffer.allocUnsafe(pageBytes), number))
    if (!counter.result) throw this.#damaged(this.header.entriesPage, 'its entries do not end')
    this.#typeCounts = counter.result.types
    return this.#typeCounts
  }

  /** Releases its pages and its file. */
  release(): void {
    this.#cache.forget(this)
    this.#files.close(this.#name)
  }

  #keepLong(key: string, list: Float64Array): void {
    const [oldest] = this.#longLists.keys()
    if (this.#longLists.size >= longListsMax) this.#longLists.delete(oldest!)
    this.#longLists.set(key, list)
  }

  #find(term: Wanted): Entry | undefined {
    if (!this.mayHave(term)) return undefined
    const { terms } = this.header
    for (
      let line = firstLine({ high: term.hash.high, lines: terms, highOf: (line) => this.#highOf(line) });
      line < terms;
      line++
    ) {
      const { page, at } = this.#line(line)
      if (page.readUInt32LE(at) !== term.hash.high) return undefined
      if (page.readUInt32LE(at + 4) !== term.hash.low) continue
      const entry = this.#entry(page.readUInt32LE(at + 8), term)
      if (entry) return entry
    }
    return undefined
  }

  #placeOf(event: number): { page: Buffer; at: number } {
    const page = this.#page(this.header.placesPage + Math.floor(event / placesPerPage))
    return { page, at: (event % placesPerPage) * placeBytes }
  }

  #highOf(line: number): number {
    const { page, at } = this.#line(line)
    return page.readUInt32LE(at)
  }

  #line(line: number): { page: Buffer; at: number } {
    const page = this.#page(this.header.directoryPage + Math.floor(line / linesPerPage))
    return { page, at: (line % linesPerPage) * lineBytes }
  }

  #entry(offset: number, { kind, text }: Wanted): Entry | undefined {
    this.#at = offset
    if (this.#byte() !== kind || this.#number() !== text.length) return undefined
    for (let at = 0; at < text.length; at++) if (this.#byte() !== text[at]) return undefined
    const firstVersion = kind === kindCodes.stream ? this.#number() : 0
    const count = this.#number()
    return { at: this.#at, count, firstVersion }
  }

  #decoded({ at, count }: Entry): Float64Array {
    // A wrong number must not make it allocate more than there is: each event takes a byte at least.
    const room = (this.header.pages - this.header.entriesPage) * payloadBytes - at
    if (count > Math.min(this.header.events, room)) {
      throw this.#damaged(this.#pageOf(at), 'a term has more events than the segment')
    }
    this.#at = at
    const list = new Float64Array(count)
    let position = this.header.firstPosition
    for (let index = 0; index < count; index++) {
      position += this.#number()
      list[index] = position
    }
    return list
  }

  #number(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
  }

  #byte(): number {
    const page = this.#page(this.#pageOf(this.#at))
    return page[this.#at++ % payloadBytes]!
  }

  #pageOf(at: number): number {
    return this.header.entriesPage + Math.floor(at / payloadBytes)
  }

  #page(number: number): Buffer {
    const kept = this.pages[number]
    if (kept) {
      this.used[number] = 1
      return kept
    }
    const page = this.#checked(this.#cache.blank(), number)
    this.#cache.keep(this, number, page)
    this.used[number] = 1
    return page
  }

  #checked(page: Buffer, number: number): Buffer {
    if (number >= this.header.pages || this.#readInto(page, number) < pageBytes) {
      throw this.#damaged(number, 'it ends there')
    }
    if (!isPage(page, this.header, number)) throw this.#damaged(number, 'its checksum is wrong')
    return page
  }

  #readInto(page: Buffer, number: number): number {
    try {
      return this.#files.read(this.#name, page, number * pageBytes)
    } catch (cause) {
      if (isOutOfFiles(cause)) throw cause
      // A file that was deleted is rebuilt like a damaged one.
      throw this.#damaged(number, 'it cannot be read', cause)
    }
  }

  #damaged(page: number, problem: string, cause?: unknown): IndelibleError {
    const offset = page * pageBytes
    return new IndelibleError(
      'index_damaged',
      `${this.#name} is damaged at byte ${offset}: ${problem}. The log is whole, and its index can be rebuilt from it.`,
      { details: { file: this.#name, offset, segment: this.header.segment }, cause },
    )
  }
}
