// The seam between requests and principals: an identity looks at what a request shows, and says who that is.
import { IndelibleError, type RunningSystem } from 'indelible'
import type { Principal } from 'indelible/operations'
import type { Notify } from '../notices.ts'
import type { ShownCertificate } from './certificate.ts'

/** What a request shows of its sender. */
export interface ShownRequest {
  readonly method: string
  readonly path: string
  readonly headers: Headers
  /** Of the client, where TLS asked for one. It may be one that nobody vouches for: see `isTrusted`. */
  readonly certificate: ShownCertificate | undefined
  /** Undefined where the API does not run on a socket of Node. */
  readonly remoteAddress: string | undefined
}

/** Who a request is from. The actor is recorded with everything that it changes. */
export type KnownPrincipal = Principal & { readonly actor: string }

/**
 * The principal; nothing where the request is for another identity; why it is refused; or why nobody can say now, so that the client may try again. The reasons
 * are for the operator, and the client is not told.
 */
export type Recognised =
  | KnownPrincipal
  | undefined
  | { readonly refused: string }
  | { readonly unavailable: string; readonly retryAfterSeconds?: number }

/** What an identity may use. */
export interface IdentityContext {
  readonly running: RunningSystem
  readonly notify: Notify
}

/** One way to recognise a request. */
export interface Identity {
  /** For the operator. */
  readonly name: string
  /** Whether it looks at the certificate of the client, which TLS must then ask for. */
  readonly usesCertificate?: boolean
  /** What it throws is a fault of the server: the request is answered with 500. */
  recognise(request: ShownRequest, context: IdentityContext): Promise<Recognised>
}

/**
 * An identity of your own: `identity('badge', async ({ headers }) => …)`. It returns a principal with an actor, nothing if the request is for another identity,
 * or `{ refused: 'the reason' }`. Throws `config_invalid`.
 */
export function identity(name: string, recognise: Identity['recognise']): Identity {
  if (typeof name === 'string' && name !== '' && typeof recognise === 'function') return { name, recognise }
  throw new IndelibleError(
    'config_invalid',
    "An identity has a name and a function: identity('badge', async ({ headers }) => …).",
  )
}

/**
 * The token of `Authorization: Bearer` (RFC 6750, section 2.1). Nothing if there is none, if it has another scheme or form, or if there are two: they arrive
 * joined by a comma, which no token has.
 */
export function bearerToken(headers: Headers): string | undefined {
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(headers.get('Authorization') ?? '')?.[1]
}
