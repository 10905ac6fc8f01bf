// Turns any error into an exit code and a message: one line for a person, with one more for each item of a list, JSON for a program.
import { isIndelibleError } from 'indelible'
import { CliError, exitCodes, fileProblem, outcomeOf } from './errors/index.ts'
import { escapeControls, jsonLine } from './output/index.ts'

export interface Failure {
  readonly exitCode: number
  readonly code: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
  /** Only for an unexpected error, which is a bug in Indelible. */
  readonly stack?: string | undefined
}

export function failureOf(error: unknown): Failure {
  if (error instanceof CliError || isIndelibleError(error)) {
    const { code, message, details = {} } = error
    return { exitCode: exitCodes[outcomeOf[code] ?? 'fault'], code, message, details }
  }
  const { message, code, stack, path }: NodeJS.ErrnoException =
    error instanceof Error ? error : new Error(String(error))
  // Errors of the operating system (EACCES, EMFILE) need no stack.
  const fromSystem = code !== undefined && /^E[A-Z]+$/.test(code)
  const text = fromSystem && path !== undefined ? `${path}: ${fileProblem(error)}.` : message
  return {
    exitCode: exitCodes.fault,
    code: code ?? 'bug',
    message: text,
    details: {},
    stack: fromSystem ? undefined : stack,
  }
}

export function failureText(failure: Failure, { json }: { json: boolean }): string {
  const { code, message, details, stack } = failure
  if (json)
    return `${jsonLine({ error: { code, message, ...(Object.keys(details).length > 0 ? { details } : {}) } })}\n`
  const items = message.split(/\n(?=- )/).map((item) => escapeControls(item.replaceAll(/\s*\n\s*/g, ' ')))
  const line = `error: ${items.join('\n')}\n`
  return stack === undefined ? line : `${line}This is a bug in Indelible. Please report it with this stack:\n${stack}\n`
}
