// A connection to an HTTP service that does activities.
import { IndelibleError, type ServiceConnection } from 'indelible'
import { checkedDuration } from 'indelible/adapter'
import { addressOf, checkedHeaders, checkedUrl, joinedHeaders, whyNot } from './http-connection.ts'
import { answerTimeoutMsDefault } from './limits.ts'

export interface HttpServiceOptions {
  /** The URL before the paths of the activities: `https://payments.example/v1`. */
  readonly url: string | URL
  /** Sent with every request, for example the key that the service asks for. */
  readonly headers?: Readonly<Record<string, string>>
  /** How long it may take to answer, in milliseconds: 10,000 by default. Then nobody knows what it did, and it is asked again. */
  readonly timeoutMs?: number
}

/**
 * Connects to a service: `services: { payments: httpService({ url: 'https://payments.example/v1' }) }`. Every request has the header `Idempotency-Key`
 * (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/). Throws `config_invalid`, `invalid_duration`.
 */
export function httpService({
  url,
  headers = {},
  timeoutMs = answerTimeoutMsDefault,
}: HttpServiceOptions): ServiceConnection {
  const base = checkedUrl(url)
  const own = checkedHeaders(headers)
  checkedDuration('timeoutMs', timeoutMs)
  return {
    async call({ method, path, body, idempotencyKey }, { signal, traceparent }) {
      const type = body === undefined ? {} : { 'Content-Type': 'application/json' }
      const sent = joinedHeaders({ Accept: 'application/json', ...type }, own, {
        'Idempotency-Key': keyHeader(idempotencyKey),
        ...(traceparent === undefined ? {} : { traceparent }),
      })
      const text = body === undefined ? null : JSON.stringify(body)
      const limit = AbortSignal.timeout(timeoutMs)
      try {
        const response = await fetch(addressOf(base, path), {
          method,
          headers: sent,
          body: text,
          signal: AbortSignal.any([signal, limit]),
          redirect: 'manual',
        })
        return { status: response.status, body: jsonOf(await response.text()) }
      } catch (cause) {
        if (signal.aborted) throw new IndelibleError('aborted', 'The caller gave up.', { cause })
        const problem = limit.aborted ? `did not answer within ${timeoutMs} ms` : `cannot be reached: ${whyNot(cause)}`
        throw new IndelibleError('remote_unavailable', `${base.origin} ${problem}.`, {
          details: { url: base.href },
          cause,
        })
      }
    },
  }
}

/** A string of RFC 8941 has only printable ASCII. Ids may have any characters. */
function keyHeader(key: string): string {
  return `"${key.replaceAll(/[^ -~]|["\\%]/gu, (character) => (character === '"' ? '%22' : encodeURIComponent(character)))}"`
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
