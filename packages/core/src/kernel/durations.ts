// Durations as they are written in declarations.
import { IndelibleError } from './errors.ts'
import { durationDaysMax } from './limits.ts'

const durationForm = /^(\d+)(ms|s|m|h|d)$/
const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Throws `invalid_declaration`. */
export function durationMs(text: string): number {
  if (isDuration(text)) return msOf(text)
  throw new IndelibleError(
    'invalid_declaration',
    `"${text}" is not a duration. Write 500ms, 30s, 1m, 2h or 7d, at most ${durationDaysMax}d.`,
  )
}

export function isDuration(text: string): boolean {
  return msOf(text) <= durationDaysMax * unitMs.d
}

/** Not a number for what is no duration. */
function msOf(text: string): number {
  const [, count, unit] = durationForm.exec(text) ?? []
  return unit ? Number(count) * unitMs[unit as keyof typeof unitMs] : Number.NaN
}
