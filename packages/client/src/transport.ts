// Requests: with a token, tried again where that is safe, and bounded in time.
import { ClientError, errorOf, type Problem } from './errors.ts'
import {
  retryDelayMsDefault,
  retryDelayMsMax,
  timeoutMsDefault,
  triesMaxDefault,
  tryTimeoutMsDefault,
} from './limits.ts'

export interface ClientOptions {
  /** Where the HTTP API is: `https://bank.example`. In a browser it may be relative to the page: `/api`. */
  readonly url: string | URL
  /** Sent as `Authorization: Bearer …`. A function is asked before each request, and once more after a 401. */
  readonly token?: string | (() => string | Promise<string>)
  /** Who asks, sent as `X-Actor`. A server with identities knows it by itself. */
  readonly actor?: string
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>
  /** W3C Trace Context of the code that asks, sent as `traceparent`. */
  readonly traceparent?: () => string | undefined
  /** The time for one request with all its tries, in milliseconds: 30,000 by default. */
  readonly timeoutMs?: number
  /** The time for one try, in milliseconds: 10,000 by default, besides the time that the server is asked to wait. */
  readonly tryTimeoutMs?: number
  /** The maximum of tries: 10 by default; 1 for no second one. */
  readonly triesMax?: number
  /** The longest wait before the second try, in milliseconds: 100 by default. It doubles with each try, to 5,000. */
  readonly retryDelayMs?: number
  /** Makes the requests: the `fetch` of the runtime by default. */
  readonly fetch?: (request: Request) => Promise<Response>
}

/** One request. Parameters that are undefined are left out. */
export interface Asked {
  readonly path: readonly string[]
  readonly query?: Readonly<Record<string, unknown>> | URLSearchParams
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Makes it a POST. */
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
  /** How long the server may wait before it answers. */
  readonly waitMs?: number
}

export interface Answered {
  readonly status: number
  readonly body: unknown
}

interface AskOptions {
  readonly isIdempotent?: boolean
  /** The problems that are answers too. */
  readonly expected?: (problem: Problem) => boolean
}

/** An answer that is no success, and whether the same request may succeed later. */
interface Failure {
  readonly error: ClientError
  readonly problem?: Problem | undefined
  readonly isTransient: boolean
  readonly afterMs: number
}

export class Transport {
  readonly #options: ClientOptions
  readonly #base: string
  readonly #fetch: (request: Request) => Promise<Response>

  constructor(options: ClientOptions) {
    const { location } = globalThis as { location?: { readonly href: string } }
    this.#options = options
    this.#base = new URL(options.url, location?.href).href.replace(/\/+$/, '')
    this.#fetch = options.fetch ?? ((request) => fetch(request))
  }

  /**
   * The answer with success, or with a problem that `expected` accepts, if no further try helps. A request that is not idempotent is sent once. Throws
   * `ClientError`.
   */
  async ask(asked: Asked, { isIdempotent = true, expected = () => false }: AskOptions = {}): Promise<Answered> {
    const { timeoutMs = timeoutMsDefault, tryTimeoutMs = tryTimeoutMsDefault } = this.#options
    const { triesMax = triesMaxDefault, retryDelayMs = retryDelayMsDefault } = this.#options
    const { waitMs = 0, signal } = asked
    const end = performance.now() + timeoutMs + waitMs
    let isFresh = false
    for (let tries = 1; ; tries += 1) {
      const tryMs = Math.min(tryTimeoutMs + waitMs, end - performance.now())
      const found = await this.#once(asked, tryMs)
      if ('body' in found) return found
      const { error, problem, isTransient, afterMs } = found
      const waited = Math.max(afterMs, jittered(tries, retryDelayMs, retryDelayMsMax))
      // Nothing was done for a caller who was not known. A new token may be all that is missing.
      const mayHelp = error.status === 401 && !isFresh && typeof this.#options.token === 'function'
      if (mayHelp) isFresh = true
      else if (isTransient && isIdempotent && tries < triesMax && performance.now() + waited < end)
        await pause(waited, signal)
      else if (problem && expected(problem)) return { status: error.status!, body: problem }
      else throw error
    }
  }

  /** The response to a request whose body comes bit by bit. Throws `ClientError` if there is none with success. */
  async open(asked: Asked & { readonly signal: AbortSignal }): Promise<Response> {
    for (let isFresh = false; ; isFresh = true) {
      const response = await this.#send(asked, asked.signal)
      if (response.ok && response.body) return response
      const error = errorOf(response.status, problemIn(await response.text()))
      if (error.status !== 401 || isFresh || typeof this.#options.token !== 'function') throw error
    }
  }

  async #once(asked: Asked, tryMs: number): Promise<Answered | Failure> {
    const limit = AbortSignal.timeout(Math.max(1, tryMs))
    const signal = asked.signal ? AbortSignal.any([asked.signal, limit]) : limit
    try {
      const response = await this.#send(asked, signal)
      return answerIn(response, await response.text())
    } catch (cause) {
      if (asked.signal?.aborted) throw new ClientError('aborted', 'The caller gave up.', { cause })
      const error = cause instanceof ClientError ? cause : noAnswer(limit.aborted, this.#base, cause)
      return { error, isTransient: error.code !== 'invalid_request', afterMs: 0 }
    }
  }

  async #send(asked: Asked, signal: AbortSignal): Promise<Response> {
    const token = await this.#token()
    let request: Request
    try {
      request = this.#request(asked, token, signal)
    } catch (cause) {
      throw new ClientError('invalid_request', `The request cannot be made: ${cause}`, { cause })
    }
    return await this.#fetch(request)
  }

  async #token(): Promise<string | undefined> {
    const { token } = this.#options
    try {
      return typeof token === 'function' ? await token() : token
    } catch (cause) {
      throw new ClientError('token_failed', `There is no token: ${cause}`, { cause })
    }
  }

  #request({ path, query = {}, headers = {}, body }: Asked, token: string | undefined, signal: AbortSignal): Request {
    const { actor, traceparent, headers: own } = this.#options
    const search = String(query instanceof URLSearchParams ? query : new URLSearchParams(present(query)))
    const url = `${this.#base}/${path.map(encodeURIComponent).join('/')}${search && `?${search}`}`
    const all = {
      Accept: 'application/json',
      Authorization: token && `Bearer ${token}`,
      'X-Actor': actor,
      traceparent: traceparent?.(),
      'Content-Type': body === undefined ? undefined : 'application/json',
      ...own,
      ...headers,
    }
    const encoded = Object.fromEntries(Object.entries(present(all)).map(([name, value]) => [name, asBytes(value)]))
    const method = body === undefined ? 'GET' : 'POST'
    // A redirect would make a POST a GET, silently.
    return new Request(url, {
      method,
      headers: encoded,
      body: json(body),
      signal,
      redirect: 'error',
      cache: 'no-store',
    })
  }
}

/** Milliseconds before the next try: a random part of a wait that doubles. */
export function jittered(tries: number, first: number, longest: number): number {
  return Math.min(longest, first * 2 ** (tries - 1)) * (0.5 + Math.random() / 2)
}

/** Throws `aborted`. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(new ClientError('aborted', 'The caller gave up.', { cause: signal?.reason }))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}

function answerIn({ ok, status, headers }: Response, text: string): Answered | Failure {
  if (ok) {
    const body = parsed(text)
    if (body !== undefined) return { status, body }
    const error = new ClientError('unexpected_answer', 'The answer is not JSON.', { status })
    return { error, isTransient: true, afterMs: 0 }
  }
  const problem = problemIn(text)
  const after = headers.get('Retry-After')
  const error = errorOf(status, problem)
  // A wait that is over had the time that the caller gave it. Of what conflicts, only a command that was overtaken may succeed.
  const isTransient =
    error.code !== 'wait_timeout' &&
    ([429, 502, 504].includes(status) ||
      (status === 503 && (after !== null || problem === undefined)) ||
      error.code === 'overtaken')
  const afterMs = after !== null && /^\d{1,5}$/.test(after) ? Number(after) * 1_000 : 0
  return { error, problem, isTransient, afterMs }
}

function noAnswer(isLate: boolean, base: string, cause: unknown): ClientError {
  return isLate
    ? new ClientError('timeout', `${base} did not answer in time.`, { cause })
    : new ClientError('unreachable', `${base} cannot be reached, or the connection broke.`, { cause })
}

function problemIn(text: string): Problem | undefined {
  const body = parsed(text) as Partial<Problem> | null | undefined
  return typeof body?.type === 'string' && typeof body.detail === 'string' ? (body as Problem) : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function json(body: unknown): string | null {
  return body === undefined ? null : JSON.stringify(body)
}

function present(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  )
}

/** The server reads the bytes of a header as UTF-8; `fetch` takes a character for each byte. */
function asBytes(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}
