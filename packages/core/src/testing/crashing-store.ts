// A store whose process "dies" at the k-th append: before the commit is written, or after it is written and before the caller gets the outcome.
import { IndelibleError } from '../kernel/errors.ts'
import type { Commit, EventStore } from '../store/port.ts'

export interface Crash {
  /** Appends that go well before the crash. */
  readonly after: number
  /** Whether the append at which it dies is written. */
  readonly written: boolean
  /** Which appends count; all when left out. It dies at none of the others. */
  readonly at?: (commit: Commit) => boolean
}

/**
 * Wraps a store for one "process". After the crash every call fails like that of a closed store, so that nothing of the old process continues.
 * The wrapped store stays open for the next process, also when the wrapper is closed.
 */
export function crashingStore(
  store: EventStore,
  { after, written, at = () => true }: Crash,
): EventStore & { readonly hasCrashed: boolean } {
  let appends = 0
  let hasCrashed = false
  const dead = () => new IndelibleError('store_closed', 'The process has died.')
  return {
    ...store,
    get hasCrashed() {
      return hasCrashed
    },
    async append(commit, options) {
      if (hasCrashed) throw dead()
      if (!at(commit) || appends++ < after) return await store.append(commit, options)
      hasCrashed = true
      if (written) await store.append(commit, options)
      throw dead()
    },
    async *read(...args) {
      if (hasCrashed) throw dead()
      yield* store.read(...args)
    },
    async *replay(...args) {
      if (hasCrashed) throw dead()
      yield* store.replay(...args)
    },
    // The wrapped store stays open for the next process.
    async close() {},
  }
}
