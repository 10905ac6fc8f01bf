// A connection to another system over its HTTP API. Whatever is not a clear answer counts as none: nobody knows then what the other system did.
import { type ErrorCode, IndelibleError, isIndelibleError, type RemoteConnection } from 'indelible'
import { checkedDuration } from 'indelible/adapter'
import { type Operation, remoteConnection } from 'indelible/operations'
import { errorOf, requestOf, resultOf } from './client.ts'
import { refusalOf } from './command-answers.ts'
import { addressOf, checkedHeaders, checkedUrl, joinedHeaders, whyNot } from './http-connection.ts'
import { answerTimeoutMsDefault } from './limits.ts'

export interface HttpSystemOptions {
  /** The URL of its HTTP API: `https://partner.example`. */
  readonly url: string | URL
  /** Sent with every request, for example what a proxy before the other system asks for. */
  readonly headers?: Readonly<Record<string, string>>
  /** How long it may take to answer, in milliseconds: 10,000 by default. Then nobody knows what it did, and it is asked again. */
  readonly timeoutMs?: number
}

/** Connects to another system: `remotes: { partner: httpSystem({ url: 'https://partner.example' }) }`. Throws `config_invalid`, `invalid_duration`. */
export function httpSystem({
  url,
  headers = {},
  timeoutMs = answerTimeoutMsDefault,
}: HttpSystemOptions): RemoteConnection {
  const api = checkedUrl(url)
  const own = checkedHeaders(headers)
  checkedDuration('timeoutMs', timeoutMs)
  return remoteConnection(async (operation, input, { principal, signal, traceparent }) => {
    const request = requestOf(operation, input, { principal, traceparent })
    const { waitMs = 0 } = input as { readonly waitMs?: number }
    const limit = AbortSignal.timeout(Math.min(timeoutMs + waitMs, timerMsMax))
    const answer = await answerOf(api, {
      method: request.method,
      path: request.path,
      headers: joinedHeaders({ Accept: 'application/json' }, own, request.headers),
      body: request.body ?? null,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    }).catch((cause) => {
      if (signal?.aborted) throw new IndelibleError('aborted', 'The caller gave up.', { cause })
      throw unavailable(
        api,
        limit.aborted ? `did not answer within ${timeoutMs} ms` : `cannot be reached: ${whyNot(cause)}`,
        cause,
      )
    })
    return resultIn(api, operation, answer)
  })
}

interface Answered {
  readonly status: number
  /** Undefined if it is not JSON. */
  readonly body: unknown
}

interface Sent extends RequestInit {
  readonly path: string
}

async function answerOf(api: URL, { path, ...init }: Sent): Promise<Answered> {
  const response = await fetch(addressOf(api, path), { ...init, redirect: 'error' })
  const text = await response.text()
  try {
    return { status: response.status, body: JSON.parse(text) }
  } catch {
    return { status: response.status, body: undefined }
  }
}

function resultIn<Result>(api: URL, operation: Operation<never, Result>, { status, body }: Answered): Result {
  if (status === 200 && typeof body === 'object' && body !== null) return resultOf(operation, body)
  const refused = status === 422 ? refusalOf(body) : undefined
  if (refused) return refused as Result
  const error = status === 200 ? undefined : errorOf(body)
  if (!error) throw unavailable(api, `answered ${status}, which says nothing of what it did`)
  if (toldAsTheyAre.includes(error.code)) throw error
  if (status >= 500 || !isOfTheRequest(error)) throw unavailable(api, `answered ${status}: ${error.message}`)
  throw new IndelibleError('remote_rejected', `${api.origin} does not accept the request: ${error.message}`, {
    details: { url: api.href, status, code: error.code },
  })
}

/** Whether the request itself is at fault. A wrong address, or a command that others kept overtaking, may be right another time. */
function isOfTheRequest(error: NonNullable<ReturnType<typeof errorOf>>): boolean {
  return isIndelibleError(error) ? !error.retryable : error.code === 'body_too_large'
}

/** Errors that say the same on both sides. */
const toldAsTheyAre: readonly string[] = ['command_claimed', 'feed_diverged'] satisfies ErrorCode[]

function unavailable(api: URL, problem: string, cause?: unknown): IndelibleError {
  return new IndelibleError('remote_unavailable', `${api.origin} ${problem}.`, { details: { url: api.href }, cause })
}

const timerMsMax = 2 ** 31 - 1
