// Parses arguments and option values. The error for a wrong value says what to write instead.
import { checkedStreamName, epochMs, isIndelibleError, type StreamName, type ValidTime } from 'indelible'
import { CliError } from '../errors/index.ts'

/** Parses a whole number: `wholeNumber('--from', 'a position', 1)`. */
export function wholeNumber(option: string, what: string, min: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value
    throw new CliError('usage', `${option} takes ${what}, a whole number of at least ${min}, not "${text}".`)
  }
}

/** Parses a day, or a date-time with a time zone. */
export function time(option: string): (text: string) => ValidTime {
  return (text) => {
    try {
      epochMs(text)
    } catch {
      const forms = 'a day like 2026-11-23 or a time like 2026-11-23T04:28:43Z'
      throw new CliError('usage', `${option} takes ${forms}, not "${text}".`)
    }
    return text
  }
}

export function stream(text: string): StreamName {
  try {
    return checkedStreamName(text)
  } catch (error) {
    throw isIndelibleError(error) ? new CliError('usage', error.message) : error
  }
}

/** Collects the values of an option that can be repeated. */
export function several(text: string, before: readonly string[] = []): readonly string[] {
  if (text === '') throw new CliError('usage', 'A filter cannot be empty text.')
  return [...before, text]
}

export function categories(text: string, before: readonly string[] = []): readonly string[] {
  if (text.includes('-')) {
    throw new CliError(
      'usage',
      `A category has no hyphen. To select one stream, give its name without --category: ${text}`,
    )
  }
  return several(text, before)
}

/** Parses the URL of a server. Paths stand behind it, so it has no query and no fragment. */
export function address(option: string): (text: string) => URL {
  return (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    const isBase = url && !/[?#]/.test(url.href)
    if (isBase && (url.protocol === 'http:' || url.protocol === 'https:')) return url
    throw new CliError('usage', `${option} takes a URL like http://127.0.0.1:3000, not "${text}".`)
  }
}

/** Parses a length of time, in milliseconds. */
export function duration(option: string): (text: string) => number {
  return (text) => {
    const [, count, unit] = /^(\d{1,9})(s|m|h|d)$/.exec(text) ?? []
    if (unit !== undefined) return Number(count) * unitMs[unit as keyof typeof unitMs]
    throw new CliError('usage', `${option} takes a length of time like 30s, 5m, 2h or 7d, not "${text}".`)
  }
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
