// What the tests of reactions and subscriptions share besides their domain.
import { type EventStore, type StartOptions, startSystem } from 'indelible'
import { vi } from 'vitest'
import { type Consumers, parcels } from './parcels-domain.ts'

export { Pack, ParcelPacked, ParcelSent, ParcelWeighed, parcels, Send } from './parcels-domain.ts'

/** A store that outlives the system that uses it. */
export function lasting(store: EventStore): EventStore {
  return { ...store, close: async () => {} }
}

export function startParcels(consumers: Consumers, options: StartOptions = {}) {
  return startSystem(parcels(consumers), options)
}

/** Appends one event to each of these streams, numbered from 1 within the stream, and returns the last position. */
export async function pack(store: EventStore, ...ids: readonly string[]): Promise<number> {
  const events = ids.map((id, index) => {
    const n = ids.slice(0, index + 1).filter((each) => each === id).length
    return { stream: `parcel-${id}`, type: 'ParcelPacked', data: { n } } as const
  })
  const written = await store.append({ events })
  if (written.status !== 'written') throw new Error(written.status)
  return written.lastPosition
}

/** A promise that resolves on demand, and whether anything waits for it. */
export function gate() {
  const { promise, resolve } = Promise.withResolvers<void>()
  let waiting = 0
  return {
    open: () => resolve(),
    get waiting() {
      return waiting
    },
    async pass(signal?: AbortSignal): Promise<void> {
      waiting++
      const aborted = new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
      })
      await Promise.race(signal ? [promise, aborted] : [promise]).finally(() => waiting--)
    },
  }
}

/** Waits until a check passes. The limit is long, because a busy machine is not a fault. */
export async function until(check: () => unknown): Promise<void> {
  await vi.waitFor(check, { timeout: 30_000, interval: 5 })
}
