// Text for a terminal that is safe and aligned: data of an event cannot move the cursor, and columns count cells, not characters.
import cliTruncate from 'cli-truncate'
import stringWidth from 'string-width'

/** JSON on one line. Control and direction characters, which a terminal would execute or hide, are escaped; the parsed value is the same. */
export function jsonLine(value: unknown): string {
  return escapeControls(JSON.stringify(value, jsonValue) ?? 'null')
}

/** The text with control and direction characters escaped. */
export function escapeControls(text: string): string {
  return text.replace(controlCharacters, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The text, at most `cellsMax` cells wide. It ends in "…" if something is missing. */
export function truncate(text: string, cellsMax: number): string {
  if (cellsMax === Number.POSITIVE_INFINITY) return text
  // Measuring a payload of megabytes takes seconds, so only the part that can fit is measured.
  const unitsMax = Math.max(0, cellsMax) * unitsPerCellMax
  return cliTruncate(text.length > unitsMax ? `${text.slice(0, unitsMax)}…` : text, cellsMax)
}

export function padToCells(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - stringWidth(text)))
}

/** 12,345 */
export function formatNumber(count: number): string {
  return count.toLocaleString('en-US')
}

/** 1 event, 2 events */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** 1.5 MiB */
export function formatBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`
}

/** 1.5 s */
export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

/** 512 us, 1.5 ms, 2.1 s */
export function formatMicroseconds(microseconds: number): string {
  if (microseconds < 1000) return `${microseconds} us`
  return microseconds < 1_000_000 ? `${(microseconds / 1000).toFixed(1)} ms` : formatSeconds(microseconds / 1000)
}

/** UTF-16 code units of one cell. A family emoji of two cells has 11, a letter with stacked accents may have more: then the line is cut earlier. */
const unitsPerCellMax = 16
const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
// biome-ignore lint/suspicious/noControlCharactersInRegex: these must not reach a terminal
const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Converts values that JSON does not have: a state may contain them. */
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Map) return Object.fromEntries(value)
  if (value instanceof Set) return [...value]
  return value
}
