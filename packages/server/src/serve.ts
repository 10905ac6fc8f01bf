// Puts the HTTP door on a port of this machine.
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
  headersTimeoutMsDefault,
  idleTimeoutMs,
  requestTimeoutMs,
  slowCheckMs,
  waitsMaxDefault,
  waitsShareMax,
} from './limits.ts'
import { HttpError, problemOf } from './problems.ts'

export interface ServeOptions extends HttpApiOptions {
  /**
   * `127.0.0.1` when left out: reachable from this machine only. Nobody is authenticated yet, so open it to others behind a proxy only.
   * A name given here is one of the `allowedHosts`.
   */
  readonly host?: string
  /** 3000 when left out; 0 for any that is free. */
  readonly port?: number
  /** How long `close` lets requests under way finish; 10 seconds when left out, `Infinity` until they have. */
  readonly closeTimeoutMs?: number
  /**
   * The connections held at the same time. Beyond it an idle one is closed, first one that never asked anything, then the one that has been idle
   * longest; where every one is being answered, the new one. When left out half of the descriptors that the process may still open when it begins to listen, at most 1,000.
   */
  readonly connectionsMax?: number
  /** How long a new connection may take to send the headers of its first request, 10 seconds when left out. Whoever sends nothing is closed then. */
  readonly headersTimeoutMs?: number
}

export interface HttpServer {
  readonly url: string
  /** Takes no more connections, lets requests under way finish, cuts what is left after the time allowed. The system stays the caller's to close. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Resolves when the server listens. Throws `io_failed` where it cannot, saying why, `invalid_duration`, and what {@link httpApi} throws. */
export async function serve(running: RunningSystem, options: ServeOptions = {}): Promise<HttpServer> {
  const { host = '127.0.0.1', port = 3000, closeTimeoutMs = closeTimeoutMsDefault, ...others } = options
  const { connectionsMax = connectionsThatFit(), headersTimeoutMs = headersTimeoutMsDefault, ...apiOptions } = others
  const { allowedHosts = [], waitsMax = waitsMaxDefault } = apiOptions
  const names = isIP(host) ? allowedHosts : [host, ...allowedHosts]
  // Those who wait must not take every connection from those who do not.
  const waits = Math.max(1, Math.min(waitsMax, Math.floor(connectionsMax * waitsShareMax)))
  const { fetch } = httpApi(running, { ...apiOptions, allowedHosts: names, waitsMax: waits })
  const listener = inTurn(getRequestListener(fetch, { errorHandler: malformedRequest }))
  const timeouts = {
    headersTimeout: Math.min(checkedDuration('headersTimeoutMs', headersTimeoutMs), requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: slowCheckMs,
  }
  const server = createServer(timeouts, listener)
  const connections = limitedConnections(server, connectionsMax)
  const close = gracefulClose(server, connections, checkedDuration('closeTimeoutMs', closeTimeoutMs))

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(cannotListen(cause, { host, port })))
    server.listen(port, host, resolve)
  })
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`
  return { url, close, [Symbol.asyncDispose]: close }
}

/** Only a request that cannot even be made into one gets here; the app answers everything else. */
function malformedRequest(error: unknown): Response {
  const message = error instanceof Error ? error.message : String(error)
  return problemOf(new HttpError('malformed_url', `The request has no valid address: ${message}.`), () => {})
}

const listenProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something listens there already. Choose another port, or end what listens',
  EACCES: 'this user may not. Choose a port above 1023',
  EADDRNOTAVAIL: 'this machine has no such address',
}

function cannotListen(cause: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): IndelibleError {
  const problem = listenProblems[cause.code ?? ''] ?? cause.message
  return new IndelibleError('io_failed', `Cannot listen on ${host}, port ${port}: ${problem}.`, {
    details: { host, port, errno: cause.code },
    cause,
  })
}
