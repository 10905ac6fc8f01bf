// Sends a request to the HTTP API of a running system. It does not use `fetch`, which times out if the response takes minutes.
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ApiRequest, errorOf } from '@indelible/server'
import { isIndelibleError } from 'indelible'
import { CliError } from '../errors/index.ts'

/** Returns the JSON body of a response with success. Throws the error of the server, `server_unreachable` or `server_failed`. */
export async function sendRequest(api: URL, request: ApiRequest, signal: AbortSignal): Promise<unknown> {
  const url = new URL(api.origin + api.pathname.replace(/\/+$/, '') + request.path)
  const { status, body, retryAfterMs } = await responseOf(url, request, signal)
  // Refused before anything was done. An export asks for page after page, and goes on at the pace that the server allows.
  if (status === tooManyRequests && retryAfterMs !== undefined) {
    await sleep(retryAfterMs, undefined, { signal })
    return await sendRequest(api, request, signal)
  }
  if (status === 200 && body !== undefined) return body
  throw failureOf(url, status, body)
}

const tooManyRequests = 429

interface ApiResponse {
  readonly status: number
  readonly retryAfterMs: number | undefined
  /** Undefined if it is not JSON. */
  readonly body: unknown
}

function responseOf(url: URL, { method, headers, body }: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException) => {
      const why = cause.code ?? cause.message
      const message = `No answer from ${url.origin}: ${why}. Give the URL of a running server.`
      reject(new CliError('server_unreachable', message, { details: { url: url.href }, cause }))
    }
    // Without an agent no connection stays open when the command ends.
    const options = { method, headers: { Accept: 'application/json', ...headers }, signal, agent: false }
    const outgoing = request(url, options, (response) => {
      const seconds = Number(response.headers['retry-after'])
      const retryAfterMs = Number.isSafeInteger(seconds) && seconds > 0 ? seconds * 1000 : undefined
      text(response).then((text) => resolve({ status: response.statusCode!, body: parsed(text), retryAfterMs }), failed)
    })
    outgoing.once('error', failed).end(body)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function failureOf(url: URL, status: number, body: unknown): Error {
  const error = errorOf(body)
  if (!error) return unexpectedResponse(url, status)
  if (isIndelibleError(error)) return error
  const hint = status === 401 ? ' Give a key with --key-file FILE, or in INDELIBLE_KEY.' : ''
  return new CliError('server_failed', `${url.href} answered ${status}: ${error.message}${hint}`, {
    details: { url: url.href, status, code: error.code },
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
