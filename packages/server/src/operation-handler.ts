// Handles a request: reads the input, runs the operation, writes the result.
import type { ServerResponse } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { RunningSystem } from 'indelible'
import type { LiveFeed, Paging } from 'indelible/operations'
import { json, linkTo } from './answers.ts'
import { feedHeaders } from './feed-connection.ts'
import type { Feeds } from './feeds.ts'
import { shownError } from './problems.ts'
import { readRequest } from './read-request.ts'
import type { OperationRoute } from './routes.ts'
import type { Waits } from './waits.ts'

export interface HandlerOptions {
  readonly waits: Waits
  readonly bodyBytesMax: number
  readonly feeds: Feeds
  readonly onError: OnError
  /** Aborts when the server closes. */
  readonly closing: AbortSignal | undefined
}

export type OnError = (error: unknown, request: { readonly method: string; readonly path: string }) => void

export function operationHandler(running: RunningSystem, route: OperationRoute, options: HandlerOptions) {
  const { operation, map } = route
  return async (c: Context): Promise<Response> => {
    const { input, principal } = await readRequest(c, route, options)
    if (operation.isLive)
      return await feedAnswer(c, (signal) => operation.run(running, input, { principal, signal }), options)
    // A client that has disconnected does not want the answer any more.
    const gone = c.req.raw.signal
    const signal = map.endsWithServer && options.closing ? AbortSignal.any([gone, options.closing]) : gone
    const run = () => operation.run(running, input, { principal, signal })
    const result = await (operation.waits(input) ? options.waits.one(run) : run())
    if (map.answer) return map.answer(result, input)
    const body = operation.paging ? withLink(result, operation.paging, c.req.raw) : result
    return json(body, { status: map.status?.(result) ?? 200, headers: headersOf(route, result) })
  }
}

async function feedAnswer(
  c: Context,
  begin: (signal: AbortSignal) => Promise<unknown>,
  { feeds, onError }: HandlerOptions,
): Promise<Response> {
  const { raw, method, path } = c.req
  if (method === 'HEAD') return new Response(null, { headers: feedHeaders })
  return await feeds.answer(async (signal) => (await begin(signal)) as LiveFeed, {
    gone: raw.signal,
    outgoing: (c.env as Partial<HttpBindings> | undefined)?.outgoing as ServerResponse | undefined,
    shown: (error) => shownError(error, (secret) => onError(secret, { method, path })),
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
