// Collects the terms of a segment while its index is made: each text once, and which events it belongs to. Typed arrays throughout, because it
// sees half a million terms a second.
import { hashTerm, type TermHash } from './terms.ts'

/** Below this, comparing is faster than counting digits. */
const fewTerms = 2048

export class TermTable {
  /** The number of terms. */
  size = 0
  /** Of each term, by number. */
  high = new Uint32Array(1024)
  low = new Uint32Array(1024)
  kind = new Uint8Array(1024)
  textAt = new Uint32Array(1024)
  textLength = new Uint16Array(1024)
  /** How many events it has. */
  count = new Uint32Array(1024)
  /** The version of its first event, where it is a stream. */
  firstVersion = new Float64Array(1024)
  texts = Buffer.alloc(64 * 1024)
  #textsLength = 0
  /** Open addressing: the number of a term and one. */
  #slots = new Int32Array(4096)
  /** Term and event, in the order in which they were added. */
  #pairs = new Uint32Array(8192)
  #pairsLength = 0
  /** The last term of each kind. */
  readonly #latest: (number | undefined)[] = []
  readonly #hash: TermHash = { high: 0, low: 0 }

  /** Notes that an event has a term. Gives the number of the term. */
  add(kind: number, source: Uint8Array, start: number, end: number, event: number, version: number): number {
    const term = this.#sameAgain(kind, source, start, end) ?? this.#termOf(kind, source, start, end, version)
    this.#latest[kind] = term
    const last = this.#pairsLength
    if (last === this.#pairs.length) this.#pairs = grown(this.#pairs, Uint32Array)
    this.#pairs[last] = term
    this.#pairs[last + 1] = event
    this.#pairsLength += 2
    this.count[term]!++
    return term
  }

  /** The numbers of the terms in the order of their hashes, then of their kinds and texts. */
  ordered(): Uint32Array {
    let from = Uint32Array.from({ length: this.size }, (_, term) => term)
    if (this.size < fewTerms) return from.sort((a, b) => this.#compare(a, b))
    for (const shift of [0, 16]) from = this.#sortedByDigit(from, shift)
    // Few hashes share their upper half, so those are put in order where they stand.
    for (let at = 1; at < from.length; at++) {
      const term = from[at]!
      let to = at
      while (to > 0 && this.#compare(from[to - 1]!, term) > 0) {
        from[to] = from[to - 1]!
        to--
      }
      from[to] = term
    }
    return from
  }

  /** The events of every term: those of term n from `starts[n]` to `starts[n + 1]`, ascending. */
  events(): { readonly events: Uint32Array; readonly starts: Uint32Array } {
    const starts = new Uint32Array(this.size + 1)
    for (let term = 0; term < this.size; term++) starts[term + 1] = starts[term]! + this.count[term]!
    const next = starts.slice()
    const events = new Uint32Array(this.#pairsLength / 2)
    for (let at = 0; at < this.#pairsLength; at += 2) {
      const term = this.#pairs[at]!
      events[next[term]!] = this.#pairs[at + 1]!
      next[term]!++
    }
    return { events, starts }
  }

  /** Most events have the category and the type of the one before. */
  #sameAgain(kind: number, source: Uint8Array, start: number, end: number): number | undefined {
    const latest = this.#latest[kind]
    return latest !== undefined && this.#isText(latest, kind, source, start, end) ? latest : undefined
  }

  #termOf(kind: number, source: Uint8Array, start: number, end: number, version: number): number {
    hashTerm(kind, source, start, end, this.#hash)
    const { high, low } = this.#hash
    const mask = this.#slots.length - 1
    for (let slot = (high ^ (low << 7)) & mask; ; slot = (slot + 1) & mask) {
      const term = this.#slots[slot]! - 1
      if (term < 0) {
        const added = this.#newTerm(kind, source, start, end, version)
        this.#slots[slot] = added + 1
        if (2 * this.size > this.#slots.length) this.#rehash()
        return added
      }
      if (this.high[term] === high && this.low[term] === low && this.#isText(term, kind, source, start, end))
        return term
    }
  }

  #isText(term: number, kind: number, source: Uint8Array, start: number, end: number): boolean {
    if (this.kind[term] !== kind || this.textLength[term] !== end - start) return false
    const at = this.textAt[term]! - start
    for (let byte = start; byte < end; byte++) if (this.texts[at + byte] !== source[byte]) return false
    return true
  }

  #newTerm(kind: number, source: Uint8Array, start: number, end: number, version: number): number {
    const term = this.size++
    if (term === this.kind.length) this.#growTerms()
    const length = end - start
    while (this.#textsLength + length > this.texts.length) {
      const larger = Buffer.alloc(2 * this.texts.length)
      this.texts.copy(larger)
      this.texts = larger
    }
    const { texts } = this
    for (let byte = start, to = this.#textsLength; byte < end; byte++, to++) texts[to] = source[byte]!
    this.high[term] = this.#hash.high
    this.low[term] = this.#hash.low
    this.kind[term] = kind
    this.textAt[term] = this.#textsLength
    this.textLength[term] = length
    this.firstVersion[term] = version
    this.#textsLength += length
    return term
  }

  #growTerms(): void {
    this.high = grown(this.high, Uint32Array)
    this.low = grown(this.low, Uint32Array)
    this.kind = grown(this.kind, Uint8Array)
    this.textAt = grown(this.textAt, Uint32Array)
    this.textLength = grown(this.textLength, Uint16Array)
    this.count = grown(this.count, Uint32Array)
    this.firstVersion = grown(this.firstVersion, Float64Array)
  }

  #rehash(): void {
    this.#slots = new Int32Array(2 * this.#slots.length)
    const mask = this.#slots.length - 1
    for (let term = 0; term < this.size; term++) {
      let slot = (this.high[term]! ^ (this.low[term]! << 7)) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = term + 1
    }
  }

  #sortedByDigit(from: Uint32Array, shift: number): Uint32Array<ArrayBuffer> {
    const next = new Uint32Array(0x1_0001)
    for (const term of from) next[((this.high[term]! >>> shift) & 0xffff) + 1]!++
    for (let digit = 0; digit < 0xffff; digit++) next[digit + 1]! += next[digit]!
    const to = new Uint32Array(from.length)
    for (const term of from) {
      const digit = (this.high[term]! >>> shift) & 0xffff
      to[next[digit]!] = term
      next[digit]!++
    }
    return to
  }

  #compare(a: number, b: number): number {
    const order = this.high[a]! - this.high[b]! || this.low[a]! - this.low[b]! || this.kind[a]! - this.kind[b]!
    return order || this.#text(a).compare(this.#text(b))
  }

  #text(term: number): Buffer {
    return this.texts.subarray(this.textAt[term], this.textAt[term]! + this.textLength[term]!)
  }
}

function grown<List extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
  list: List,
  kind: new (length: number) => List,
): List {
  const larger = new kind(2 * list.length)
  larger.set(list)
  return larger
}
