// What the stream of the audit records: commands that were not carried out, reads, and what was left out. Many records are one event: an event for each
// would cost more than the command that was refused.
import type { Version } from '../../kernel/positions.ts'
import type { Instant } from '../../kernel/time.ts'

/** The category of the stream `$audit-records`. */
export const auditCategory = '$audit'

/** The type of its events, whose data are {@link AuditRecords}. */
export const auditRecorded = '$AuditRecorded'

export interface AuditRecords {
  readonly records: readonly AuditRecord[]
  readonly gap?: AuditGap
}

/** In place of details or of an input that are too large. */
export interface TooLarge {
  /** The length of the JSON. */
  readonly characters: number
  /** Its SHA-256, in base64url. */
  readonly sha256: string
}

/** A command that was not carried out, a read, or a call that access refused. Ids that are left out are the command id. */
export interface AuditRecord {
  /** When it was done. What is recorded later than it was done, as a refusal, is not in the order of this time. */
  readonly at: Instant
  readonly outcome: 'refused' | 'conflict' | 'read' | 'denied'
  /** The command, or the operation that read or was refused. */
  readonly action: string
  /** What it was done to. */
  readonly stream?: string
  /** Of the stream: the one that a refused command was decided on, or that of the first event of the command. */
  readonly version?: Version
  readonly actor?: string
  /** Why, as the caller said in the metadata. */
  readonly reason?: string
  /** The reason of the refusal, or of the conflict: `expected_version`, `overtaken`. */
  readonly code?: string
  /** Of the refusal, or of what the operator did. */
  readonly details?: unknown
  readonly detailsTooLarge?: TooLarge
  /** As it was given: of a command that was not carried out, or what a read asked for. That of an accepted command is with its event. */
  readonly input?: unknown
  readonly inputTooLarge?: TooLarge
  readonly commandId?: string
  readonly correlationId?: string
  /** The event or command that directly led to it. */
  readonly causationId?: string
}

/** How many records are missing since the gap before, or the start. */
export interface AuditGap {
  readonly since: Instant
  readonly until: Instant
  /** As the sampling says. */
  readonly sampledOut: number
  /** The queue was full. */
  readonly overflowed: number
  /** The log could not be written. */
  readonly failed: number
}
