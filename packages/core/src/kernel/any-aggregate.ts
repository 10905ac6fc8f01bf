// An aggregate with any state and events, as the runtime and its commands see it.
import type { AnyEventType, DomainEvent } from './event-types.ts'
import type { StreamName } from './streams.ts'

export interface AnyAggregate {
  readonly category: string
  readonly version: number
  readonly description: string | undefined
  // biome-ignore lint/suspicious/noExplicitAny: whatever its state is
  readonly initialState: any
  readonly events: readonly AnyEventType[]
  /** The members of the state that are unique among the aggregates of the kind, each with the reason of the refusal. */
  readonly unique: Readonly<Record<string, string>>
  /**
   * The identity of its snapshots: declared version, initial state and versions of the events. Null if the initial state contains something that cannot be
   * compared (functions, private fields): then there are no snapshots.
   */
  readonly fingerprint: string | null
  /** A hint to the code of the handlers. If it differs, snapshots are compared with the log before they are trusted. */
  readonly code: string
  /** The state after one more event. A handler sees a recorded event and a new one in the same form. Throws `invalid_declaration` for an event without a handler. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever its state is
  readonly evolve: (state: any, event: DomainEvent) => any
  readonly stream: (id: string) => StreamName
}
