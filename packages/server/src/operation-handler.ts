// Handles a request: reads the input, runs the operation, writes the result.
import type { Context } from 'hono'
import type { RunningSystem } from 'indelible'
import type { Paging, Principal } from 'indelible/operations'
import { json, linkTo } from './answers.ts'
import { readRequest } from './read-request.ts'
import type { OperationRoute } from './routes.ts'
import type { Waits } from './waits.ts'

export interface HandlerOptions {
  readonly waits: Waits
  readonly bodyBytesMax: number
  /** Aborts when the server closes. */
  readonly closing: AbortSignal | undefined
}

export function operationHandler(running: RunningSystem, route: OperationRoute, options: HandlerOptions) {
  const { operation, map } = route
  return async (c: Context, recognised?: Principal): Promise<Response> => {
    const { input, principal: said } = await readRequest(c, route, options)
    const principal = recognised ?? { ...said, isLocal: true }
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
