// Counts what is in an index by reading its entries from the first to the last.
import type { IndexHeader } from './index-file.ts'
import { payloadBytes } from './pages.ts'
import { kindCodes } from './terms.ts'

/** What an index says of its segment. */
export interface IndexCounts {
  readonly events: number
  readonly commits: number
  /** The streams whose first event is here. */
  readonly streamsBegun: number
  /** How often each type occurs. */
  readonly types: ReadonlyMap<string, number>
  readonly lastRecordedAtMs: number
}

/** Reads entries that cross from page to page, keeping what is left of one until its rest comes. */
export class EntryCounter {
  readonly #header: IndexHeader
  /** Entries that are still to come. */
  #left: number
  #streamsBegun = 0
  readonly #types = new Map<string, number>()
  #rest: Buffer = Buffer.alloc(0)
  #at = 0
  /** Numbers to pass: the places of the entry before. */
  #skip = 0

  constructor(header: IndexHeader) {
    this.#header = header
    this.#left = header.terms
  }

  get result(): IndexCounts | undefined {
    if (this.#left > 0) return undefined
    const { events, commits, lastRecordedAtMs } = this.#header
    return { events, commits, lastRecordedAtMs, streamsBegun: this.#streamsBegun, types: this.#types }
  }

  take(page: Buffer): void {
    const bytes = page.subarray(0, payloadBytes)
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes
    while (this.#passPlaces() && this.#left > 0) {
      const start = this.#at
      if (this.#entry()) continue
      this.#at = start
      break
    }
    // The page will be overwritten.
    this.#rest = Buffer.from(this.#rest.subarray(this.#at))
    this.#at = 0
  }

  #passPlaces(): boolean {
    while (this.#skip > 0 && this.#at < this.#rest.length) if (this.#rest[this.#at++]! < 0x80) this.#skip--
    return this.#skip === 0
  }

  /** False where its beginning is not all there yet. */
  #entry(): boolean {
    const kind = this.#rest[this.#at++]
    const length = this.#number()
    if (kind === undefined || length === undefined || this.#at + length > this.#rest.length) return false
    const text = this.#at
    this.#at += length
    const firstVersion = kind === kindCodes.stream ? this.#number() : 0
    const count = this.#number()
    if (firstVersion === undefined || count === undefined) return false
    if (firstVersion === 1) this.#streamsBegun++
    if (kind === kindCodes.type) this.#types.set(this.#rest.toString('utf8', text, text + length), count)
    this.#skip = count
    this.#left--
    return true
  }

  #number(): number | undefined {
    let value = 0
    for (let scale = 1; this.#at < this.#rest.length; scale *= 0x80) {
      const byte = this.#rest[this.#at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    return undefined
  }
}
