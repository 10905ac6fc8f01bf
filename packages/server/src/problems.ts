// Maps errors to HTTP. This is the only place that maps a code to a status. Every response without success is a problem document (RFC 9457).
import { type ErrorCode, errorCodes, IndelibleError, isIndelibleError } from 'indelible'
import { type JsonAnswer, json, positionHeader } from './answers.ts'
import { retryAfterSeconds } from './limits.ts'

/** The HTTP status of every error of the core. */
export const statusOf: Readonly<Record<ErrorCode, number>> = {
  invalid_stream_name: 400,
  invalid_position: 400,
  invalid_time: 400,
  invalid_duration: 400,
  invalid_command: 400,
  invalid_parameter: 400,
  reserved_name: 400,
  access_denied: 403,
  unknown_aggregate: 404,
  aggregate_missing: 404,
  stream_missing: 404,
  saga_missing: 404,
  schedule_missing: 404,
  key_missing: 404,
  invalid_tenant_name: 400,
  unknown_tenant: 404,
  tenant_exists: 409,
  tenants_busy: 503,
  unknown_command: 404,
  unknown_projection: 404,
  unknown_saga: 404,
  unknown_event_type: 404,
  unknown_consumer: 404,
  consumer_damaged: 500,
  consumer_parked: 503,
  consumer_diverged: 503,
  config_invalid: 500,
  projection_busy: 409,
  // draft-ietf-httpapi-idempotency-key-header defines 422 for a key that was used with another request.
  command_id_reused: 422,
  command_claimed: 422,
  feed_diverged: 409,
  schedule_id_reused: 422,
  // A request cannot cause these unless the code of the domain or of the server has a bug.
  invalid_event: 500,
  event_version_unknown: 500,
  upcast_failed: 500,
  recorded_event_invalid: 500,
  event_type_unknown: 500,
  invalid_commit: 500,
  invalid_query: 500,
  invalid_declaration: 500,
  board_invalid: 500,
  schema_async: 500,
  impure_aggregate: 500,
  impure_saga: 500,
  impure_policy: 500,
  impure_projector: 500,
  row_missing: 500,
  // No request has rows.
  invalid_row: 500,
  // Filters, order and cursor of a request are checked before.
  invalid_select: 500,
  table_mismatch: 500,
  // No request is passed on to another system.
  remote_rejected: 500,
  // No request brings a file.
  schema_file_invalid: 500,
  store_missing: 500,
  log_corrupt: 500,
  log_format_unknown: 500,
  backup_mismatch: 500,
  copy_mismatch: 500,
  copy_differs: 500,
  projection_parked: 503,
  projections_ended: 503,
  store_closed: 503,
  store_read_only: 503,
  store_unfinished: 503,
  store_retired: 503,
  store_locked: 503,
  index_damaged: 503,
  index_missing: 503,
  store_poisoned: 503,
  append_unknown: 503,
  durability_missing: 503,
  proof_invalid: 400,
  proofs_missing: 404,
  proofs_damaged: 503,
  what_if_too_large: 413,
  table_too_large: 413,
  tree_diverged: 503,
  aborted: 503,
  lease_lost: 503,
  io_failed: 503,
  table_diverged: 503,
  table_outdated: 503,
  tables_unavailable: 503,
  remote_unavailable: 503,
  wait_timeout: 504,
  store_full: 507,
}

/** Errors of requests that do not reach the core. */
export const httpErrors = {
  malformed_url: { status: 400, meaning: 'The URL is not valid percent-encoded UTF-8, or its host is not valid.' },
  malformed_body: { status: 400, meaning: 'The body is not JSON in UTF-8.' },
  unauthenticated: { status: 401, meaning: 'The request shows no identity that is known and valid here.' },
  actor_not_allowed: { status: 403, meaning: 'X-Actor names another actor than the one that the request is from.' },
  identity_unavailable: {
    status: 503,
    meaning:
      'It cannot be checked now who the request is from, because a provider does not answer or too many keys are being checked.',
  },
  cross_site: { status: 403, meaning: 'A web page of another site must not change anything here.' },
  // Not 421, because browsers repeat the request after it.
  host_not_allowed: { status: 403, meaning: 'The server does not accept the host name of the request.' },
  unknown_route: { status: 404, meaning: 'There is nothing at this path.' },
  method_not_allowed: { status: 405, meaning: 'This path does not allow that method.' },
  overtaken: {
    status: 409,
    meaning: 'Other commands changed the aggregate at the same time, again and again. Send the command again.',
  },
  version_mismatch: { status: 412, meaning: 'The aggregate is not at the version in If-Match.' },
  body_too_large: { status: 413, meaning: 'The body has more bytes than the server accepts.' },
  content_type_unsupported: { status: 415, meaning: 'The body must be JSON, in UTF-8 and not compressed.' },
  response_too_large: {
    status: 413,
    meaning: 'The response would have more bytes than the server sends. Ask for less.',
  },
  url_too_long: { status: 414, meaning: 'The path and query have more bytes than the server accepts.' },
  expectation_unsupported: { status: 417, meaning: 'The server knows no expectation other than 100-continue.' },
  too_many_requests: { status: 429, meaning: 'The caller sent too many requests. Wait as long as Retry-After says.' },
  headers_too_large: { status: 431, meaning: 'The headers are too many, or have more bytes than the server accepts.' },
  request_timeout: { status: 408, meaning: 'The request did not arrive in time.' },
  malformed_request: { status: 400, meaning: 'The request is not HTTP.' },
  server_busy: { status: 503, meaning: 'The server has no place for this request now. Send it again later.' },
  work_timeout: { status: 504, meaning: 'The answer was not ready in time.' },
  too_many_waits: {
    status: 503,
    meaning: 'The maximum number of requests that wait for a table or a saga is reached.',
  },
  too_many_feeds: { status: 503, meaning: 'The maximum number of live feeds is reached.' },
  internal: { status: 500, meaning: 'The server has an internal error.' },
} as const satisfies Record<string, { status: number; meaning: string }>

export type HttpErrorCode = keyof typeof httpErrors

/** A request that the server cannot serve. It has a `code`, like the errors of the core. */
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

/** Faults of the server whose message is meant for the client. For all others the client gets only the meaning of the code. */
const disclosed: ReadonlySet<ErrorCode> = new Set([
  'wait_timeout',
  'projection_parked',
  'table_mismatch',
  'table_outdated',
  'table_diverged',
  'aborted',
])

/** Errors whose details are members of the problem document too. */
const membersToo: ReadonlySet<ErrorCode> = new Set(['invalid_parameter', 'aggregate_missing'])

export function invalid(parameter: string, message: string): IndelibleError {
  return new IndelibleError('invalid_parameter', message, { details: { parameter } })
}

/** The problem document for any error. An error whose message is hidden from the client goes to `onSecret`. */
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
    if (status < 500 || disclosed.has(code)) {
      const members = { retryable, details: error.details, ...(membersToo.has(code) ? error.details : {}) }
      return problem(errorType(code), meaning, error.message, { status, members, headers: headersOf(error) })
    }
    onSecret(error)
    return problem(errorType(code), meaning, secret, { status, members: { retryable }, headers: headersOf(error) })
  }
  onSecret(error)
  const { status, meaning } = httpErrors.internal
  return problem(errorType('internal'), meaning, secret, { status })
}

/** What a client of a live feed gets to know of an error. An error whose message is hidden from the client goes to `onSecret`. */
export function shownError(error: unknown, onSecret: (error: unknown) => void): { code: string; message: string } {
  const isShown = isIndelibleError(error) && (statusOf[error.code] < 500 || disclosed.has(error.code))
  if (isShown || error instanceof HttpError) return { code: error.code, message: error.message }
  onSecret(error)
  return { code: isIndelibleError(error) ? error.code : 'internal', message: secret }
}

/** `members` are extension members (RFC 9457, section 3.2). */
export function problem(
  type: string,
  title: string,
  detail: string,
  { status, members = {}, headers = {} }: { status: number; members?: object; headers?: JsonAnswer['headers'] },
): Response {
  return json({ type, title, status, detail, ...members }, { status, headers, contentType: 'application/problem+json' })
}

export const errorTypePrefix = 'urn:indelible:error:'

export function errorType(code: ErrorCode | HttpErrorCode): string {
  return errorTypePrefix + code
}

const secret = 'The error was reported to the operator of the server.'

function headersOf({ code, retryable, details }: IndelibleError): Record<string, string> {
  return {
    ...(retryable ? { 'Retry-After': String(retryAfterSeconds) } : {}),
    ...(code === 'wait_timeout' && 'reached' in details ? { [positionHeader]: String(details.reached) } : {}),
  }
}

/** A reference to {@link problemSchema} in the OpenAPI document. */
export const problemRef = { $ref: '#/components/schemas/Problem' }

export const problemSchema = {
  description: 'A problem document (RFC 9457). Tell problems apart by type.',
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    retryable: { type: 'boolean', description: 'Whether the same request may succeed later.' },
    reason: { type: 'string', description: 'Why the domain refused the command.' },
    details: { type: 'object', description: 'Facts for programs.' },
    parameter: { type: 'string', description: 'The parameter that is wrong.' },
    stream: { type: 'string' },
    version: { type: 'integer', description: 'The current version of the stream.' },
  },
}
