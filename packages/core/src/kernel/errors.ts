// One error class for all faults. Each has a code of a closed set, so that callers branch on `code` and never on text.

/** What each code means, and whether the same call may succeed later without a change. */
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
    meaning: 'The log has an event in a schema version that the declaration of the event does not know.',
  },
  upcast_failed: {
    retryable: false,
    meaning: 'An upcast, which converts an older form of an event to the next one, failed.',
  },
  recorded_event_invalid: {
    retryable: false,
    meaning: 'An event of the log, in the newest form of its type, does not fit the schema of the type.',
  },
  event_type_unknown: {
    retryable: false,
    meaning: 'The stream of an aggregate has an event of a type that the aggregate does not handle.',
  },
  invalid_commit: {
    retryable: false,
    meaning: 'A commit is empty or too large, or it expects an impossible version.',
  },
  invalid_query: { retryable: false, meaning: 'A query has no items, or it has an item without a constraint.' },
  invalid_position: { retryable: false, meaning: 'A position or version is not a whole number in the allowed range.' },
  invalid_time: {
    retryable: false,
    meaning: 'A time is not an RFC 3339 date or date-time, or the clock of a store does not return a time.',
  },
  invalid_duration: {
    retryable: false,
    meaning: 'A duration is not a number of milliseconds that is 0 or more.',
  },
  invalid_command: { retryable: false, meaning: 'The input of a command does not fit its schema.' },
  access_denied: { retryable: false, meaning: 'No grant allows the principal to do this, or to see it.' },
  invalid_declaration: {
    retryable: false,
    meaning: 'The declaration of an aggregate, projection, saga or system cannot work.',
  },
  board_invalid: {
    retryable: false,
    meaning:
      'An Event Storming board has lines that are not understood, or leaves questions open that a system needs answered.',
  },
  reserved_name: {
    retryable: false,
    meaning: 'A stream, event type, tag or command id begins with "$". Such names are reserved for Indelible.',
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
  invalid_tenant_name: {
    retryable: false,
    meaning: 'A name cannot be that of a tenant: it has other characters than a-z, 0-9 and "-", or is too long.',
  },
  unknown_tenant: { retryable: false, meaning: 'There is no tenant with that name, or the system has no tenants.' },
  tenant_exists: { retryable: false, meaning: 'There is a tenant with that name already.' },
  tenants_busy: {
    retryable: true,
    meaning: 'As many tenants are open as the process may have open at the same time, and all of them have work.',
  },
  key_missing: { retryable: false, meaning: 'There is no API key with that id.' },
  schedule_missing: { retryable: false, meaning: 'No command was scheduled with that id.' },
  schedule_id_reused: {
    retryable: false,
    meaning: 'The id of a schedule was used before, with another command or another time.',
  },
  unknown_command: { retryable: false, meaning: 'The system declares no command with that name for that aggregate.' },
  unknown_projection: { retryable: false, meaning: 'The system declares no projection with that name.' },
  unknown_event_type: {
    retryable: false,
    meaning: 'No code declares an event type with that name, nobody registered it, and the log has no event of it.',
  },
  schema_file_invalid: { retryable: false, meaning: 'The file is not one of event schemas, or lacks something.' },
  unknown_saga: { retryable: false, meaning: 'The system declares no saga with that name.' },
  command_id_reused: {
    retryable: false,
    meaning: 'The command id was used before, with another command or another input.',
  },
  command_claimed: {
    retryable: false,
    meaning: 'The command id was claimed, so that a command with this id is not carried out any more.',
  },
  schema_async: {
    retryable: false,
    meaning: 'A schema validates asynchronously. Commands and events need synchronous schemas.',
  },
  impure_aggregate: {
    retryable: false,
    meaning:
      'decide or evolve used a clock, randomness, I/O, the environment or the locale, returned a promise, changed its input, or answered differently to the same input.',
  },
  impure_saga: {
    retryable: false,
    meaning:
      'A function of a saga used a clock, randomness, I/O, the environment or the locale, returned a promise, changed its input, or answered differently to the same input.',
  },
  impure_policy: {
    retryable: false,
    meaning:
      'A policy used a clock, randomness, I/O, the environment or the locale, returned a promise, changed its input, or answered differently to the same input.',
  },
  impure_projector: {
    retryable: false,
    meaning:
      'A handler or key function of a projection used a clock, randomness, I/O, the environment or the locale, returned a promise, changed its input, or answered differently to the same input.',
  },
  row_missing: {
    retryable: false,
    meaning: 'A handler of a projection needs a row that its read table does not have.',
  },
  invalid_row: { retryable: false, meaning: 'A row does not fit the columns of its read table.' },
  invalid_select: {
    retryable: false,
    meaning:
      'What was asked of a read table does not fit its columns or exceeds a limit: where, orderBy, after or limit.',
  },
  projection_parked: {
    retryable: false,
    meaning: 'The projection stopped at an event that its handler could not handle.',
  },
  projection_busy: {
    retryable: true,
    meaning:
      'The table of the projection is already being rebuilt or compared with the log, or the process does that for as many tables as it may at the same time.',
  },
  projections_ended: {
    retryable: true,
    meaning:
      'The thread that runs the projections ended, or it does not answer. A thread that ended is started again automatically.',
  },
  table_mismatch: {
    retryable: false,
    meaning: 'A rebuilt table differs from a second fold of the log. It did not replace the live table.',
  },
  table_outdated: {
    retryable: true,
    meaning:
      'Another version of the code filled the read table, with other columns. The process that runs the projections with this version rebuilds the table.',
  },
  wait_timeout: {
    retryable: true,
    meaning:
      'The projection, saga, reaction or subscription did not reach the position or state within the time limit.',
  },
  lease_lost: {
    retryable: true,
    meaning: 'Another process runs the consumer now, so what this one keeps of it is not written any more.',
  },
  store_closed: { retryable: false, meaning: 'The store was closed.' },
  store_read_only: { retryable: false, meaning: 'The store is open for reading only.' },
  store_locked: { retryable: true, meaning: 'Another process has this log open for writing.' },
  store_full: { retryable: true, meaning: 'The disk or its quota is full. Nothing was written, and reads still work.' },
  store_poisoned: {
    retryable: false,
    meaning: 'A write or sync failed, so the state on disk is unknown. Open the store again: that checks it.',
  },
  append_unknown: {
    retryable: true,
    meaning:
      'The connection to the database of the log broke during an append, and the database could not be asked in time what it had written. Send the commit again with the same command id: it is written once. Without a command id, look first.',
  },
  durability_missing: {
    retryable: true,
    meaning:
      'The database of the log does not keep an append as safely as the options ask for, for example because it has no synchronous standby. Nothing was written.',
  },
  store_missing: {
    retryable: false,
    meaning: 'There is no log in that directory, or no schema of event logs in that database.',
  },
  log_corrupt: {
    retryable: false,
    meaning: 'A stored byte is not the byte that was written. The log is not opened and not changed.',
  },
  log_format_unknown: { retryable: false, meaning: 'The log was written by another version of Indelible.' },
  index_damaged: {
    retryable: true,
    meaning: 'An index file is damaged. The log is complete, and the index can be rebuilt from it.',
  },
  index_missing: {
    retryable: true,
    meaning: 'A large part of the log has no index yet. Open the log for writing, or rebuild its index.',
  },
  store_unfinished: {
    retryable: false,
    meaning: 'The log is a copy that is not finished: it can be read, and only the copier writes it.',
  },
  store_retired: {
    retryable: false,
    meaning: 'The log was closed for writing for good, because its history goes on in a copy of it.',
  },
  copy_mismatch: {
    retryable: false,
    meaning:
      'A log cannot be copied there: what is there is another log, has commits that this log does not have, or is finished; or the commits do not follow.',
  },
  copy_differs: {
    retryable: false,
    meaning: 'A copy was compared with its log, event by event, and differs from it.',
  },
  backup_mismatch: {
    retryable: false,
    meaning:
      'A directory cannot take the backup of this log: it contains another log, commits that this log does not have, or other files.',
  },
  config_invalid: {
    retryable: false,
    meaning: 'An indelible.config.ts cannot be loaded, or something required is missing in it.',
  },
  consumer_damaged: {
    retryable: false,
    meaning: 'The stored record of a reaction, subscription or saga is damaged, so its checkpoint is unknown.',
  },
  unknown_consumer: {
    retryable: false,
    meaning: 'The system declares no projection, saga, reaction or subscription with that name.',
  },
  consumer_parked: {
    retryable: false,
    meaning: 'A reaction or subscription stopped at an event that its code could not handle.',
  },
  consumer_diverged: {
    retryable: false,
    meaning:
      'The checkpoint of a reaction or subscription belongs to another history than the log has. Resume it to go on at the end of the log.',
  },
  remote_unavailable: {
    retryable: true,
    meaning:
      'Another system did not answer, or its answer says nothing of what it did. It may have done what was asked.',
  },
  remote_rejected: {
    retryable: false,
    meaning: 'Another system cannot do what was asked: it does not know the command, or does not accept the request.',
  },
  feed_diverged: {
    retryable: false,
    meaning:
      'The place of a reader of the feed belongs to another history than the log has: the log was restored from an older copy, or it is another log.',
  },
  proof_invalid: {
    retryable: false,
    meaning: 'A proof, a checkpoint or a key has a wrong form, or does not prove what it should.',
  },
  proofs_missing: {
    retryable: false,
    meaning: 'The system keeps no Merkle tree of its log, or the tree has no checkpoint yet.',
  },
  proofs_damaged: {
    retryable: false,
    meaning: 'A tile of the Merkle tree is missing or is not what was written. A restart builds the tiles again.',
  },
  tree_diverged: {
    retryable: false,
    meaning:
      'The log is not the one that was signed: it was rewritten, cut short or forked. No checkpoint is signed until the right log is back.',
  },
  table_too_large: {
    retryable: false,
    meaning:
      'More rows than are kept in memory would be needed for a live feed of a read table. Ask for fewer with a condition.',
  },
  what_if_too_large: {
    retryable: false,
    meaning:
      'More events would have to be played again than are kept in memory. Let the what-if begin later in the log.',
  },
  aborted: { retryable: true, meaning: 'The caller aborted the operation before it was done.' },
  io_failed: { retryable: true, meaning: 'The operating system refused a read or write.' },
  table_diverged: {
    retryable: true,
    meaning:
      'A read table was made from another history than the log has: the log was restored from an older copy, or the table belongs to another log. The table is rebuilt.',
  },
  tables_unavailable: {
    retryable: true,
    meaning: 'The database of the read tables does not answer, refuses the request, or has no such table.',
  },
} as const satisfies Record<string, { retryable: boolean; meaning: string }>

export type ErrorCode = keyof typeof errorCodes

/** A fault. Recognise it by its `code` (see {@link errorCodes}). `details` contains data for programs. */
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

/** True for an error of Indelible, with that code if one is given. Works across copies of the library and across worker threads. */
export function isIndelibleError(error: unknown, code?: ErrorCode): error is IndelibleError {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false
  return code === undefined
    ? typeof error.code === 'string' && Object.hasOwn(errorCodes, error.code)
    : error.code === code
}
