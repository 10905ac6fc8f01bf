// What travels with a command, and what comes of it.

import type { Position, Version } from '../../kernel/positions.ts'
import type { Refusal } from '../../kernel/refusals.ts'
import type { StreamName } from '../../kernel/streams.ts'
import type { Instant, ValidTime } from '../../kernel/time.ts'

/** What travels with a command. */
export interface SendOptions {
  /**
   * Makes the command idempotent: sent again with the same id, it gets the first outcome. What must be the same is the command, its aggregate and its
   * input as the schema makes it; who sends it and what else travels with it may differ, and is that of the first. A fresh UUIDv7 when left out.
   */
  readonly commandId?: string
  readonly actor?: string
  /** The command id when left out. */
  readonly correlationId?: string
  /** The event or command that directly led to this command. */
  readonly causationId?: string
  readonly traceparent?: string
  /** Free keys, recorded with the events. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** When the events are true in the world, if not now. An event with a `validAt` of its own keeps it. */
  readonly validAt?: ValidTime | undefined
  /** Only if the aggregate is at this version; otherwise the outcome is `conflict`. */
  readonly expectedVersion?: Version
  readonly signal?: AbortSignal
}

/**
 * `accepted`: its events, if any, are durable. `position` is what a reader waits for to see them.
 * `refused`: the domain said no; nothing was written, and sent again it is decided afresh. `No` are the refusals that the command declares.
 * `conflict`: the aggregate is not at the expected version, or others kept overtaking; nothing was written.
 */
export type CommandOutcome<No = Refusal> = {
  readonly commandId: string
  readonly stream: StreamName
  readonly version: Version
} & (
  | {
      readonly status: 'accepted'
      readonly position: Position
      readonly recordedAt: Instant | null
      /** True where an earlier command with this id had already done it. */
      readonly duplicate: boolean
    }
  | RefusedBy<No>
  | { readonly status: 'conflict'; readonly expectedVersion: Version }
)

type RefusedBy<No> =
  No extends Refusal<infer Reason, infer Details>
    ? { readonly status: 'refused'; readonly reason: Reason; readonly details: Details }
    : never
