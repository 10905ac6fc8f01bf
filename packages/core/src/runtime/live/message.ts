// What a live feed says. Messages are data; a transport writes them as it likes.
import { isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'

/** One message of a live feed. */
export interface FeedMessage {
  /** `event`, `row`, `caught-up` and so on. */
  readonly kind: string
  /**
   * Who has this message and all before it may go on after this position. A message without it belongs together with those behind it. 0: what the reader had
   * before no longer counts, so that it begins anew if it gets no further.
   */
  readonly position?: Position
  /** Any JSON value, or an object with `toJSON`. */
  readonly data: unknown
}

/**
 * Some messages, never changed. Readers with the same filter who are equally far get the same list of the same messages, so a transport can keep what it made
 * of one by its identity.
 */
export type FeedBatch = readonly FeedMessage[]

/** Messages as they come, until the signal of the caller aborts. When the system closes, the last one is `end`. */
export type LiveFeed = AsyncIterable<FeedBatch>

/** The last message of a feed: why it ends. `slow`: the reader did not keep up. `failed`: an error, with its code. In each case the reader may come again. */
export function endMessage(
  reason: 'closing' | 'slow' | 'failed',
  error?: { readonly code: string; readonly message: string },
): FeedMessage {
  return { kind: 'end', data: { reason, ...(error ? { error } : {}) } }
}

/** A feed that ends as others do where the system closes while it begins, or while it reads. */
export async function* untilClosed(feed: LiveFeed): AsyncGenerator<FeedBatch> {
  try {
    yield* feed
  } catch (error) {
    if (!isIndelibleError(error, 'store_closed')) throw error
    yield [endMessage('closing')]
  }
}
