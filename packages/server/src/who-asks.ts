// Protects the server against foreign web pages. Listening on loopback is not enough: such a page can point its own host name to 127.0.0.1 (DNS rebinding),
// or send a form to this server. So the server accepts only its own host names, and a request that changes something must not come from a page of another site.
import { isIP } from 'node:net'
import { IndelibleError } from 'indelible'
import { HttpError } from './problems.ts'

/** Throws `host_not_allowed`, `cross_site`, `malformed_url`. */
export type CheckWhoAsks = (request: Request, url: URL) => void

/** `allowedHosts` as in {@link HttpApiOptions}. Throws `invalid_declaration`. */
export function checkWhoAsks(allowedHosts: readonly string[]): CheckWhoAsks {
  const allowed = new Set(allowedHosts.map(nameOf))
  return (request, url) => {
    const host = request.headers.get('Host')
    // The request line may contain another host (RFC 9112, section 3.2.2).
    if (host !== null && host !== url.host) assertAllowed(hostnameIn(host), allowed)
    assertAllowed(url.hostname, allowed)
    if (!safeMethods.has(request.method)) assertOwnSite(request.headers, url)
  }
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

function assertAllowed(hostname: string | undefined, allowed: ReadonlySet<string>): void {
  if (hostname === undefined) throw new HttpError('malformed_url', 'The Host header is not a host.')
  const name = hostname.replace(/\.$/, '')
  // A foreign page cannot have one of our IP addresses as its host, and no one can register a name under localhost (RFC 6761).
  if (isAddress(name) || name === 'localhost' || name.endsWith('.localhost') || allowed.has(name)) return
  throw new HttpError(
    'host_not_allowed',
    `This server does not accept the host name "${name}". If it is a name of this server, start the server with allowedHosts: ['${name}'].`,
    { members: { host: name } },
  )
}

/** Browsers send the site that a request comes from: https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header, and older ones RFC 6454. */
function assertOwnSite(headers: Headers, { host }: URL): void {
  const site = headers.get('Sec-Fetch-Site')
  const origin = headers.get('Origin')
  const isOwn = site === null || site === 'same-origin' || site === 'none'
  if (!isOwn || (origin !== null && URL.parse(origin)?.host !== host)) {
    throw new HttpError(
      'cross_site',
      'This request comes from a web page of another site, which must not change anything here.',
    )
  }
}

function isAddress(hostname: string): boolean {
  return isIP(hostname.replace(/^\[(.*)\]$/, '$1')) > 0
}

/** The host name in the form of URLs: in lower case, without the port. */
function hostnameIn(host: string): string | undefined {
  return /[\s/\\?#@]/.test(host) ? undefined : URL.parse(`http://${host}`)?.hostname
}

function nameOf(given: string): string {
  const name = hostnameIn(given)
  if (name !== undefined && /^[\w.-]+$/.test(name) && !given.includes(':')) return name.replace(/\.$/, '')
  throw new IndelibleError(
    'invalid_declaration',
    `"${given}" in allowedHosts is not a host name. Write it like "bank.example", without scheme and port.`,
  )
}
