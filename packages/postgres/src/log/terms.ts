// Terms of events: tags and correlation ids, as the database finds them.
import { hash } from 'node:crypto'
import type { Query } from 'indelible'
import { termsKeptMax } from './limits.ts'

/** The first 16 bytes of a SHA-256: as long as a UUID, whatever the text, and nobody finds two texts with the same. */
export function termOf(logId: string, kind: 'tag' | 'correlation', text: string): Uint8Array {
  const hashed = `${logId}\n${kind}\n${text}`
  const known = recent.get(hashed)
  if (known) return known
  const term = hash('sha256', hashed, 'buffer').subarray(0, 16)
  if (recent.size >= termsKeptMax) recent.clear()
  recent.set(hashed, term)
  return term
}

/** What belongs together has the same correlation id, and most tags come again. */
const recent = new Map<string, Uint8Array>()

/** A query as the functions in the database take it: JSON, or null for all events. */
export function queryJson(logId: string, query: Query): string | null {
  if (query === 'all') return null
  const hashed = (kind: 'tag' | 'correlation', texts: readonly string[] | undefined) =>
    texts?.map((text) => Buffer.from(termOf(logId, kind, text)).toString('hex'))
  const items = query.map(({ tags, correlationIds, ...names }) => ({
    ...names,
    tags: hashed('tag', tags),
    correlations: hashed('correlation', correlationIds),
  }))
  return JSON.stringify(items)
}
