// Being on loopback is no wall. A web page of somebody else reaches this server by a name of its own that has come to mean 127.0.0.1 (DNS rebinding),
// or by a form that it sends here. So the server answers to its own names only, and what changes anything may not come from a page of another site.
import { isIP } from 'node:net'
import { IndelibleError } from 'indelible'
import { HttpError } from './problems.ts'

/** Throws `host_not_allowed`, `cross_site`, `malformed_url`. */
export type CheckWhoAsks = (request: Request) => void

/** `allowedHosts` as in {@link HttpApiOptions}. Throws `invalid_declaration`. */
export function checkWhoAsks(allowedHosts: readonly string[]): CheckWhoAsks {
  const allowed = new Set(allowedHosts.map(nameOf))
  return (request) => {
    const url = new URL(request.url)
    const host = request.headers.get('Host')
    if (host !== null) assertAllowed(hostnameIn(host), allowed)
    // Another one may stand in the request line (RFC 9112, section 3.2.2).
    assertAllowed(url.hostname, allowed)
    if (!safeMethods.has(request.method)) assertOwnSite(request.headers, url)
  }
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

function assertAllowed(hostname: string | undefined, allowed: ReadonlySet<string>): void {
  if (hostname === undefined) throw new HttpError('malformed_url', 'The Host header is not a host.')
  const name = hostname.replace(/\.$/, '')
  // Nobody can make a page's own address be a number that is ours, and nobody can own a name under localhost (RFC 6761).
  if (isAddress(name) || name === 'localhost' || name.endsWith('.localhost') || allowed.has(name)) return
  throw new HttpError(
    'host_not_allowed',
    `This server does not answer to the name "${name}". If it is one of its names, start it with allowedHosts: ['${name}'].`,
    { members: { host: name } },
  )
}

/** Browsers say which site a request comes from: https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header, and before that, RFC 6454. */
function assertOwnSite(headers: Headers, { host }: URL): void {
  const site = headers.get('Sec-Fetch-Site')
  const origin = headers.get('Origin')
  const isOwn = site === null || site === 'same-origin' || site === 'none'
  if (!isOwn || (origin !== null && URL.parse(origin)?.host !== host)) {
    throw new HttpError('cross_site', 'This request was made by a web page of another site.')
  }
}

function isAddress(hostname: string): boolean {
  return isIP(hostname.replace(/^\[(.*)\]$/, '$1')) > 0
}

/** As URLs have it: in lower case, without the port. */
function hostnameIn(host: string): string | undefined {
  return /[\s/\\?#@]/.test(host) ? undefined : URL.parse(`http://${host}`)?.hostname
}

function nameOf(given: string): string {
  const name = hostnameIn(given)
  if (name !== undefined && /^[\w.-]+$/.test(name) && !given.includes(':')) return name.replace(/\.$/, '')
  throw new IndelibleError(
    'invalid_declaration',
    `"${given}" in allowedHosts is not the name of a host. Write it as in "bank.example", without scheme and port.`,
  )
}
