// What the doctor finds out, one for each thing that it looks at.

export type FindingStatus = 'ok' | 'warn' | 'fail' | 'skip'

export interface Finding {
  readonly check: string
  readonly status: FindingStatus
  /** What is so. */
  readonly message: string
  /** What to do about it. */
  readonly advice?: string
}

export function ok(check: string, message: string): Finding {
  return { check, status: 'ok', message }
}

export function warn(check: string, message: string, advice: string): Finding {
  return { check, status: 'warn', message, advice }
}

export function fail(check: string, message: string, advice: string): Finding {
  return { check, status: 'fail', message, advice }
}

export function skip(check: string, message: string): Finding {
  return { check, status: 'skip', message }
}
