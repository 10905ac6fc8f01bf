// Sends a request to the HTTP API of a running system. It does not use `fetch`, which times out if the response takes minutes.
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import { type ErrorCode, errorCodes, IndelibleError } from 'indelible'
import { CliError } from '../errors/index.ts'

export interface ApiRequest {
  readonly method: 'GET' | 'POST'
  /** Path and query, relative to the URL of the API. */
  readonly path: string
  readonly signal: AbortSignal
}

/** Throws the error of the server, `server_unreachable` or `server_failed`. */
export async function sendRequest(api: URL, { method, path, signal }: ApiRequest): Promise<unknown> {
  const url = new URL(api.pathname.replace(/\/$/, '') + path, api)
  const { status, body } = await responseOf(url, { method, signal })
  if (status === 200 && body !== undefined) return body
  throw errorOf(url, status, (body ?? {}) as Problem)
}

interface ApiResponse {
  readonly status: number
  /** Undefined if it is not JSON. */
  readonly body: unknown
}

function responseOf(url: URL, { method, signal }: Omit<ApiRequest, 'path'>): Promise<ApiResponse> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException) => {
      const why = cause.code ?? cause.message
      const message = `No answer from ${url.origin}: ${why}. Give the URL of a running server.`
      reject(new CliError('server_unreachable', message, { details: { url: url.href }, cause }))
    }
    const headers = { Accept: 'application/json' }
    // Without an agent no connection stays open when the command ends.
    const outgoing = request(url, { method, headers, signal, agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode!, body: parsed(body) }), failed)
    })
    outgoing.once('error', failed).end()
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A problem document (RFC 9457). */
interface Problem {
  readonly type?: string
  readonly title?: string
  readonly detail?: string
  readonly details?: Record<string, unknown>
}

function errorOf(url: URL, status: number, { type, title, detail, details }: Problem): Error {
  const code = /^urn:indelible:error:(\w+)$/.exec(type ?? '')?.[1]
  if (code === undefined) return unexpectedResponse(url, status)
  // Without details the server hides the cause. Its title says what kind of error it was.
  const message = details === undefined ? `${title} ${detail}` : detail!
  if (Object.hasOwn(errorCodes, code)) return new IndelibleError(code as ErrorCode, message, details ? { details } : {})
  return new CliError('server_failed', `${url.href} answered ${status}: ${message}`, {
    details: { url: url.href, status, type },
  })
}

/** The fault if the response is not one of an Indelible server. */
export function unexpectedResponse({ href }: URL, status: number): CliError {
  return new CliError(
    'server_failed',
    `${href} answered ${status}, but it is not an Indelible server. Give the URL of its HTTP API, for example http://127.0.0.1:3000`,
    { details: { url: href, status } },
  )
}
