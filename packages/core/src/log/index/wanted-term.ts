// A term to look for: its bytes and its hash, made once for all segments that are asked.
import { hashTerm, type IndexedKind, kindCodes, type TermHash } from './terms.ts'

/** A term to look for in many segments. */
export interface Wanted {
  readonly kind: number
  readonly text: Buffer
  readonly hash: TermHash
}

let latest: { readonly kind: IndexedKind; readonly name: string; readonly term: Wanted } | undefined

/** The same term is looked for in one segment after the other, so the last one is remembered. */
export function wanted(kind: IndexedKind, name: string): Wanted {
  if (latest?.name !== name || latest.kind !== kind) latest = { kind, name, term: hashed(kind, name) }
  return latest.term
}

function hashed(kind: IndexedKind, text: string): Wanted {
  const bytes = Buffer.from(text)
  const hash = { high: 0, low: 0 }
  hashTerm(kindCodes[kind], bytes, 0, bytes.length, hash)
  return { kind: kindCodes[kind], text: bytes, hash }
}
