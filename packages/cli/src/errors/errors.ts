// The errors of the command line, in addition to those of the library. They too have a closed set of codes.

export const cliErrorCodes = {
  usage: 'The arguments are wrong.',
  config_missing: 'The command needs a config and none was found, or the given file does not exist.',
  config_invalid: 'The config cannot be loaded, or its default export is wrong.',
  unknown_category: 'The config declares no aggregate of that category.',
  stream_missing: 'The log has no event of that stream.',
  aggregate_missing: 'The log has no event of that aggregate.',
  point_missing: 'The log or the aggregate has not reached that point of history, or did not exist at that time.',
  fold_failed: 'The evolve function of the aggregate threw for an event in the log.',
  open_tables_failed: 'The function openTables of the config threw.',
  table_missing: 'The read table of that projection does not exist yet.',
  tables_diverged: 'Read tables were built from another history than that of the log.',
  review_findings: 'A review has findings that the config does not accept.',
  decisions_differ: 'A recorded command would be decided differently by the code of the config.',
  table_differs: 'A read table has other rows than the projection makes from the log.',
  sagas_unfit: 'A saga has an error, or an open instance does not fit the code.',
  saga_unchanged: 'The saga does not wait for that, or does not run any more.',
  schedule_unchanged: 'The scheduled command was already sent or cancelled.',
  key_unchanged: 'The API key was already revoked.',
  log_in_use: 'A running system has the log open for writing.',
  schemas_incompatible: 'The code cannot read what was recorded, or it cannot be told whether it can.',
  schema_file_missing: 'The file of event schemas does not exist.',
  documents_differ: 'The written documents are not those of the declaration.',
  bundle_unreadable: 'The file is not a bundle of evidence, or is damaged.',
  evidence_invalid: 'A bundle of evidence does not prove what it says.',
  doctor_failed: 'The doctor found something that must be mended.',
  server_unreachable: 'No server answers at the given URL.',
  server_failed: 'The server sent an unexpected response.',
  output_failed: 'The output could not be written.',
  interrupted: 'The command was interrupted.',
} as const

export type CliErrorCode = keyof typeof cliErrorCodes

/** An expected failure. Its message says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: CliErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: CliErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
  }
}
