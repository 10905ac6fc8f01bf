// The HTTP door to a running system: every route, and the one place where whatever is thrown becomes a problem document.
import { type Context, Hono } from 'hono'
import type { RunningSystem } from 'indelible'
import { aggregateRoute } from './aggregates.ts'
import { commandRoute } from './commands.ts'
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
   * The names, such as `bank.example`, by which this server is asked for, besides IP addresses and `localhost`: a request for another name is refused
   * with 403, because a web page of somebody else may have made it. Behind a proxy: the names that it passes on as `Host`.
   */
  readonly allowedHosts?: readonly string[]
  /** Told of every fault whose message the client is not told. Writes to the console when left out. */
  readonly onError?: (error: unknown, request: { readonly method: string; readonly path: string }) => void
  /** The bytes of a request body; 1 MiB when left out. */
  readonly bodyBytesMax?: number
  /** The requests that may wait for a table or a saga at the same time; 500 when left out, and under `serve` at most half of `connectionsMax`. */
  readonly waitsMax?: number
  /** The version of the HTTP contract, as the OpenAPI document gives it; `1` when left out. */
  readonly apiVersion?: string
}

/**
 * A Hono app: `fetch` answers requests, `request` does so in tests, and it can be mounted in another app. The system stays the caller's to close.
 * Throws `invalid_declaration` where `allowedHosts` has something that is not the name of a host.
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

/** `/streams/{stream}` as Hono writes it: `/streams/:stream`. */
function honoPath({ path }: Route): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

function checked({ parameters, isQuery, handle }: Route): Route['handle'] {
  const names = new Set(parameters.filter((each) => each.in === 'query').map(({ name }) => name))
  return async (c) => {
    checkUrl(c)
    checkQuery(c.req.raw, (name) => names.has(name) || isQuery?.(name) === true)
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
    throw new HttpError('method_not_allowed', `${req.method} is not for this address; use ${allow}.`, {
      headers: { Allow: allow },
    })
  }
}

async function notFound({ req }: Context): Promise<never> {
  throw new HttpError('unknown_route', `There is nothing at ${req.path}. GET / says what there is.`)
}

function logged(error: unknown, { method, path }: { method: string; path: string }): void {
  console.error(`${method} ${path} failed:`, error)
}
