// Converts an error of a driver or of the database into the error that a caller of the read tables gets.
import { IndelibleError, isIndelibleError } from 'indelible'

/** Wraps an error of the caller's code that runs inside one of our transactions. */
class CallerError extends Error {}

/** Runs code of the caller. Its errors reach the caller unchanged. */
export function runCallerCode<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    throw new CallerError('', { cause })
  }
}

/** The fault for an error of one of our statements. `table` is the table of the statement, if there is one. */
export function toReadTablesError(error: unknown, table?: string): unknown {
  if (error instanceof CallerError) return error.cause
  if (isIndelibleError(error)) return error
  // A row too large for a string, or a bug of ours: not a problem of the database.
  if (error instanceof RangeError || error instanceof TypeError) return error
  const state = sqlState(error)
  if (state === undefined || unreachableStates.test(state)) return unavailable(error, 'does not answer')
  if (missingStates.has(state)) {
    const message = `Read table "${table}" does not exist (${messageOf(error)}): open it first.`
    return new IndelibleError('tables_unavailable', message, { cause: error })
  }
  if (layoutStates.has(state)) {
    const message = `Read table "${table}" has other columns (${messageOf(error)}): other code filled it. Rebuild it.`
    return new IndelibleError('table_outdated', message, { cause: error })
  }
  if (state === lockState) {
    const message = `Read table "${table}" cannot be replaced now, because other transactions read or write it. It is tried again.`
    return new IndelibleError('tables_unavailable', message, { cause: error })
  }
  if (state === dependentState) {
    const { detail = '' } = error as { detail?: string }
    const message = `Read table "${table}" is in use: ${messageOf(error)}. ${detail} Drop the object that uses it first.`
    return new IndelibleError('tables_unavailable', message, { cause: error })
  }
  if (dataStates.test(state)) {
    return new IndelibleError('invalid_row', `The database refused a value: ${messageOf(error)}`, { cause: error })
  }
  return unavailable(error, 'refused')
}

/** The error for a statement of the user. If the database refused the statement itself, the user gets that error unchanged. */
export function toQueryError(error: unknown): unknown {
  const state = sqlState(error)
  const isOfStatement = state !== undefined && (error as { severity: string }).severity === 'ERROR'
  return isOfStatement && !outageStates.test(state) ? error : toReadTablesError(error)
}

/** The SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html), if the error comes from the database itself. */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined
}

/** Undefined table or schema. */
const missingStates = new Set(['42P01', '3F000'])
/** Undefined column; a column of another type, which cannot be assigned or compared. */
const layoutStates = new Set(['42703', '42804', '42883'])
/** Lock timeout. */
const lockState = '55P03'
/** A table cannot be dropped because another object, such as a view, depends on it. */
const dependentState = '2BP01'
/** Classes of errors caused by the values: a duplicate key, out of range or malformed, against a constraint, too large for an index. */
const dataStates = /^(21|22|23|54)/
/** Classes of errors that mean that the database does not answer: connection, operator (it stops or starts), operating system. */
const unreachableStates = /^(08|57|58)/
/** Classes of temporary errors: connection, resources, operator, operating system. */
const outageStates = /^(08|53|57|58)/

function unavailable(cause: unknown, what: 'does not answer' | 'refused'): IndelibleError {
  const message = `The database of the read tables ${what}: ${messageOf(cause)}`
  return new IndelibleError('tables_unavailable', message, { cause })
}

/** If a host has two addresses and both refuse, the error is an AggregateError without a message. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
