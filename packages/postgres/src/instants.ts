// Points in time as Postgres writes them, in the one form of ours. The thread of PGlite uses it too, so it imports nothing.

/** `2026-11-23 05:28:43.125+01` as RFC 3339 text in UTC with milliseconds. What has no such form (`infinity`, or a year beyond 9999) comes as it is. */
export function instantText(text: string): string {
  const parts = written.exec(text)
  if (!parts) return text
  const [, day, time, hours, minutes = '00'] = parts
  return new Date(`${day}T${time}${hours}:${minutes}`).toISOString()
}

const written = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}(?:\.\d+)?)([+-]\d{2})(?::?(\d{2}))?$/
