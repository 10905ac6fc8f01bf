// One request to the HTTP API of a running system. Not by `fetch`, which gives up on an answer that takes minutes to come.
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import { type ErrorCode, errorCodes, IndelibleError } from 'indelible'
import { CliError } from '../errors/index.ts'

export interface ApiRequest {
  readonly method: 'GET' | 'POST'
  /** With its query, below the address of the API. */
  readonly path: string
  readonly signal: AbortSignal
}

/** Throws what the server says is wrong, `server_unreachable` or `server_failed`. */
export async function sendRequest(api: URL, { method, path, signal }: ApiRequest): Promise<unknown> {
  const url = new URL(api.pathname.replace(/\/$/, '') + path, api)
  const { status, body } = await responseOf(url, { method, signal })
  if (status === 200 && body !== undefined) return body
  throw errorOf(url, status, (body ?? {}) as Problem)
}

interface ApiResponse {
  readonly status: number
  /** Nothing where it is no JSON. */
  readonly body: unknown
}

function responseOf(url: URL, { method, signal }: Omit<ApiRequest, 'path'>): Promise<ApiResponse> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException) => {
      const why = cause.code ?? cause.message
      const message = `No answer from ${url.origin}: ${why}. Give the address of a server that runs.`
      reject(new CliError('server_unreachable', message, { details: { url: url.href }, cause }))
    }
    const headers = { Accept: 'application/json' }
    // A connection of its own: none is left open when the command ends.
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
  // Without details the server keeps to itself what happened, and its title says what kind of thing it was.
  const message = details === undefined ? `${title} ${detail}` : detail!
  if (Object.hasOwn(errorCodes, code)) return new IndelibleError(code as ErrorCode, message, details ? { details } : {})
  return new CliError('server_failed', `${url.href} answered ${status}: ${message}`, {
    details: { url: url.href, status, type },
  })
}

/** Something else listens there. */
export function unexpectedResponse({ href }: URL, status: number): CliError {
  return new CliError(
    'server_failed',
    `${href} answered ${status}, and not as Indelible does. Give the address of its HTTP API, for example http://127.0.0.1:3000`,
    { details: { url: href, status } },
  )
}
