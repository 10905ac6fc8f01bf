// One error class for every fault, told apart by a closed set of codes, so that callers branch on `code` and never on text.

/** What each code means and whether the same call may succeed when it is made again unchanged. */
export const errorCodes = {
  invalid_stream_name: {
    retryable: false,
    meaning: 'A stream name is not of the form <category>-<id>, or is too long.',
  },
  invalid_event: {
    retryable: false,
    meaning: 'An event cannot be recorded: its data, metadata, tags or type break a rule or its schema.',
  },
  event_version_unknown: {
    retryable: false,
    meaning: 'An event has a schema version that its declaration does not know.',
  },
  upcast_failed: {
    retryable: false,
    meaning: 'The function that brings an older version of an event to the newest form failed.',
  },
  invalid_commit: {
    retryable: false,
    meaning: 'A commit is empty, too large, or names an impossible expected version.',
  },
  invalid_query: { retryable: false, meaning: 'A query has no items, or an item that constrains nothing.' },
  invalid_position: { retryable: false, meaning: 'A position or version is not a whole number in the allowed range.' },
  invalid_time: {
    retryable: false,
    meaning: 'A time is not an RFC 3339 date or date-time, or the clock given to a store says none.',
  },
  invalid_duration: {
    retryable: false,
    meaning: 'A length of time is not a number of milliseconds from 0 on.',
  },
  invalid_command: { retryable: false, meaning: 'The input of a command does not fit its schema.' },
  invalid_declaration: {
    retryable: false,
    meaning: 'An aggregate, projection, saga or system is declared in a way that cannot work.',
  },
  reserved_name: {
    retryable: false,
    meaning: 'A stream, event type, tag or command id begins with "$": such names belong to Indelible.',
  },
  invalid_parameter: {
    retryable: false,
    meaning: 'A parameter is unknown, is missing, is given twice, or has a wrong value.',
  },
  unknown_aggregate: { retryable: false, meaning: 'The system declares no aggregate of that name.' },
  aggregate_missing: {
    retryable: false,
    meaning: 'The aggregate has no events, or had none at that point of history.',
  },
  stream_missing: { retryable: false, meaning: 'The stream has no events.' },
  saga_missing: { retryable: false, meaning: 'No saga with that id has started.' },
  unknown_command: { retryable: false, meaning: 'The system declares no command of that name for that aggregate.' },
  unknown_projection: { retryable: false, meaning: 'The system declares no projection of that name.' },
  unknown_saga: { retryable: false, meaning: 'The system declares no saga of that name.' },
  command_id_reused: {
    retryable: false,
    meaning: 'This command id was used before, for another command or another input.',
  },
  schema_async: {
    retryable: false,
    meaning: 'A schema validates asynchronously; commands and events need synchronous schemas.',
  },
  impure_aggregate: {
    retryable: false,
    meaning: 'decide or evolve used a clock, randomness or I/O, returned a promise, or changed its input.',
  },
  impure_projector: {
    retryable: false,
    meaning:
      'A handler or key of a projection used a clock, randomness or I/O, returned a promise, changed its input, or gave two answers to it.',
  },
  row_missing: { retryable: false, meaning: 'A projection handler needs a row that is not in its read table.' },
  invalid_row: { retryable: false, meaning: 'A row does not fit the columns of its read table.' },
  invalid_select: {
    retryable: false,
    meaning:
      'What was asked of a read table does not fit its columns or exceeds a limit: where, orderBy, after or limit.',
  },
  projection_parked: {
    retryable: false,
    meaning: 'The projection stopped at an event that its handler could not process.',
  },
  projection_busy: {
    retryable: true,
    meaning:
      'The table of the projection is being rebuilt or compared with the log already, or as many others are as may be at once.',
  },
  projections_ended: {
    retryable: true,
    meaning: 'The thread that runs the projections ended and is started again by itself, or it does not answer.',
  },
  table_mismatch: {
    retryable: false,
    meaning: 'A rebuilt table is not what another fold of the log makes; it was not put in place.',
  },
  table_outdated: {
    retryable: true,
    meaning:
      'Other code filled the read table, with other columns. It is rebuilt where that code runs its projections.',
  },
  wait_timeout: { retryable: true, meaning: 'The projection or saga did not get there within the time allowed.' },
  store_closed: { retryable: false, meaning: 'The store was closed.' },
  store_read_only: { retryable: false, meaning: 'The store was opened for reading only.' },
  store_locked: { retryable: true, meaning: 'Another process has this log open for writing.' },
  store_full: { retryable: true, meaning: 'The disk or its quota is full; nothing was written and reads go on.' },
  store_poisoned: {
    retryable: false,
    meaning: 'A write or sync failed, so what is on disk is unknown; open the store again to verify it.',
  },
  store_missing: { retryable: false, meaning: 'There is no log in that directory.' },
  log_corrupt: {
    retryable: false,
    meaning: 'A stored byte is not what was written; the log is left as it is and not opened.',
  },
  log_format_unknown: { retryable: false, meaning: 'The log was written by another version of Indelible.' },
  index_damaged: {
    retryable: true,
    meaning: 'An index file is not what was written; the log is whole, and the index can be made again from it.',
  },
  index_missing: {
    retryable: true,
    meaning: 'The log has no index yet for much of it; open it for writing, or make its index again.',
  },
  backup_mismatch: {
    retryable: false,
    meaning:
      'A directory cannot take the backup of this log: it holds another log, commits that this one has not, or other files.',
  },
  config_invalid: {
    retryable: false,
    meaning: 'An indelible.config.ts does not load, or does not say what it must.',
  },
  consumer_damaged: {
    retryable: false,
    meaning: 'What is kept of a reaction, subscription or saga is not what was written: its checkpoint is not known.',
  },
  unknown_consumer: {
    retryable: false,
    meaning: 'The system declares no projection, saga, reaction or subscription of that name.',
  },
  consumer_parked: {
    retryable: false,
    meaning: 'A reaction or subscription stopped at an event that its code could not handle.',
  },
  consumer_diverged: {
    retryable: false,
    meaning:
      'The checkpoint of a reaction or subscription is of another history than that of the log; it goes on when it is resumed.',
  },
  aborted: { retryable: true, meaning: 'The caller gave up before the operation began.' },
  io_failed: { retryable: true, meaning: 'The operating system refused a read or write.' },
  table_diverged: {
    retryable: true,
    meaning:
      'A read table was made from another history than that of the log: the log was put back from an older copy, or the table is of another log. It is rebuilt.',
  },
  tables_unavailable: {
    retryable: true,
    meaning: 'The database of the read tables does not answer or refuses, or has no such table.',
  },
} as const satisfies Record<string, { retryable: boolean; meaning: string }>

export type ErrorCode = keyof typeof errorCodes

/** A fault. Recognise it by `code` (see {@link errorCodes}); `details` carries what a program may want to read. */
export class IndelibleError extends Error {
  override readonly name = 'IndelibleError'
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = errorCodes[code].retryable
    this.details = options.details ?? {}
  }
}

/** True for our own errors, of that code if one is given. Works across copies of the library and across worker threads. */
export function isIndelibleError(error: unknown, code?: ErrorCode): error is IndelibleError {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false
  return code === undefined
    ? typeof error.code === 'string' && Object.hasOwn(errorCodes, error.code)
    : error.code === code
}
