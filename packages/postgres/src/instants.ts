// Converts a timestamp of Postgres into RFC 3339. The thread of PGlite uses this file too, so it imports nothing.

/**
 * `2026-11-23 05:28:43.125+01` as RFC 3339 text in UTC with milliseconds. A value that RFC 3339 cannot express (`infinity`, or a year after 9999) is
 * returned unchanged.
 */
export function instantText(text: string): string {
  const match = written.exec(text)
  if (!match) return text
  const [, day, time, hours, minutes = '00'] = match
  return new Date(`${day}T${time}${hours}:${minutes}`).toISOString()
}

const written = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}(?:\.\d+)?)([+-]\d{2})(?::?(\d{2}))?$/
