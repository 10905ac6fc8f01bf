// The HTTP API of a running system: all routes, and the only place where an error becomes a problem document.
import { type Context, Hono } from 'hono'
import type { RunningSystem } from 'indelible'
import { checkedDuration } from 'indelible/adapter'
import { describeOperations } from 'indelible/operations'
import { describeSystem } from 'indelible/schema'
import { Feeds } from './feeds.ts'
import { type Contents, homePage } from './home.ts'
import type { Place } from './http-map.ts'
import {
  bodyBytesMaxDefault,
  feedHeartbeatMsDefault,
  feedSlowMsDefault,
  feedsMaxDefault,
  waitsMaxDefault,
} from './limits.ts'
import { metricsPage } from './metrics.ts'
import { openApiPage } from './openapi.ts'
import { type HandlerOptions, type OnError, operationHandler } from './operation-handler.ts'
import type { OwnPage } from './own-page.ts'
import { HttpError, problemOf } from './problems.ts'
import { checkUrl } from './read-request.ts'
import { operationRoutes } from './routes.ts'
import { tilesHandler, tilesPath } from './tiles.ts'
import { Waits } from './waits.ts'
import { checkWhoAsks } from './who-asks.ts'

export interface HttpApiOptions {
  /**
   * The host names of this server, such as `bank.example`, in addition to IP addresses and `localhost`. A request for another name is refused with 403,
   * because a foreign web page may have sent it. Behind a proxy: the names that the proxy passes on as `Host`.
   */
  readonly allowedHosts?: readonly string[]
  /** Called with every fault whose message is hidden from the client. Writes to the console by default. */
  readonly onError?: OnError
  /** The maximum bytes of a request body, 1 MiB by default. */
  readonly bodyBytesMax?: number
  /** The maximum number of requests that wait for a table or a saga at the same time, 500 by default. `serve` uses at most half of `connectionsMax`. */
  readonly waitsMax?: number
  /** The maximum number of live feeds at the same time, 500 by default. `serve` allows at most two fifths of `connectionsMax`. */
  readonly feedsMax?: number
  /** After this time without news a live feed sends a heartbeat: 15 seconds by default. */
  readonly feedHeartbeatMs?: number
  /** A client of a live feed that takes nothing for this time is dropped: 30 seconds by default. It misses nothing if it comes again. */
  readonly feedSlowMs?: number
  /** Aborts when the server closes. Live feeds are told, and readers of the feed, which would wait, get their answers at once. `serve` sets it. */
  readonly closing?: AbortSignal
  /** The version of the HTTP API in the OpenAPI document, `1` by default. */
  readonly apiVersion?: string
}

/**
 * Returns a Hono app: `fetch` handles requests, `request` does so in tests, and it can be mounted in another app. The caller closes the system.
 * Throws `invalid_declaration` if `allowedHosts` contains something that is not a host name.
 */
export function httpApi(running: RunningSystem, options: HttpApiOptions = {}): Hono {
  const { allowedHosts = [], onError = logged, bodyBytesMax = bodyBytesMaxDefault, apiVersion = '1' } = options
  const { waitsMax = waitsMaxDefault, closing } = options
  const check = checkWhoAsks(allowedHosts)
  const feeds = new Feeds({
    feedsMax: options.feedsMax ?? feedsMaxDefault,
    heartbeatMs: checkedDuration('feedHeartbeatMs', options.feedHeartbeatMs ?? feedHeartbeatMsDefault),
    slowMs: checkedDuration('feedSlowMs', options.feedSlowMs ?? feedSlowMsDefault),
    closing,
  })
  const waits = new Waits(waitsMax)
  const routes = routesOf(running, { waits, feeds, onError, bodyBytesMax, closing, apiVersion })
  const app = new Hono()
  const answering = (handle: Handle) => async (c: Context) => {
    try {
      check(c.req.raw)
      return await handle(c)
    } catch (error) {
      const { method, url } = c.req
      return problemOf(error, (secret) => onError(secret, { method, path: new URL(url).pathname }))
    }
  }
  for (const route of routes.filter(({ isLive }) => isLive)) {
    const answer = answering(checked(route))
    // A path may have a page too, for those who do not ask for a feed.
    const hasPage = routes.some(({ path, isLive }) => path === route.path && !isLive)
    app.get(honoPath(route), async (c, next) => (!hasPage || acceptsFeed(c) ? await answer(c) : await next()))
  }
  for (const route of routes.filter(({ isLive }) => !isLive)) {
    app.on(route.method, honoPath(route), answering(checked(route)))
  }
  for (const route of routes) app.all(honoPath(route), answering(methodNotAllowed(routes, route)))
  app.get(tilesPath, answering(tilesHandler(running)))
  app.all('*', answering(notFound))
  return app
}

type Handle = (c: Context) => Promise<Response>

interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly places: readonly Place[]
  readonly isLive: boolean
  readonly handle: Handle
}

function routesOf(running: RunningSystem, options: HandlerOptions & { apiVersion: string }): readonly Route[] {
  let contents: Contents | undefined
  const contentsOnce = () => {
    if (contents) return contents
    const description = describeSystem(running.system)
    contents = { name: description.name, described: describeOperations(description), ownPages }
    return contents
  }
  const ownPages: readonly OwnPage[] = [
    metricsPage(running),
    openApiPage(contentsOnce, options.apiVersion),
    homePage(contentsOnce),
  ]
  const ofOperations = operationRoutes.map((route): Route => {
    const { method, path } = route.map
    const { isLive } = route.operation
    return { method, path, places: route.places, isLive, handle: operationHandler(running, route, options) }
  })
  const ofPages = ownPages.map(
    ({ path, handle }): Route => ({ method: 'GET', path, places: [], isLive: false, handle }),
  )
  return [...ofOperations, ...ofPages]
}

function acceptsFeed({ req }: Context): boolean {
  return /(^|[,\s])text\/event-stream\b/i.test(req.header('Accept') ?? '')
}

/** `/streams/{stream}` in the syntax of Hono: `/streams/:stream`. */
function honoPath({ path }: Route): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

function checked({ places, handle }: Route): Handle {
  return async (c) => {
    checkUrl(c, places)
    return await handle(c)
  }
}

function methodNotAllowed(routes: readonly Route[], { path }: Route): Handle {
  const methods = new Set(routes.filter((each) => each.path === path).map(({ method }) => method))
  const allow = [...methods].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
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
