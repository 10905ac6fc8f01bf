// From errors to HTTP: the one place where a code meets a status. Every answer that is no success is a problem document (RFC 9457).
import { type ErrorCode, errorCodes, type IndelibleError, isIndelibleError } from 'indelible'
import { type JsonAnswer, json, positionHeader } from './answers.ts'
import { retryAfterSeconds } from './limits.ts'

/** The HTTP status of every error of the core. */
export const statusOf: Readonly<Record<ErrorCode, number>> = {
  invalid_stream_name: 400,
  invalid_position: 400,
  invalid_time: 400,
  invalid_duration: 400,
  invalid_command: 400,
  reserved_name: 400,
  unknown_command: 404,
  unknown_projection: 404,
  unknown_saga: 404,
  unknown_consumer: 404,
  consumer_damaged: 500,
  consumer_parked: 503,
  consumer_diverged: 503,
  config_invalid: 500,
  projection_busy: 409,
  // As draft-ietf-httpapi-idempotency-key-header has it for a key that was used for something else.
  command_id_reused: 422,
  // No request can cause these unless the domain's code or the server's is wrong.
  invalid_event: 500,
  event_version_unknown: 500,
  upcast_failed: 500,
  invalid_commit: 500,
  invalid_query: 500,
  invalid_declaration: 500,
  schema_async: 500,
  impure_aggregate: 500,
  impure_projector: 500,
  row_missing: 500,
  // Filters and cursors, the only rows that come in by HTTP, are checked before.
  invalid_row: 500,
  table_mismatch: 500,
  store_missing: 500,
  log_corrupt: 500,
  log_format_unknown: 500,
  backup_mismatch: 500,
  projection_parked: 503,
  projections_ended: 503,
  store_closed: 503,
  store_read_only: 503,
  store_locked: 503,
  index_damaged: 503,
  index_missing: 503,
  store_poisoned: 503,
  aborted: 503,
  io_failed: 503,
  table_diverged: 503,
  table_outdated: 503,
  tables_unavailable: 503,
  wait_timeout: 504,
  store_full: 507,
}

/** What can be wrong with a request that the core never gets to see. */
export const httpErrors = {
  malformed_url: { status: 400, meaning: 'The address is not valid percent-encoded UTF-8, or the host is not one.' },
  malformed_body: { status: 400, meaning: 'The body is not JSON in UTF-8.' },
  invalid_parameter: { status: 400, meaning: 'A parameter is unknown, given twice, or has a value it cannot have.' },
  cross_site: { status: 403, meaning: 'A web page of another site may not change anything here.' },
  // Not 421, for which browsers ask a second time.
  host_not_allowed: { status: 403, meaning: 'The server does not answer to the name of the host that was asked for.' },
  unknown_route: { status: 404, meaning: 'There is nothing at this address.' },
  unknown_aggregate: { status: 404, meaning: 'The system declares no aggregate of that name.' },
  stream_missing: { status: 404, meaning: 'The stream has no events.' },
  aggregate_missing: { status: 404, meaning: 'The aggregate has no events, or had none at that point of history.' },
  saga_missing: { status: 404, meaning: 'No saga with that id has started.' },
  method_not_allowed: { status: 405, meaning: 'This address does not take that method.' },
  overtaken: { status: 409, meaning: 'Others kept changing the aggregate before this command could; send it again.' },
  version_mismatch: { status: 412, meaning: 'The aggregate is not at the version that If-Match names.' },
  body_too_large: { status: 413, meaning: 'The body has more bytes than the server takes.' },
  content_type_unsupported: { status: 415, meaning: 'The body must be JSON, in UTF-8 and not compressed.' },
  too_many_waits: { status: 503, meaning: 'As many requests wait for a table or a saga already as may at once.' },
  internal: { status: 500, meaning: 'Something is wrong inside the server.' },
} as const satisfies Record<string, { status: number; meaning: string }>

export type HttpErrorCode = keyof typeof httpErrors

/** A request that the server cannot serve; told apart by `code`, like the errors of the core. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly code: HttpErrorCode
  readonly members: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: HttpErrorCode,
    message: string,
    { members = {}, headers = {} }: { members?: Record<string, unknown>; headers?: Record<string, string> } = {},
  ) {
    super(message)
    this.code = code
    this.members = members
    this.headers = headers
  }
}

/** Faults on our side whose message was made for the one who asks; all others are told by their meaning only. */
const told: ReadonlySet<ErrorCode> = new Set([
  'wait_timeout',
  'projection_parked',
  'table_mismatch',
  'table_outdated',
  'table_diverged',
  'aborted',
])

/** The problem document of anything thrown. What it keeps to itself goes to `onSecret`. */
export function problemOf(error: unknown, onSecret: (error: unknown) => void): Response {
  if (error instanceof HttpError) {
    const { status, meaning } = httpErrors[error.code]
    const { members, headers } = error
    return problem(errorType(error.code), meaning, error.message, { status, members, headers })
  }
  if (isIndelibleError(error)) {
    const { code } = error
    const { meaning, retryable } = errorCodes[code]
    const status = statusOf[code]
    if (status < 500 || told.has(code)) {
      const members = { retryable, details: error.details }
      return problem(errorType(code), meaning, error.message, { status, members, headers: headersOf(error) })
    }
    onSecret(error)
    return problem(errorType(code), meaning, secret, { status, members: { retryable }, headers: headersOf(error) })
  }
  onSecret(error)
  const { status, meaning } = httpErrors.internal
  return problem(errorType('internal'), meaning, secret, { status })
}

/** `members` are the extension members of RFC 9457, section 3.2. */
export function problem(
  type: string,
  title: string,
  detail: string,
  { status, members = {}, headers = {} }: { status: number; members?: object; headers?: JsonAnswer['headers'] },
): Response {
  return json({ type, title, status, detail, ...members }, { status, headers, contentType: 'application/problem+json' })
}

export function errorType(code: ErrorCode | HttpErrorCode): string {
  return `urn:indelible:error:${code}`
}

const secret = 'What happened was reported to those who run the server.'

function headersOf({ code, retryable, details }: IndelibleError): Record<string, string> {
  return {
    ...(retryable ? { 'Retry-After': String(retryAfterSeconds) } : {}),
    ...(code === 'wait_timeout' && 'reached' in details ? { [positionHeader]: String(details.reached) } : {}),
  }
}
