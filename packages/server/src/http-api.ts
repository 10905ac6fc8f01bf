// The HTTP API of a running system: all routes, and the only place where an error becomes a problem document.
import { type Context, Hono } from 'hono'
import type { RunningSystem, Tenants } from 'indelible'
import { checkedDuration, errorTypeOf } from 'indelible/adapter'
import { describeOperations } from 'indelible/operations'
import { describeSystem } from 'indelible/schema'
import { Admission } from './admission.ts'
import { callerOf } from './callers.ts'
import { Drain } from './drain.ts'
import { Feeds } from './feeds.ts'
import { HeldBytes } from './held-bytes.ts'
import { type Contents, homePage } from './home.ts'
import type { Place } from './http-map.ts'
import { assertSame, type Identity, recogniser } from './identities/index.ts'
import { checkedLimits, type LimitOptions } from './limit-options.ts'
import { feedHeartbeatMsDefault, feedSlowMsDefault, feedsMaxDefault, waitsMaxDefault } from './limits.ts'
import { metricsPage } from './metrics.ts'
import type { Notify } from './notices.ts'
import { httpObserver } from './observed.ts'
import { openApiPage } from './openapi.ts'
import { type HandlerOptions, type KnownRequest, type OnError, operationHandler } from './operation-handler.ts'
import { operatorLog } from './operator-log.ts'
import type { OwnPage } from './own-page.ts'
import { probePages, type ReadinessOptions } from './probes.ts'
import { HttpError, problemOf } from './problems.ts'
import { checkSize, checkUrl } from './read-request.ts'
import { operationRoutes } from './routes.ts'
import { pathAt, type Served, type Stand, servedBy } from './served.ts'
import { tilesHandler, tilesPath } from './tiles.ts'
import { Waits } from './waits.ts'
import { type AnsweredRequest, watchedRequests } from './watched-requests.ts'
import { checkWhoAsks } from './who-asks.ts'

export interface HttpApiOptions extends LimitOptions, ReadinessOptions {
  /**
   * The host names of this server, such as `bank.example`, in addition to IP addresses and `localhost`. A request for another name is refused with 403,
   * because a foreign web page may have sent it. Behind a proxy: the names that the proxy passes on as `Host`.
   */
  readonly allowedHosts?: readonly string[]
  /**
   * Who may ask, such as `[apiKeys(), jwt({ … })]`: the first identity that recognises a request wins, and a request that none recognises is refused with 401. Without
   * identities everyone may ask, in the name that `X-Actor` says: keep such a server on this machine.
   */
  readonly identities?: readonly Identity[]
  /** Called with what the operator should know, such as why a request was not recognised. Writes a line to stderr by default. */
  readonly onNotice?: Notify
  /** Called with every fault whose message is hidden from the client. Writes a line to stderr by default. */
  readonly onError?: OnError
  /** Called with every request after it was answered. */
  readonly onRequest?: (request: AnsweredRequest) => void
  /** The maximum number of requests that wait for a table or a saga at the same time, 500 by default. `serve` uses at most half of `connectionsMax`. */
  readonly waitsMax?: number
  /** The maximum number of live feeds at the same time, 500 by default. `serve` allows at most two fifths of `connectionsMax`. */
  readonly feedsMax?: number
  /** After this time without news a live feed sends a heartbeat: 15 seconds by default. */
  readonly feedHeartbeatMs?: number
  /** A client of a live feed that takes nothing for this time is dropped: 30 seconds by default. It misses nothing if it comes again. */
  readonly feedSlowMs?: number
  /** Says whether the server drains: then `/readyz` answers 503. `serve` sets it. */
  readonly drain?: Drain
  /** Aborts when the server closes. Live feeds are told, and readers of the feed, which would wait, get their answers at once. `serve` sets it. */
  readonly closing?: AbortSignal
  /** How many connections are open. `serve` sets it. */
  readonly connections?: () => number
  /** The version of the HTTP API in the OpenAPI document, `1` by default. */
  readonly apiVersion?: string
}

/**
 * Of a running system, or of tenants: what belongs to a tenant then stands below `/tenants/{tenant}`.
 * Returns a Hono app: `fetch` handles requests, `request` does so in tests, and it can be mounted in another app. The caller closes the system.
 * Throws `invalid_declaration` if `allowedHosts` contains something that is not a host name or a limit is not a number above 0, `invalid_duration`.
 */
export function httpApi(system: RunningSystem | Tenants, options: HttpApiOptions = {}): Hono {
  const served = servedBy(system)
  const { whole } = served
  const log = operatorLog()
  const { allowedHosts = [], apiVersion = '1', connections, waitsMax = waitsMaxDefault } = options
  const { identities = [], onNotice: notify = log.onNotice, onError = log.onError, onRequest } = options
  const { drain = new Drain(), closing } = options
  const check = checkWhoAsks(allowedHosts)
  const recognise = recogniser(whole, { identities, notify })
  const limits = checkedLimits(options)
  const [admission, held] = [new Admission(limits), new HeldBytes(limits.heldBytesMax)]
  const counted =
    (handle: Handle): Handle =>
    async (c, request) => {
      admission.request(callerOf(c, request.principal))
      return await handle(c, request)
    }
  const probes = probePages(served, { ...options, drain })
  const waits = new Waits(waitsMax)
  const feeds = new Feeds({
    feedsMax: options.feedsMax ?? feedsMaxDefault,
    heartbeatMs: checkedDuration('feedHeartbeatMs', options.feedHeartbeatMs ?? feedHeartbeatMsDefault),
    slowMs: checkedDuration('feedSlowMs', options.feedSlowMs ?? feedSlowMsDefault),
    closing,
  })
  const handling = { waits, feeds, onError, admission, held, limits, closing }
  const routes = routesOf(served, { ...handling, apiVersion, probes, counted, identities })
  whole.telemetry.observe(httpObserver({ waits, connections }))
  const app = new Hono()
  const watched = watchedRequests(whole, onRequest)
  /** Whoever is not recognised is counted by its address. */
  const recognised = async (c: Context) => {
    try {
      return await recognise(c)
    } catch (error) {
      admission.request(callerOf(c))
      throw error
    }
  }
  const answering = (route: string | undefined, handle: Handle, isOpen = false) =>
    watched(route, async (c, request) => {
      try {
        const url = new URL(c.req.url)
        check(c.req.raw, url)
        checkSize(c, url)
        const principal = isOpen ? undefined : await recognised(c)
        return await handle(c, {
          ...request,
          url,
          principal,
          checkClient: () => assertSame(principal, () => recognise(c)),
        })
      } catch (error) {
        const { method, url } = c.req
        return problemOf(error, (secret) => {
          const { traceparent } = request
          request.failed(errorTypeOf(secret))
          onError(secret, { method, path: new URL(url).pathname, traceparent })
        })
      }
    })
  for (const route of routes.filter(({ isLive }) => isLive)) {
    const answer = answering(route.path, checked(route))
    // A path may have a page too, for those who do not ask for a feed.
    const hasPage = routes.some(({ path, isLive }) => path === route.path && !isLive)
    app.get(honoPath(route), async (c, next) => (!hasPage || acceptsFeed(c) ? await answer(c) : await next()))
  }
  for (const route of routes.filter(({ isLive }) => !isLive))
    app.on(route.method, honoPath(route), answering(route.path, checked(route), route.isOpen))
  for (const route of routes)
    app.all(honoPath(route), answering(route.path, counted(methodNotAllowed(routes, route)), route.isOpen))
  const tiles = pathAt(served.hasTenants ? 'tenant' : 'root', tilesPath)
  app.get(honoPath({ path: tiles }), answering(tiles, counted(tilesHandler(served))))
  app.all('*', answering(undefined, counted(notFound)))
  return app
}

type Handle = (c: Context, request: KnownRequest) => Promise<Response>

interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly places: readonly Place[]
  readonly isLive: boolean
  readonly handle: Handle
  /** Whether everybody may ask, also without an identity. */
  readonly isOpen?: boolean
}

interface RoutesOptions extends HandlerOptions {
  readonly apiVersion: string
  readonly probes: readonly OwnPage[]
  /** Counts the requests of the caller. */
  readonly counted: (handle: Handle) => Handle
  readonly identities: readonly Identity[]
}

function routesOf(served: Served, options: RoutesOptions): readonly Route[] {
  let contents: Contents | undefined
  const contentsOnce = () => {
    if (contents) return contents
    const description = describeSystem(served.system)
    contents = {
      name: description.name,
      described: describeOperations(description, { tenants: served.hasTenants }),
      standsOf: served.standsOf,
      ownPages,
      identities: options.identities,
    }
    return contents
  }
  const { probes, counted } = options
  const ownPages: readonly OwnPage[] = [
    ...probes,
    metricsPage(served.whole),
    openApiPage(contentsOnce, options.apiVersion),
    homePage(contentsOnce),
  ]
  const ofOperations = operationRoutes.flatMap((route) => {
    const { operation, map, places } = route
    const routeAt = (stand: Stand): Route => ({
      method: map.method,
      path: pathAt(stand, map.path),
      places,
      isLive: operation.isLive,
      handle: operationHandler((c, input, call) => served.run(c, stand, operation, input, call), route, options),
    })
    return served.standsOf(operation).map(routeAt)
  })
  const ofPages = ownPages.map((page): Route => {
    const { path, handle, needs } = page
    const route = { method: 'GET', path, places: [], isLive: false } as const
    // Probes are not counted: nobody may keep others from asking them.
    if (needs === 'nothing') return { ...route, handle, isOpen: true }
    const allowed: Handle = (c, { principal = { isLocal: true } }) =>
      served.use(c, { stand: 'root', page: path, needs, principal }, () => handle(c))
    return { ...route, handle: counted(allowed) }
  })
  return [...ofOperations, ...ofPages]
}

function acceptsFeed({ req }: Context): boolean {
  return /(^|[,\s])text\/event-stream\b/i.test(req.header('Accept') ?? '')
}

/** `/streams/{stream}` in the syntax of Hono: `/streams/:stream`. */
function honoPath({ path }: Pick<Route, 'path'>): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

function checked({ places, handle }: Route): Handle {
  return async (c, request) => {
    checkUrl(request.url, places)
    return await handle(c, request)
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
