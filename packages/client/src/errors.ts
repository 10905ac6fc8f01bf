// The one error of the client. Tell errors apart by their code.
import type { ErrorCode } from 'indelible'

/** The errors that no server sends. */
export const clientCodes = {
  unreachable: 'No answer came: the server cannot be reached, or the connection broke.',
  timeout: 'No answer came in time.',
  aborted: 'The caller gave up, by its signal.',
  unexpected_answer: 'Something other than an Indelible server answered, for example a proxy.',
  token_failed: 'The function that gives the token failed.',
  invalid_request: 'The client cannot send this request.',
} as const

export type ClientCode = keyof typeof clientCodes

/**
 * A request that failed. `code` is one of {@link clientCodes}, or the code of the problem document of the server (docs/errors.md), such as `access_denied`.
 * A refusal of the domain is an outcome of a command and no error.
 */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientCode | ErrorCode | (string & {})
  /** The HTTP status; undefined if there was no answer. */
  readonly status: number | undefined
  /** Facts for programs. An error of a command has its `commandId`: sent again with it, the command is carried out at most once. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: ClientError['code'],
    message: string,
    { status, details = {}, cause }: { status?: number; details?: ClientError['details']; cause?: unknown } = {},
  ) {
    super(message, { cause })
    this.code = code
    this.status = status
    this.details = details
  }
}

/** Whether something is an error of the client, with this code if one is given. It works across realms and copies of this package. */
export function isClientError(error: unknown, code?: ClientError['code']): error is ClientError {
  return (
    error instanceof Error &&
    error.name === 'ClientError' &&
    (code === undefined || (error as ClientError).code === code)
  )
}

/** A problem document (RFC 9457) as the server writes it. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly detail: string
  readonly retryable?: boolean
  readonly details?: Readonly<Record<string, unknown>>
  readonly [member: string]: unknown
}

export const errorTypePrefix = 'urn:indelible:error:'
export const refusalTypePrefix = 'urn:indelible:refusal:'

/** The error that an answer stands for. */
export function errorOf(status: number, problem: Problem | undefined): ClientError {
  if (problem === undefined)
    return new ClientError('unexpected_answer', `The answer has the status ${status}, and no problem document.`, {
      status,
    })
  const { type, title, detail, details = {} } = problem
  const code = type.startsWith(errorTypePrefix) ? type.slice(errorTypePrefix.length) : 'unexpected_answer'
  return new ClientError(code, problem.details === undefined ? `${title} ${detail}` : detail, { status, details })
}
