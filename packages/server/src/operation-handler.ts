// Handles a request: reads the input, runs the operation, writes the result.
import type { ServerResponse } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { timer } from 'indelible/adapter'
import type { Call, LiveFeed, Operation, Paging, Principal } from 'indelible/operations'
import type { Admission } from './admission.ts'
import { json, linkTo, sizeOf } from './answers.ts'
import { callerOf } from './callers.ts'
import { feedHeaders } from './feed-connection.ts'
import type { Feeds } from './feeds.ts'
import type { HeldBytes } from './held-bytes.ts'
import type { Limits } from './limit-options.ts'
import { slowReaderMs, smallBytesMax } from './limits.ts'
import type { FailedRequest } from './operator-log.ts'
import { HttpError, shownError } from './problems.ts'
import { readInput, readPrincipal } from './read-request.ts'
import type { OperationRoute } from './routes.ts'
import type { Waits } from './waits.ts'
import type { TracedRequest } from './watched-requests.ts'

export interface HandlerOptions {
  readonly waits: Waits
  readonly admission: Admission
  readonly held: HeldBytes
  readonly limits: Limits
  readonly feeds: Feeds
  readonly onError: OnError
  /** Aborts when the server closes. */
  readonly closing: AbortSignal | undefined
}

export type OnError = (error: unknown, request: FailedRequest) => void

/** A request with who it is from: nobody if there are no identities. */
export interface KnownRequest extends TracedRequest {
  readonly url: URL
  readonly principal: Principal | undefined
  /** Throws if the request would not be from the same principal any more. */
  readonly checkClient: () => Promise<void>
}

/** Runs the operation of a route where the request asks for it. */
type Run = (c: Context, input: Readonly<Record<string, unknown>>, call: Call) => Promise<unknown>

export function operationHandler(run: Run, route: OperationRoute, options: HandlerOptions) {
  const { operation, map } = route
  const { waits, admission, held, limits, closing } = options
  return async (c: Context, { principal: recognised, traceparent, checkClient }: KnownRequest): Promise<Response> => {
    const principal = recognised ?? { ...readPrincipal(c, route), isLocal: true }
    const caller = callerOf(c, principal)
    admission.request(caller)
    const input = await readInput(c, route, { bodyBytesMax: limits.bodyBytesMax, held })
    if (operation.isLive) {
      const begin = (signal: AbortSignal) => run(c, input, { principal, signal, traceparent })
      return await feedAnswer(c, { begin, traceparent, checkClient }, options)
    }
    const answer = async (signal: AbortSignal) => {
      const result = await run(c, input, { principal, signal, traceparent })
      if (map.answer) return map.answer(result, input)
      const body = operation.paging ? withLink(result, operation.paging, c.req.raw) : result
      return json(body, { status: map.status?.(result) ?? 200, headers: headersOf(route, result) })
    }
    // A client that has disconnected does not want the answer any more.
    const gone = c.req.raw.signal
    const ended = map.endsWithServer && closing ? AbortSignal.any([gone, closing]) : gone
    const isHeavy = isHeavyWith(operation, input)
    const work = () => (operation.waits(input) ? waits.one(() => answer(ended)) : admitted())
    const admitted = () => {
      if (operation.effect === 'changes') return isHeavy ? admission.heavy(caller, () => answer(ended)) : answer(ended)
      const timeoutMs = isHeavy ? limits.heavyTimeoutMs : limits.readTimeoutMs
      return inTime(timeoutMs, ended, (signal) =>
        isHeavy ? admission.heavy(caller, () => answer(signal)) : admission.read(() => answer(signal)),
      )
    }
    return sent(c, await work(), options)
  }
}

function isHeavyWith({ heavy }: Operation, input: Readonly<Record<string, unknown>>): boolean {
  return typeof heavy === 'boolean' ? heavy : heavy.some((name) => input[name] !== undefined)
}

/** The client is answered in time. Work that does not heed the signal goes on, and keeps its place until it ends. Throws `work_timeout`. */
async function inTime<Result>(
  timeoutMs: number,
  ended: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const late = new AbortController()
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const limit = timer(timeoutMs, () => {
    reject(
      new HttpError('work_timeout', `The answer was not ready within ${timeoutMs} ms. Ask for less, or later.`, {
        members: { timeoutMs },
      }),
    )
    late.abort()
  })
  try {
    return await Promise.race([work(AbortSignal.any([ended, late.signal])), tooLate])
  } finally {
    limit.cancel()
  }
}

/** Throws `response_too_large`, `server_busy`. */
function sent(c: Context, response: Response, { held, limits: { responseBytesMax: bytesMax } }: HandlerOptions) {
  const bytes = sizeOf(response) ?? 0
  if (bytes > bytesMax)
    throw new HttpError(
      'response_too_large',
      `The response would have ${bytes} bytes; the server sends at most ${bytesMax}. Ask for less: a lower "limit" where there are pages, or fewer fields.`,
      { members: { bytes, bytesMax } },
    )
  const outgoing = (c.env as Partial<HttpBindings> | undefined)?.outgoing
  if (!outgoing) return response
  if (bytes > smallBytesMax) {
    const holding = held.begin()
    holding.grow(bytes)
    outgoing.once('close', () => holding.end())
  }
  // Node restarts this time whenever the client takes something, and ends the connection after it.
  outgoing.setTimeout(slowReaderMs)
  return response
}

interface FeedBegun extends Pick<KnownRequest, 'traceparent' | 'checkClient'> {
  readonly begin: (signal: AbortSignal) => Promise<unknown>
}

async function feedAnswer(
  c: Context,
  { begin, traceparent, checkClient }: FeedBegun,
  { feeds, onError }: HandlerOptions,
): Promise<Response> {
  const { raw, method, path } = c.req
  if (method === 'HEAD') {
    // Refused as the feed would be.
    await begin(AbortSignal.abort())
    return new Response(null, { headers: feedHeaders })
  }
  return await feeds.answer(async (signal) => (await begin(signal)) as LiveFeed, {
    gone: raw.signal,
    checkClient,
    outgoing: (c.env as Partial<HttpBindings> | undefined)?.outgoing as ServerResponse | undefined,
    shown: (error) => shownError(error, (secret) => onError(secret, { method, path, traceparent })),
  })
}

function headersOf({ map }: OperationRoute, result: unknown): Readonly<Record<string, string>> {
  const headers = Object.entries(map.answerHeaders ?? {}).flatMap(([name, compute]): [string, string][] => {
    const value = compute(result)
    return value === undefined ? [] : [[name, value]]
  })
  return Object.fromEntries(headers)
}

/** Over HTTP, `next` is the link to the next page. */
function withLink(result: unknown, { parameter, firstPageOnly }: Paging, request: Request): unknown {
  const { next } = result as { readonly next: unknown }
  const dropped = Object.fromEntries(firstPageOnly.map((name) => [name, undefined]))
  const link = next === null ? null : linkTo(request, { ...dropped, [parameter]: String(next) })
  return { ...(result as object), next: link }
}
