// An aggregate as the runtime and its commands see it, whatever its state and events.
import type { AnyEventType, DomainEvent } from './event-types.ts'
import type { StreamName } from './streams.ts'

export interface AnyAggregate {
  readonly category: string
  readonly version: number
  // biome-ignore lint/suspicious/noExplicitAny: whatever its state is
  readonly initialState: any
  readonly events: readonly AnyEventType[]
  /** By member of the state whose value no two aggregates of the kind may share, the reason of the refusal. */
  readonly unique: Readonly<Record<string, string>>
  /**
   * What its snapshots stand for: the declared version, the initial state and the versions of the events. Null where the initial state holds what cannot
   * be compared (functions, private fields): then no snapshot is kept or read.
   */
  readonly fingerprint: string | null
  /** A hint at the code of the handlers. Where it differs, snapshots are compared with the log before they are believed. */
  readonly code: string
  /** The state after one more event, recorded or about to be: handlers see the same of both. Throws `invalid_declaration` for an event that has no handler. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever its state is
  readonly evolve: (state: any, event: DomainEvent) => any
  readonly stream: (id: string) => StreamName
}
