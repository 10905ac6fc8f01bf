// Times are RFC 3339 text (https://www.rfc-editor.org/rfc/rfc3339): readable, immutable and the same in every JSON.
import { IndelibleError } from './errors.ts'

/** An instant in UTC with milliseconds, `2026-11-23T04:28:43.125Z`. Such texts sort as the instants do. */
export type Instant = string
/** A day (`1993-01-31`, meaning its first instant in UTC) or a date-time with zone. */
export type ValidTime = string

/** The only way in for time: passed to whatever needs to know it, so that tests and replays own it. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00Z. */
  now(): number
}

const validTimeForm = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2}))?$/

export function instant(epochMs: number): Instant {
  return new Date(epochMs).toISOString()
}

/** Milliseconds since 1970 of a valid time or instant. Throws `invalid_time`. */
export function epochMs(time: ValidTime): number {
  const ms = validTimeForm.test(time) && isDay(time.slice(0, 10)) ? Date.parse(time) : Number.NaN
  if (Number.isNaN(ms)) {
    throw new IndelibleError(
      'invalid_time',
      `"${time}" is not a time. Write 2026-11-23 or 2026-11-23T04:28:43Z (RFC 3339).`,
    )
  }
  return ms
}

/** Date.parse takes 1993-02-31 for the 3rd of March; a day that does not exist must not become another. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00.000Z`)
  return !day.startsWith('0000') && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)
}
