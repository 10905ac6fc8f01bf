// Serves the HTTP API on a port of this machine.
import { createServer } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { IndelibleError, type RunningSystem } from 'indelible'
import { checkedDuration } from 'indelible/adapter'
import { connectionsThatFit, limitedConnections } from './connections.ts'
import { gracefulClose } from './graceful-close.ts'
import { type HttpApiOptions, httpApi } from './http-api.ts'
import { inTurn } from './in-turn.ts'
import {
  closeTimeoutMsDefault,
  feedsMaxDefault,
  feedsShareMax,
  headersTimeoutMsDefault,
  idleTimeoutMs,
  requestTimeoutMs,
  slowCheckMs,
  waitsMaxDefault,
  waitsShareMax,
} from './limits.ts'
import { HttpError, problemOf } from './problems.ts'

export interface ServeOptions extends Omit<HttpApiOptions, 'closing'> {
  /**
   * `127.0.0.1` by default, which is reachable from this machine only. There is no authentication yet, so give others access only through a proxy that has it.
   * A host name here is also one of the `allowedHosts`.
   */
  readonly host?: string
  /** 3000 by default; 0 for any free port. */
  readonly port?: number
  /** The time that `close` gives requests under way to finish: 10 seconds by default, no limit with `Infinity`. */
  readonly closeTimeoutMs?: number
  /**
   * The maximum number of open connections. Above it an idle connection is closed: first one that never sent a request, then the one that has been idle
   * longest. If all have a request under way, the new connection is closed. The default is half of the file descriptors that the process can still open when
   * it starts to listen, and at most 1,000.
   */
  readonly connectionsMax?: number
  /** The time for the headers of the first request on a new connection, 10 seconds by default. After it the connection is closed. */
  readonly headersTimeoutMs?: number
}

export interface HttpServer {
  readonly url: string
  /** Accepts no more connections, lets requests under way finish, and cuts the rest after `closeTimeoutMs`. The caller closes the system. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Resolves when the server listens. Throws `io_failed` if it cannot listen, `invalid_duration`, and what {@link httpApi} throws. */
export async function serve(running: RunningSystem, options: ServeOptions = {}): Promise<HttpServer> {
  const { host = '127.0.0.1', port = 3000, closeTimeoutMs = closeTimeoutMsDefault, ...others } = options
  const { connectionsMax = connectionsThatFit(), headersTimeoutMs = headersTimeoutMsDefault, ...apiOptions } = others
  const { allowedHosts = [], waitsMax = waitsMaxDefault, feedsMax = feedsMaxDefault } = apiOptions
  const names = isIP(host) ? allowedHosts : [host, ...allowedHosts]
  // Requests that wait and live feeds must leave connections for requests that do not.
  const share = (max: number, share: number) => Math.max(1, Math.min(max, Math.floor(connectionsMax * share)))
  const closing = new AbortController()
  const { fetch } = httpApi(running, {
    ...apiOptions,
    allowedHosts: names,
    waitsMax: share(waitsMax, waitsShareMax),
    feedsMax: share(feedsMax, feedsShareMax),
    closing: closing.signal,
  })
  const listener = inTurn(getRequestListener(fetch, { errorHandler: malformedRequest }))
  const timeouts = {
    headersTimeout: Math.min(checkedDuration('headersTimeoutMs', headersTimeoutMs), requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: slowCheckMs,
  }
  const server = createServer(timeouts, listener)
  const connections = limitedConnections(server, connectionsMax)
  const closed = gracefulClose(server, connections, checkedDuration('closeTimeoutMs', closeTimeoutMs))
  const close = async () => {
    closing.abort()
    await closed()
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(cannotListen(cause, { host, port })))
    server.listen(port, host, resolve)
  })
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`
  return { url, close, [Symbol.asyncDispose]: close }
}

/** Handles a request that cannot even be converted into a Request. The app handles all others. */
function malformedRequest(error: unknown): Response {
  const message = error instanceof Error ? error.message : String(error)
  return problemOf(new HttpError('malformed_url', `The request has no valid URL: ${message}.`), () => {})
}

const listenProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there already. Choose another port, or end that process',
  EACCES: 'this user is not allowed to. Choose a port above 1023',
  EADDRNOTAVAIL: 'this machine has no such address',
}

function cannotListen(cause: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): IndelibleError {
  const problem = listenProblems[cause.code ?? ''] ?? cause.message
  return new IndelibleError('io_failed', `Cannot listen on ${host}, port ${port}: ${problem}.`, {
    details: { host, port, errno: cause.code },
    cause,
  })
}
