// A live feed of a tenant: the tenant stays open until the feed ends.
import type { LiveFeed } from '../operations/index.ts'

export function isLiveFeed(result: unknown): result is LiveFeed {
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result
}

/** `release` is called when the feed has ended, or its reader has gone, also one that never began to read. */
export function heldUntilEnd(
  feed: LiveFeed,
  { signal, release }: { readonly signal: AbortSignal | undefined; readonly release: () => void },
): LiveFeed {
  signal?.addEventListener('abort', release, { once: true })
  if (signal?.aborted) release()
  return (async function* () {
    try {
      yield* feed
    } finally {
      signal?.removeEventListener('abort', release)
      release()
    }
  })()
}
