// What is recorded of a command besides its events, so that it can be decided again and compared.
import type { Position } from './positions.ts'
import type { ValidTime } from './time.ts'

/** In the metadata of the first event of its commit. What else a decision gets is there too: actor, command id, and when it was issued. */
export interface RecordedCommand {
  readonly type: string
  /** A hint to the code that decided. */
  readonly code: string
  /** As it was given, before its schema. Left out where it is the same as the data of the event. */
  readonly input?: unknown
  /** Why the input was not recorded: what JSON would have changed in it. */
  readonly notJson?: string
  readonly validAt?: ValidTime
  /** The position up to which it saw the log, if it consulted facts. */
  readonly factsAt?: Position
}
