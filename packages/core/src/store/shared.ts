// Stores that several processes write at the same time.
import type { Version } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'
import type { EventStore } from './port.ts'

/** A store that says what other processes append. */
export interface SharedStore extends EventStore {
  /**
   * Until the returned function is called, `tell` gets the stream and the version of each event that another process appended, as soon as this one reads it for
   * those who follow the log. Some are left out, for example while nobody follows: it is a hint that spares conflicts, and no more.
   */
  hearOthers(tell: (stream: StreamName, version: Version) => void): () => void
}

export function sharedOf(store: EventStore): SharedStore | undefined {
  return 'hearOthers' in store ? (store as SharedStore) : undefined
}
