// A store whose process "dies" at the k-th append: before it is written, or after it is written and before anybody hears of it.
import { IndelibleError } from '../kernel/errors.ts'
import type { EventStore } from '../store/port.ts'

export interface Crash {
  /** Appends that go well before the crash. */
  readonly after: number
  readonly written: boolean
}

/**
 * Wraps a store for one "process". From the crash on every call fails as a closed store's does, so that nothing of the old process can go on;
 * the wrapped store lives on for the next one, and closing the wrapper leaves it open.
 */
export function crashingStore(
  store: EventStore,
  { after, written }: Crash,
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
      if (appends++ < after) return await store.append(commit, options)
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
    // The store itself lives on for the next process.
    async close() {},
  }
}
