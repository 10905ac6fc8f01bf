// What the audit streams record: commands that were not carried out, reads, and what was left out.
import type { Version } from '../../kernel/positions.ts'
import type { StreamName } from '../../kernel/streams.ts'
import type { Instant } from '../../kernel/time.ts'

/** The category of the streams of the audit: `$audit-commands`, `$audit-reads`, `$audit-gaps`. */
export const auditCategory = '$audit'

export const commandRefused = '$CommandRefused'
export const commandConflicted = '$CommandConflicted'
export const readDone = '$Read'
export const auditGap = '$AuditGap'

/** A tag that finds the records about a stream. */
export function onTag(stream: string): string {
  return `$on:${stream}`
}

/** The data of `$CommandRefused` and `$CommandConflicted`. The time of the command is `validAt` of the event. */
export interface NotCarriedOut {
  readonly command: string
  readonly stream: StreamName
  /** The version that was decided on. */
  readonly version: Version
  /** The reason of the refusal, `expected_version` or `overtaken`. */
  readonly code: string
  readonly details?: unknown
  /** In place of details that are too large: the characters of their JSON. */
  readonly detailsCharacters?: number
  /** SHA-256 of the JSON of the input as it was given, in base64url. */
  readonly inputHash?: string
  /** As the caller gave it in the metadata. */
  readonly reason?: string
}

/** The data of `$Read`. */
export interface ReadRecord {
  readonly operation: string
  /** What was asked for. */
  readonly input?: unknown
  readonly inputCharacters?: number
}

/** The data of `$AuditGap`: how many records are missing since the gap before, or the start. */
export interface AuditGap {
  readonly since: Instant
  /** As the sampling says. */
  readonly sampledOut: number
  /** The queue was full. */
  readonly overflowed: number
  /** The log could not be written. */
  readonly failed: number
}
