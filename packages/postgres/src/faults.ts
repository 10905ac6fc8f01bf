// What an error of a driver or of the database means to a caller of the read tables.
import { IndelibleError, isIndelibleError } from 'indelible'

/** The fault for an error that a statement of ours met. */
export function tablesFault(error: unknown): IndelibleError {
  if (isIndelibleError(error)) return error
  const state = sqlState(error)
  if (state === undefined) return unavailable(error)
  if (missingStates.has(state)) {
    const message = `The read table was not opened, or made anew by other code: ${messageOf(error)}`
    return new IndelibleError('tables_unavailable', message, { cause: error })
  }
  if (dataStates.test(state)) {
    return new IndelibleError('invalid_row', `The database refused a value: ${messageOf(error)}`, { cause: error })
  }
  return unavailable(error)
}

/** The same for a statement of the user's: what the database says about it is his to see as it is. */
export function queryFault(error: unknown): unknown {
  const state = sqlState(error)
  return state !== undefined && !outageStates.test(state) ? error : tablesFault(error)
}

/** The SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html), if the error came from the database itself. */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined
}

/** Undefined table, undefined column, undefined schema. */
const missingStates = new Set(['42P01', '42703', '3F000'])
/** Classes of errors that lie in the values: a key twice, out of range or malformed, against a constraint, too large for an index. */
const dataStates = /^(21|22|23|54)/
/** Classes of errors that pass: connection, resources, operator, operating system. */
const outageStates = /^(08|53|57|58)/

function unavailable(cause: unknown): IndelibleError {
  const message = `The database of the read tables does not answer: ${messageOf(cause)}`
  return new IndelibleError('tables_unavailable', message, { cause })
}

/** A name with two addresses that both refuse is an AggregateError without a message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
