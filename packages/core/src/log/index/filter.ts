// A blocked Bloom filter (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters, 2007): one look at 64 bytes says that a term
// is not in an index, and is wrong about one in a hundred that are not.
import { payloadBytes } from './pages.ts'
import type { TermHash } from './terms.ts'

const blockBytes = 64
const blockBits = 512
const probes = 6
const bitsPerTerm = 12
export const blocksPerPage = Math.floor(payloadBytes / blockBytes)

export function filterBlocks(terms: number): number {
  return Math.max(1, Math.ceil((terms * bitsPerTerm) / blockBits))
}

/** The block that a term is in. */
export function filterBlock({ high }: TermHash, blocks: number): number {
  return Math.floor((high / 0x1_0000_0000) * blocks)
}

/** Where the block is in its page. */
export function blockAt(block: number): number {
  return (block % blocksPerPage) * blockBytes
}

export function addToBlock(page: Buffer, at: number, { low }: TermHash): void {
  const step = (low >>> 9) | 1
  for (let probe = 0, bit = low; probe < probes; probe++, bit += step) {
    const place = bit & (blockBits - 1)
    page[at + (place >>> 3)]! |= 1 << (place & 7)
  }
}

export function isInBlock(page: Buffer, at: number, { low }: TermHash): boolean {
  const step = (low >>> 9) | 1
  for (let probe = 0, bit = low; probe < probes; probe++, bit += step) {
    const place = bit & (blockBits - 1)
    if ((page[at + (place >>> 3)]! & (1 << (place & 7))) === 0) return false
  }
  return true
}
