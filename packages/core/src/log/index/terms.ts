// What an index is asked for: a kind of term and its text. Its hash says where to look; whether it is there the text itself decides.
import type { TermKind } from '../../kernel/postings.ts'

/** Command ids find their commit; queries do not name them. */
export type IndexedKind = TermKind | 'command'

export const kindCodes: Readonly<Record<IndexedKind, number>> = {
  stream: 1,
  category: 2,
  type: 3,
  tag: 4,
  correlation: 5,
  command: 6,
}

/** Two times 32 bits, unsigned. */
export interface TermHash {
  high: number
  low: number
}

/** Two lanes of multiply and rotate over the bytes, each mixed as in MurmurHash3 (public domain, https://github.com/aappleby/smhasher). */
export function hashTerm(kind: number, bytes: Uint8Array, start: number, end: number, into: TermHash): void {
  let high = kind ^ 0x9747b28c
  let low = (kind << 16) ^ 0x5bd1e995
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    high = Math.imul(high ^ byte, 0x01000193)
    low = Math.imul((low << 5) | (low >>> 27), 0x85ebca6b) ^ byte
  }
  into.high = mixed(high ^ (end - start))
  into.low = mixed(low ^ high)
}

function mixed(lane: number): number {
  let bits = lane
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
