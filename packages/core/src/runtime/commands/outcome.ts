// The options of a command, and its outcome.

import type { Position, Version } from '../../kernel/positions.ts'
import type { Refusal } from '../../kernel/refusals.ts'
import type { StreamName } from '../../kernel/streams.ts'
import type { Instant, ValidTime } from '../../kernel/time.ts'

/** The options of a command. */
export interface SendOptions {
  /**
   * Makes the command idempotent: if it is sent again with the same id, it gets the first outcome. The command, its aggregate and the output of its schema
   * must be the same. Actor and other options may differ; those of the first one count. The default is a new UUIDv7.
   */
  readonly commandId?: string
  readonly actor?: string
  /** The default is the command id. */
  readonly correlationId?: string
  /** The event or command that directly led to this command. */
  readonly causationId?: string
  readonly traceparent?: string
  /** Free keys, recorded with the events. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** When the events are true in the world, if not now. An event that has its own `validAt` keeps it. */
  readonly validAt?: ValidTime | undefined
  /** Only if the aggregate is at this version; otherwise the outcome is `conflict`. */
  readonly expectedVersion?: Version
  readonly signal?: AbortSignal
}

/**
 * `accepted`: its events, if any, are durable. `position` is what a reader waits for to see them.
 * `refused`: the domain refused the command. Nothing was written; if it is sent again, it is decided again. `No` are the declared refusals of the command.
 * `conflict`: the aggregate is not at the expected version, or other commands changed it at each try. Nothing was written.
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
      /** True if an earlier command with this id had already been carried out. */
      readonly duplicate: boolean
    }
  | RefusedBy<No>
  | { readonly status: 'conflict'; readonly expectedVersion: Version }
)

type RefusedBy<No> =
  No extends Refusal<infer Reason, infer Details>
    ? { readonly status: 'refused'; readonly reason: Reason; readonly details: Details }
    : never
