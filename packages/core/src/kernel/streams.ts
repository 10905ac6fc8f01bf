// A stream is the history of one thing. Its name says which kind of thing, and which one.
import { IndelibleError } from './errors.ts'
import { categoryCharactersMax, streamIdBytesMax } from './limits.ts'
import { isReserved } from './reserved.ts'
import { shown } from './shown.ts'
import { utf8Length } from './text.ts'

/**
 * `<category>-<id>`, for example `account-576`. The category ends at the first hyphen; the id may contain more hyphens. It is neither `.` nor `..`,
 * because clients remove such segments from a URL before they send it.
 * A category that begins with `$` is reserved: only Indelible appends to such a stream.
 */
export type StreamName = `${string}-${string}`

const form = /^\$?[A-Za-z][A-Za-z0-9_.]*-(?!\.{1,2}$)[^\p{Cc}\p{Cs}]+$/u

/** Joins category and id. Throws `invalid_stream_name`. */
export function streamName(category: string, id: string): StreamName {
  // A template accepts anything, for example `account-undefined`.
  for (const [what, part] of [
    ['category', category],
    ['id', id],
  ] as const) {
    if (typeof part === 'string') continue
    throw new IndelibleError('invalid_stream_name', `The ${what} of a stream must be text, not ${shown(part)}.`)
  }
  return checkedStreamName(`${category}-${id}`)
}

/** Checks a name from outside. Throws `invalid_stream_name`. */
export function checkedStreamName(name: string): StreamName {
  if (isPlain(name)) return name as StreamName
  if (typeof name !== 'string' || !form.test(name) || streamIdOf(name as StreamName).trim() === '') {
    throw new IndelibleError(
      'invalid_stream_name',
      `${shown(name)} is not a stream name. Write <category>-<id>, for example "account-576": ` +
        'letters, digits, "_" and "." before the first hyphen, and after it printable characters, but not only ".", ".." or white space.',
    )
  }
  const stream = name as StreamName
  if (categoryOf(stream).length > categoryCharactersMax || utf8Length(streamIdOf(stream)) > streamIdBytesMax) {
    throw new IndelibleError(
      'invalid_stream_name',
      `A category has at most ${categoryCharactersMax} characters and an id ${streamIdBytesMax} bytes.`,
    )
  }
  return stream
}

export function isStreamName(name: string): name is StreamName {
  try {
    return checkedStreamName(name) === name
  } catch {
    return false
  }
}

/** Most names are short and plain ASCII. To check their characters costs a tenth of the general check. */
function isPlain(name: string): boolean {
  if (typeof name !== 'string' || name.length > categoryCharactersMax) return false
  const start = isReserved(name) ? 1 : 0
  let hyphen = 0
  let isBlank = true
  for (let at = start; at < name.length; at++) {
    const code = name.charCodeAt(at)
    if (hyphen > 0) {
      if (code < 0x20 || code > 0x7e) return false
      if (code > 0x20) isBlank = false
    } else if (code === 0x2d) {
      if (at === start) return false
      hyphen = at
    } else {
      const letter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
      const other = (code >= 0x30 && code <= 0x39) || code === 0x5f || code === 0x2e
      if (!letter && !(other && at > start)) return false
    }
  }
  // An id that begins with "." needs the general check.
  return hyphen > 0 && !isBlank && name.charCodeAt(hyphen + 1) !== 0x2e
}

export function categoryOf(stream: StreamName): string {
  return stream.slice(0, stream.indexOf('-'))
}

export function streamIdOf(stream: StreamName): string {
  return stream.slice(stream.indexOf('-') + 1)
}
