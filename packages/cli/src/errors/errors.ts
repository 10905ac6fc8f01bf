// What can go wrong on the command line besides the library's own errors, again told apart by a closed set of codes.

export const cliErrorCodes = {
  usage: 'The command line cannot be understood.',
  config_missing: 'No config was found and the command needs one, or the file given is not there.',
  config_invalid: 'The config cannot be loaded, or does not export what it should.',
  unknown_category: 'The config declares no aggregate of that category.',
  stream_missing: 'The log has no event of that stream.',
  aggregate_missing: 'The log has no event of that aggregate.',
  point_missing: 'The log or the aggregate has not got to that point of history, or had not begun by then.',
  fold_failed: 'The declared evolve code threw on an event of the log.',
  open_tables_failed: 'The function of the config that opens the read tables threw.',
  table_missing: 'There is no read table of that projection yet.',
  tables_diverged: 'Read tables were made from another history than that of the log.',
  table_differs: 'A read table has other rows than the log makes.',
  server_unreachable: 'No server answers at the address that was given.',
  server_failed: 'The server answered with something that the command line cannot make sense of.',
  output_failed: 'The output could not be written.',
  interrupted: 'It was interrupted before it was done.',
} as const

export type CliErrorCode = keyof typeof cliErrorCodes

/** An expected failure. Its message says what to do instead. */
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
