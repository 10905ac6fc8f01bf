// The HTTP API of a running system: all routes, and the only place where an error becomes a problem document.
import { type Context, Hono } from 'hono'
import type { RunningSystem } from 'indelible'
import { aggregateRoute } from './aggregates.ts'
import { commandRoute } from './commands.ts'
import { consumerRoutes } from './consumers.ts'
import { healthRoute } from './health.ts'
import { homeRoute } from './home.ts'
import { bodyBytesMaxDefault, waitsMaxDefault } from './limits.ts'
import { metricsRoute } from './metrics.ts'
import { openApiRoute } from './openapi.ts'
import { checkQuery } from './parameters.ts'
import { HttpError, problemOf } from './problems.ts'
import { projectionRoutes } from './projections.ts'
import type { Route } from './route.ts'
import { sagaRoutes } from './sagas.ts'
import { streamRoute } from './streams.ts'
import { tableRoute } from './tables.ts'
import { Waits } from './waits.ts'
import { checkWhoAsks } from './who-asks.ts'

export interface HttpApiOptions {
  /**
   * The host names of this server, such as `bank.example`, in addition to IP addresses and `localhost`. A request for another name is refused with 403,
   * because a foreign web page may have sent it. Behind a proxy: the names that the proxy passes on as `Host`.
   */
  readonly allowedHosts?: readonly string[]
  /** Called with every fault whose message is hidden from the client. Writes to the console by default. */
  readonly onError?: (error: unknown, request: { readonly method: string; readonly path: string }) => void
  /** The maximum bytes of a request body, 1 MiB by default. */
  readonly bodyBytesMax?: number
  /** The maximum number of requests that wait for a table or a saga at the same time, 500 by default. `serve` uses at most half of `connectionsMax`. */
  readonly waitsMax?: number
  /** The version of the HTTP API in the OpenAPI document, `1` by default. */
  readonly apiVersion?: string
}

/**
 * Returns a Hono app: `fetch` handles requests, `request` does so in tests, and it can be mounted in another app. The caller closes the system.
 * Throws `invalid_declaration` if `allowedHosts` contains something that is not a host name.
 */
export function httpApi(running: RunningSystem, options: HttpApiOptions = {}): Hono {
  const { allowedHosts = [], onError = logged, bodyBytesMax = bodyBytesMaxDefault, apiVersion = '1' } = options
  const { waitsMax = waitsMaxDefault } = options
  const check = checkWhoAsks(allowedHosts)
  const { system } = running
  const waits = new Waits(waitsMax)
  const routes: readonly Route[] = [
    commandRoute(running, { bodyBytesMax }),
    aggregateRoute(running),
    streamRoute(running),
    tableRoute(running, waits),
    ...projectionRoutes(running),
    ...sagaRoutes(running, waits),
    ...consumerRoutes(running),
    healthRoute(running),
    metricsRoute(running),
    openApiRoute(system, () => routes, apiVersion),
    homeRoute(system, () => routes),
  ]

  const app = new Hono()
  const answering = (handle: Route['handle']) => async (c: Context) => {
    try {
      check(c.req.raw)
      return await handle(c)
    } catch (error) {
      const { method, url } = c.req
      return problemOf(error, (secret) => onError(secret, { method, path: new URL(url).pathname }))
    }
  }
  for (const route of routes) app.on(route.method, honoPath(route), answering(checked(route)))
  for (const route of routes) app.all(honoPath(route), answering(methodNotAllowed(routes, route)))
  app.all('*', answering(notFound))
  return app
}

/** `/streams/{stream}` in the syntax of Hono: `/streams/:stream`. */
function honoPath({ path }: Route): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

function checked({ parameters, isQuery, isList, handle }: Route): Route['handle'] {
  const names = new Set(parameters.filter((each) => each.in === 'query').map(({ name }) => name))
  return async (c) => {
    checkUrl(c)
    checkQuery(c.req.raw, (name) => names.has(name) || isQuery?.(name) === true, isList)
    return await handle(c)
  }
}

function checkUrl({ req }: Context): void {
  const { pathname } = new URL(req.url)
  try {
    decodeURIComponent(pathname)
  } catch {
    throw new HttpError('malformed_url', `"${pathname}" is not percent-encoded UTF-8.`)
  }
}

function methodNotAllowed(routes: readonly Route[], { path }: Route): Route['handle'] {
  const methods = routes.filter((each) => each.path === path).map(({ method }) => method)
  const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
  return async ({ req }) => {
    throw new HttpError('method_not_allowed', `${req.method} is not allowed for this path. Use ${allow}.`, {
      headers: { Allow: allow },
    })
  }
}

async function notFound({ req }: Context): Promise<never> {
  throw new HttpError('unknown_route', `There is nothing at ${req.path}. GET / lists what there is.`)
}

function logged(error: unknown, { method, path }: { method: string; path: string }): void {
  console.error(`${method} ${path} failed:`, error)
}
