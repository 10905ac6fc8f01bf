// How any error ends the program: with which exit code, and told to a person in a line or to a program in JSON.
import { isIndelibleError } from 'indelible'
import { CliError, exitCodes, outcomeOf } from './errors/index.ts'
import { escapeControls, jsonLine } from './output/index.ts'

export interface Failure {
  readonly exitCode: number
  readonly code: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
  /** Only for what nobody expected: a bug of ours, whose place is worth printing. */
  readonly stack?: string | undefined
}

export function failureOf(error: unknown): Failure {
  if (error instanceof CliError || isIndelibleError(error)) {
    const { code, message, details = {} } = error
    return { exitCode: exitCodes[outcomeOf[code] ?? 'fault'], code, message, details }
  }
  const { message, code, stack }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error))
  // The operating system's errors (EACCES, EMFILE) say by themselves what is wrong.
  const fromSystem = code !== undefined && /^E[A-Z]+$/.test(code)
  return { exitCode: exitCodes.fault, code: code ?? 'bug', message, details: {}, stack: fromSystem ? undefined : stack }
}

export function failureText(failure: Failure, { json }: { json: boolean }): string {
  const { code, message, details, stack } = failure
  if (json)
    return `${jsonLine({ error: { code, message, ...(Object.keys(details).length > 0 ? { details } : {}) } })}\n`
  const line = `error: ${escapeControls(message.replaceAll(/\s*\n\s*/g, ' '))}\n`
  return stack === undefined ? line : `${line}This is a bug in Indelible. Where it happened:\n${stack}\n`
}
