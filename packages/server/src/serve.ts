// Serves the HTTP API on a port of this machine.
import { createServer } from 'node:http'
import {
  createServer as createTlsServer,
  type Server as TlsServer,
  type ServerOptions as TlsServerOptions,
} from 'node:https'
import { type AddressInfo, isIP } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { IndelibleError, type RunningSystem, type Tenants } from 'indelible'
import { checkedDuration } from 'indelible/adapter'
import { isLoopback, openToAll } from './bind-check.ts'
import { connectionsThatFit, limitedConnections } from './connections.ts'
import { Drain } from './drain.ts'
import { gracefulClose } from './graceful-close.ts'
import { type HttpApiOptions, httpApi } from './http-api.ts'
import type { Identity } from './identities/index.ts'
import { inTurn } from './in-turn.ts'
import {
  closeTimeoutMsDefault,
  feedsMaxDefault,
  feedsShareMax,
  headersBytesMax,
  headersTimeoutMsDefault,
  idleTimeoutMs,
  requestTimeoutMs,
  slowCheckMs,
  waitsMaxDefault,
  waitsShareMax,
} from './limits.ts'
import { answerMalformed, malformedUrl } from './malformed.ts'
import { operatorLog } from './operator-log.ts'
import { type KeptCertificates, keptCertificates, readCertificates, type TlsOptions } from './tls/certificates.ts'

export interface ServeOptions extends Omit<HttpApiOptions, 'closing' | 'connections' | 'drain'> {
  /**
   * `127.0.0.1` by default, which is reachable from this machine only. Any other needs `identities`. A host name here is also one of the `allowedHosts`.
   */
  readonly host?: string
  /** The certificate of the server. `behindProxy` says that a proxy in front of it has one; it only silences the notice that TLS is missing. */
  readonly tls?: TlsOptions | 'behindProxy'
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

export interface CloseOptions {
  /**
   * Before it closes, the server answers everything for this time, except that `/readyz` answers 503, so that a load balancer sends no more requests. 0 by
   * default. If nobody asked `/readyz` within the last minute, it closes at once.
   */
  readonly drainMs?: number
}

export interface HttpServer {
  readonly url: string
  /** Reads the certificate again at once, and not only when it finds the files changed. Without TLS it does nothing. Throws `config_invalid`; then the one before is still used. */
  reloadCertificate(): void
  /** Accepts no more connections, lets requests under way finish, and cuts the rest after `closeTimeoutMs`. The caller closes the system. Throws `invalid_duration`. */
  close(options?: CloseOptions): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Resolves when the server listens. Throws `io_failed` if it cannot listen, `config_invalid` if others would reach it and it has no identities or if TLS cannot work, `invalid_duration`, and what {@link httpApi} throws. */
export async function serve(system: RunningSystem | Tenants, options: ServeOptions = {}): Promise<HttpServer> {
  const { host = '127.0.0.1', port = 3000, closeTimeoutMs = closeTimeoutMsDefault, tls, ...others } = options
  const { connectionsMax = connectionsThatFit(), headersTimeoutMs = headersTimeoutMsDefault, ...apiOptions } = others
  const {
    allowedHosts = [],
    waitsMax = waitsMaxDefault,
    feedsMax = feedsMaxDefault,
    identities = [],
    onNotice = operatorLog().onNotice,
  } = apiOptions
  const files = typeof tls === 'object' ? tls : undefined
  const isLocal = await isLoopback(host).catch((cause) => {
    throw cannotListen(cause, { host, port })
  })
  if (!isLocal && identities.length === 0) throw openToAll(host)
  assertAsked(identities, files)
  const names = isIP(host) ? allowedHosts : [host, ...allowedHosts]
  // Requests that wait and live feeds must leave connections for requests that do not.
  const share = (max: number, share: number) => Math.max(1, Math.min(max, Math.floor(connectionsMax * share)))
  const closing = new AbortController()
  const drain = new Drain()
  const ended = { closing: closing.signal, drain }
  const shares = { waitsMax: share(waitsMax, waitsShareMax), feedsMax: share(feedsMax, feedsShareMax) }
  const api = { allowedHosts: names, ...shares, ...ended, connections: () => connections.size }
  const { fetch } = httpApi(system, { ...apiOptions, ...api })
  const listener = inTurn(getRequestListener(fetch, { errorHandler: malformedUrl }))
  const timeouts = {
    headersTimeout: Math.min(checkedDuration('headersTimeoutMs', headersTimeoutMs), requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: slowCheckMs,
  }
  const settings = { ...timeouts, maxHeaderSize: headersBytesMax }
  const server = files
    ? createTlsServer({ ...settings, ...tlsSettings(files, timeouts.headersTimeout) }, listener)
    : createServer(settings, listener)
  const connections = limitedConnections(server, connectionsMax)
  answerMalformed(server, connections)
  const closed = gracefulClose(server, connections, checkedDuration('closeTimeoutMs', closeTimeoutMs))
  let certificates: KeptCertificates | undefined
  const close = async ({ drainMs = 0 }: CloseOptions = {}) => {
    await drain.begin(checkedDuration('drainMs', drainMs))
    closing.abort()
    certificates?.stop()
    await closed()
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(cannotListen(cause, { host, port })))
    server.listen(port, host, resolve)
  })
  if (files) certificates = keptCertificates(server as TlsServer, files, onNotice)
  else if (!isLocal && tls !== 'behindProxy') onNotice({ kind: 'tls missing', message: tlsMissing })
  const { port: listening } = server.address() as AddressInfo
  const url = `${files ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${listening}`
  return { url, reloadCertificate: () => certificates?.reload(), close, [Symbol.asyncDispose]: () => close() }
}

const tlsMissing =
  'Others can read what is sent here, keys too. Give the server a certificate (tls: { certFile, keyFile }), or say tls: "behindProxy" if a proxy in front of it has one.'

function tlsSettings(files: TlsOptions, handshakeTimeout: number): TlsServerOptions {
  const { requestCert = false } = files
  return {
    ...readCertificates(files).context,
    handshakeTimeout,
    requestCert,
    // A client without a certificate may show a key instead. The identities decide.
    rejectUnauthorized: false,
  }
}

/** Else no client would ever show a certificate. */
function assertAsked(identities: readonly Identity[], files: TlsOptions | undefined): void {
  const waiting = identities.find(({ usesCertificate }) => usesCertificate)
  if (!waiting || files?.requestCert) return
  throw new IndelibleError(
    'config_invalid',
    `The identity "${waiting.name}" needs TLS that asks clients for certificates: tls: { certFile, keyFile, caFile, requestCert: true }.`,
  )
}

const listenProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there already. Choose another port, or end that process',
  EACCES: 'this user is not allowed to. Choose a port above 1023',
  ENOTFOUND: 'this name has no address',
  EADDRNOTAVAIL: 'this machine has no such address',
}

function cannotListen(cause: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): IndelibleError {
  const problem = listenProblems[cause.code ?? ''] ?? cause.message
  return new IndelibleError('io_failed', `Cannot listen on ${host}, port ${port}: ${problem}.`, {
    details: { host, port, errno: cause.code },
    cause,
  })
}
