// The HTTP API of a running system: all routes, and the only place where an error becomes a problem document.
import { type Context, Hono } from 'hono'
import type { RunningSystem } from 'indelible'
import { describeOperations, granted, type Need, type Principal } from 'indelible/operations'
import { describeSystem } from 'indelible/schema'
import { Admission } from './admission.ts'
import { callerOf } from './callers.ts'
import { Drain } from './drain.ts'
import { HeldBytes } from './held-bytes.ts'
import { type Contents, homePage } from './home.ts'
import type { Place } from './http-map.ts'
import { type Identity, recogniser } from './identities/index.ts'
import { checkedLimits, type LimitOptions } from './limit-options.ts'
import { waitsMaxDefault } from './limits.ts'
import { metricsPage } from './metrics.ts'
import { type Notify, noticeToConsole } from './notices.ts'
import { openApiPage } from './openapi.ts'
import { type HandlerOptions, operationHandler } from './operation-handler.ts'
import type { OwnPage } from './own-page.ts'
import { probePages, type ReadinessOptions } from './probes.ts'
import { HttpError, problemOf } from './problems.ts'
import { checkSize, checkUrl } from './read-request.ts'
import { operationRoutes } from './routes.ts'
import { tilesHandler, tilesPath } from './tiles.ts'
import { Waits } from './waits.ts'
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
  /** Called with what the operator should know, such as why a request was not recognised. Writes to the console by default. */
  readonly onNotice?: Notify
  /** Called with every fault whose message is hidden from the client. Writes to the console by default. */
  readonly onError?: (error: unknown, request: { readonly method: string; readonly path: string }) => void
  /** The maximum number of requests that wait for a table or a saga at the same time, 500 by default. `serve` uses at most half of `connectionsMax`. */
  readonly waitsMax?: number
  /** Says whether the server drains: then `/readyz` answers 503. `serve` sets it. */
  readonly drain?: Drain
  /** Aborts when the server closes. Readers of the feed, which would wait, then get their answers at once. `serve` sets it. */
  readonly closing?: AbortSignal
  /** The version of the HTTP API in the OpenAPI document, `1` by default. */
  readonly apiVersion?: string
}

/**
 * Returns a Hono app: `fetch` handles requests, `request` does so in tests, and it can be mounted in another app. The caller closes the system.
 * Throws `invalid_declaration` if `allowedHosts` contains something that is not a host name or a limit is not a number above 0, `invalid_duration`.
 */
export function httpApi(running: RunningSystem, options: HttpApiOptions = {}): Hono {
  const { allowedHosts = [], onError = logged, apiVersion = '1' } = options
  const { identities = [], onNotice: notify = noticeToConsole } = options
  const { waitsMax = waitsMaxDefault, drain = new Drain(), closing } = options
  const check = checkWhoAsks(allowedHosts)
  const limits = checkedLimits(options)
  const [admission, held] = [new Admission(limits), new HeldBytes(limits.heldBytesMax)]
  const recognise = recogniser(running, { identities, notify })
  const counted =
    (handle: Handle): Handle =>
    async (c, principal) => {
      admission.request(callerOf(c, principal))
      return await handle(c, principal)
    }
  const probes = probePages(running, { ...options, drain })
  const handling = { waits: new Waits(waitsMax), admission, held, limits, closing }
  const routes = routesOf(running, { ...handling, apiVersion, identities, probes, counted })
  const known = async (c: Context) => {
    try {
      return await recognise(c)
    } catch (error) {
      // Whoever guesses keys is slowed down.
      admission.request(callerOf(c))
      throw error
    }
  }
  const app = new Hono()
  const answering =
    (handle: Handle, isOpen = false) =>
    async (c: Context) => {
      try {
        check(c.req.raw)
        checkSize(c.req.raw)
        return await handle(c, isOpen ? undefined : await known(c))
      } catch (error) {
        const { method, url } = c.req
        return problemOf(error, (secret) => onError(secret, { method, path: new URL(url).pathname }))
      }
    }
  for (const route of routes) app.on(route.method, honoPath(route), answering(checked(route), route.isOpen))
  for (const route of routes) app.all(honoPath(route), answering(counted(methodNotAllowed(routes, route))))
  const tiles = allowed(running, { path: tilesPath, needs: { verb: 'audit' } }, tilesHandler(running))
  app.get(tilesPath, answering(counted(tiles)))
  app.all('*', answering(counted(notFound)))
  return app
}

/** The principal is missing if there are no identities. */
type Handle = (c: Context, principal?: Principal) => Promise<Response>

interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly places: readonly Place[]
  /** Whether nobody is asked who they are. */
  readonly isOpen: boolean
  readonly handle: Handle
}

interface RouteOptions extends HandlerOptions {
  readonly apiVersion: string
  readonly identities: readonly Identity[]
  readonly probes: readonly OwnPage[]
  /** Counts the requests of the caller. */
  readonly counted: (handle: Handle) => Handle
}

function routesOf(running: RunningSystem, options: RouteOptions): readonly Route[] {
  let contents: Contents | undefined
  const contentsOnce = () => {
    if (contents) return contents
    const description = describeSystem(running.system)
    contents = {
      name: description.name,
      described: describeOperations(description),
      ownPages,
      identities: options.identities,
    }
    return contents
  }
  const { probes, counted } = options
  const ownPages: readonly OwnPage[] = [
    ...probes,
    metricsPage(running),
    openApiPage(contentsOnce, options.apiVersion),
    homePage(contentsOnce),
  ]
  const ofOperations = operationRoutes.map((route): Route => {
    const { method, path } = route.map
    return { method, path, places: route.places, isOpen: false, handle: operationHandler(running, route, options) }
  })
  const ofPages = ownPages.map((page): Route => {
    const { path, needs, handle } = page
    const at = { method: 'GET', path, places: [] } as const
    // Probes are not counted: nobody may keep others from asking them.
    if (needs === 'nothing') return { ...at, isOpen: true, handle }
    return { ...at, isOpen: false, handle: counted(allowed(running, { path, needs }, handle)) }
  })
  return [...ofOperations, ...ofPages]
}

/** What carries no operation needs a grant too. */
function allowed(
  running: RunningSystem,
  { path, needs }: { readonly path: string; readonly needs: Need },
  handle: Handle,
): Handle {
  return async (c, principal = { isLocal: true }) => {
    const asked = { operation: `GET ${path}`, input: {}, stream: undefined, actor: principal.actor }
    granted(running, asked, { principal, need: needs })
    return await handle(c)
  }
}

/** `/streams/{stream}` in the syntax of Hono: `/streams/:stream`. */
function honoPath({ path }: Route): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

function checked({ places, handle }: Route): Handle {
  return async (c, principal) => {
    checkUrl(c, places)
    return await handle(c, principal)
  }
}

function methodNotAllowed(routes: readonly Route[], { path }: Route): Handle {
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
