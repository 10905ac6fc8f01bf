// Terms of events: tags and correlation ids, as the database finds them.
import { hash } from 'node:crypto'
import type { Query } from 'indelible'

/** The first 16 bytes of a SHA-256: as long as a UUID, whatever the text, and nobody finds two texts with the same. */
export function termOf(logId: string, kind: 'tag' | 'correlation', text: string): Uint8Array {
  return hash('sha256', `${logId}\n${kind}\n${text}`, 'buffer').subarray(0, 16)
}

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
