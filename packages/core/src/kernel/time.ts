// Times are RFC 3339 text (https://www.rfc-editor.org/rfc/rfc3339): readable, immutable and the same in every JSON.
import { IndelibleError } from './errors.ts'

/** An instant in UTC with milliseconds, `2026-11-23T04:28:43.125Z`. Such texts sort as the instants do. */
export type Instant = string
/** A day (`1993-01-31`, meaning its first instant in UTC) or a date-time with zone. */
export type ValidTime = string

/** The only source of time. It is passed to all code that needs the time, so that tests and replays control it. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00Z. */
  now(): number
  /** Calls back once, after so many milliseconds of this clock. Timers of the process are used where it is left out. */
  timer?(ms: number, callBack: () => void): { cancel(): void }
}

const validTimeForm = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2}))?$/

/** Many things happen in one millisecond. */
let latest = { epochMs: 0, text: '1970-01-01T00:00:00.000Z' }

export function instant(epochMs: number): Instant {
  if (latest.epochMs !== epochMs) latest = { epochMs, text: new Date(epochMs).toISOString() }
  return latest.text
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

/**
 * The last millisecond that belongs to a point of history: of a date-time the one that it is in, of a day its last one, because a day stands for all of it
 * (UTC). `before`: the last one before the date-time, or before the day begins. Times of recording are whole milliseconds, so nothing is rounded by this.
 * Throws `invalid_time`.
 */
export function lastMsOf(time: ValidTime, { before = false }: { readonly before?: boolean } = {}): number {
  const ms = epochMs(time)
  if (before) return nanosBeyond(time) === 0 ? ms - 1 : ms
  return isDay(time) ? ms + dayMs - 1 : ms
}

/** Whether times belong to a point of history: those at a date-time or before it; those before the end of a day (UTC). Compares nanoseconds. Throws `invalid_time`. */
export function upTo(point: ValidTime): (time: ValidTime) => boolean {
  const lastMs = lastMsOf(point)
  const nanos = isDay(point) ? nanosPerMs : nanosBeyond(point)
  return (time) => {
    const ms = epochMs(time)
    return ms < lastMs || (ms === lastMs && nanosBeyond(time) <= nanos)
  }
}

const dayMs = 24 * 60 * 60 * 1000
const nanosPerMs = 1_000_000

/** The nanoseconds of a time after its millisecond. */
function nanosBeyond(time: ValidTime): number {
  const [, digits = ''] = /\.\d{3}(\d+)/.exec(time) ?? []
  return Number(digits.padEnd(6, '0'))
}

/** Whether the day exists, in the year 1 or later. Date.parse reads 1993-02-31 as the 3rd of March, but a day that does not exist must not become another one. */
export function isDay(text: string): boolean {
  if (!dayForm.test(text) || text.startsWith('0000')) return false
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8))]
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day >= 1 && day <= (month === 2 && isLeapYear ? 29 : (daysOfMonths[month - 1] ?? 0))
}

const dayForm = /^\d{4}-\d{2}-\d{2}$/
const daysOfMonths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
