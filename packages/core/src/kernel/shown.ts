// Text for values from user code or callers, for messages. They may be anything, also values that cannot be converted to text.

/** The message of an error, or the text of another thrown value. User code may throw anything. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown)
  } catch {
    return `${shown(thrown)} was thrown`
  }
}

/** Any value, for a message that refuses it. */
export function shown(value: unknown): string {
  if (value === undefined) return 'undefined'
  // JSON has no NaN, and no BigInt.
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
