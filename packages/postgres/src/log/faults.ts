// Converts an error of the driver or of the database into the fault that a caller of the event store gets.
import { IndelibleError, isIndelibleError } from 'indelible'
import { copyMismatch, retired, unfinished } from 'indelible/adapter'
import { sqlState } from '../database/index.ts'

/** What an append gets if nobody knows whether it was written. */
export function unknownOutcome(cause: unknown): IndelibleError {
  const message = `It is unknown whether this commit was written: the connection broke, and the database could not be asked in time (${messageOf(cause)}). Send it again with the same command id: it is written once.`
  return new IndelibleError('append_unknown', message, { cause })
}

/** The database cannot store a value of a commit, such as a text with U+0000. */
export function unstorable(cause: unknown): IndelibleError {
  return new IndelibleError('invalid_event', `The database cannot store this commit: ${messageOf(cause)}.`, { cause })
}

export function toStoreError(error: unknown): unknown {
  if (error instanceof NotConnected) return toStoreError(error.cause)
  if (isIndelibleError(error) || error instanceof RangeError || error instanceof TypeError) return error
  const state = sqlState(error)
  const fault = (code: ConstructorParameters<typeof IndelibleError>[0], problem: string) =>
    new IndelibleError(code, `${problem} (${messageOf(error)})`, { cause: error })
  if (state === undefined) return fault('io_failed', 'The database of the event log does not answer')
  if (state === '53100') return fault('store_full', 'The disk of the database is full')
  if (state === '25006') return fault('io_failed', 'The database is read-only: a standby, or the primary changes')
  if (state === '42501')
    return fault('store_read_only', 'The role of this connection may not do that with the event log')
  if (state === 'ID001')
    return fault('durability_missing', 'The database does not keep an append as safely as asked for')
  if (state === 'ID002') return retired('this database')
  if (state === 'ID003') return unfinished('this database')
  if (state === 'ID004') return copyMismatch('not-following', messageOf(error))
  if (missingStates.has(state)) return fault('store_missing', 'The database has no event logs in that schema')
  if (state === 'XX001' || state === 'XX002') return fault('log_corrupt', 'The database found damaged data')
  return fault('io_failed', 'The database of the event log refused a statement')
}

/** Copies are for whoever administers the database. */
export function toCopyError(error: unknown): unknown {
  if (sqlState(error) !== '42501') return toStoreError(error)
  const message = `This role may not copy logs (${messageOf(error)}). Connect as the role that owns the schema.`
  return new IndelibleError('store_read_only', message, { cause: error })
}

/** Throws `store_retired`, `store_unfinished` for the `copy_state` of a log that nobody appends to. */
export function assertNotMoved(state: string | null | undefined): void {
  if (state === 'retired') throw retired('this database')
  if (state === 'unfinished') throw unfinished('this database')
}

/** Whether a statement certainly had no effect: it was not sent, or the database refused it and goes on. It ends a connection (FATAL) also after a commit. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof NotConnected) return true
  return sqlState(error) !== undefined && (error as { severity: string }).severity === 'ERROR'
}

/** Whether the same statement may succeed soon: the database starts or stops, has too many connections, or chose this transaction to end a wait. */
export function isPassing(error: unknown): boolean {
  if (error instanceof NotConnected) return isPassing(error.cause)
  const state = sqlState(error)
  return (
    state === undefined || /^(08|40|57)/.test(state) || ['ID001', '25006', '53300', '55P03', '53200'].includes(state)
  )
}

/** Whether a value of one commit is to blame. */
export function isOfValues(error: unknown): boolean {
  return /^(22|54)/.test(sqlState(error) ?? '')
}

/** Nothing was asked of the database. */
export class NotConnected extends Error {
  constructor(cause: unknown) {
    super('There is no connection to the database.', { cause })
  }
}

/** If a host has two addresses and both refuse, the error is an AggregateError without a message. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

/** Undefined schema, table or function. */
const missingStates = new Set(['3F000', '42P01', '42883', '42704'])
