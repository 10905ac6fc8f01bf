// What messages say of values that come from code or callers of others: anything at all, also what cannot be made text.

/** The text of whatever was thrown. Code of users may throw anything, also what cannot be made text. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown)
  } catch {
    return `${shown(thrown)} was thrown`
  }
}

/** Any value, as a message that refuses it names it. */
export function shown(value: unknown): string {
  if (value === undefined) return 'undefined'
  // JSON has no NaN, and no way to tell 5n from 5.
  if (typeof value === 'number') return String(value)
  if (typeof value === 'bigint') return `${value}n`
  try {
    const text = JSON.stringify(value) ?? `a ${typeof value}`
    return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text
  } catch {
    return 'an object that is not JSON'
  }
}

const shownCharsMax = 200
