// What an error of a driver or of the database means to a caller of the read tables.
import { IndelibleError, isIndelibleError } from 'indelible'

/** What the caller's code throws while it runs inside a transaction of ours. */
class CallerError extends Error {}

/** Runs code of the caller, whose errors are to come out as they are. */
export function ofCaller<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    throw new CallerError('', { cause })
  }
}

/** The fault for an error that a statement of ours met, which concerned this table if any. */
export function tablesFault(error: unknown, table?: string): unknown {
  if (error instanceof CallerError) return error.cause
  if (isIndelibleError(error)) return error
  // A row too large for a text, or a mistake of ours: nothing that the database could help.
  if (error instanceof RangeError || error instanceof TypeError) return error
  const state = sqlState(error)
  if (state === undefined || silentStates.test(state)) return unavailable(error, 'does not answer')
  if (missingStates.has(state)) {
    const message = `Read table "${table}" is not there (${messageOf(error)}): open it first.`
    return new IndelibleError('tables_unavailable', message, { cause: error })
  }
  if (layoutStates.has(state)) {
    const message = `Read table "${table}" has other columns (${messageOf(error)}): other code filled it, build it anew.`
    return new IndelibleError('table_outdated', message, { cause: error })
  }
  if (state === lockState) {
    const message = `Read table "${table}" is read or written for so long that it cannot be replaced now; it is tried again.`
    return new IndelibleError('tables_unavailable', message, { cause: error })
  }
  if (state === dependentState) {
    const { detail = '' } = error as { detail?: string }
    const message = `Read table "${table}" is in use: ${messageOf(error)}. ${detail} Drop that first.`
    return new IndelibleError('tables_unavailable', message, { cause: error })
  }
  if (dataStates.test(state)) {
    return new IndelibleError('invalid_row', `The database refused a value: ${messageOf(error)}`, { cause: error })
  }
  return unavailable(error, 'refused')
}

/** The same for a statement of the user's: what the database says about it is his to see as it is. */
export function queryFault(error: unknown): unknown {
  const state = sqlState(error)
  const isOfStatement = state !== undefined && (error as { severity: string }).severity === 'ERROR'
  return isOfStatement && !outageStates.test(state) ? error : tablesFault(error)
}

/** The SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html), if the error came from the database itself. */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined
}

/** Undefined table or schema. */
const missingStates = new Set(['42P01', '3F000'])
/** An undefined column; a column of another type, which cannot be assigned or compared. */
const layoutStates = new Set(['42703', '42804', '42883'])
/** The time to wait for a lock is over. */
const lockState = '55P03'
/** A table cannot be dropped because of a view, or the like. */
const dependentState = '2BP01'
/** Classes of errors that lie in the values: a key twice, out of range or malformed, against a constraint, too large for an index. */
const dataStates = /^(21|22|23|54)/
/** Classes of errors that say that nobody is there to answer: connection, operator (it stops, or starts), operating system. */
const silentStates = /^(08|57|58)/
/** Classes of errors that pass: connection, resources, operator, operating system. */
const outageStates = /^(08|53|57|58)/

function unavailable(cause: unknown, what: 'does not answer' | 'refused'): IndelibleError {
  const message = `The database of the read tables ${what}: ${messageOf(cause)}`
  return new IndelibleError('tables_unavailable', message, { cause })
}

/** A name with two addresses that both refuse is an AggregateError without a message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
