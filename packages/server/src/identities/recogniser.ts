// Asks the identities who a request is from. The client learns only that it was not recognised; the operator learns why.
import type { Context } from 'hono'
import { IndelibleError, type RunningSystem } from 'indelible'
import { type Principal, recordedTextBytesMax } from 'indelible/operations'
import { refusalsToldPerSecondMax, retryAfterSeconds } from '../limits.ts'
import type { Notify } from '../notices.ts'
import { HttpError } from '../problems.ts'
import { headerText } from '../read-request.ts'
import { certificateOf } from './certificate.ts'
import type { Identity, KnownPrincipal, Recognised, ShownRequest } from './identity.ts'

/** Nothing if there are no identities: then the principal is what the request says. Throws `unauthenticated`, `identity_unavailable`, `actor_not_allowed`. */
export type Recogniser = (c: Context) => Promise<Principal | undefined>

export function recogniser(
  running: RunningSystem,
  { identities, notify }: { readonly identities: readonly Identity[]; readonly notify: Notify },
): Recogniser {
  if (identities.length === 0) return async () => undefined
  if (running.access.isOpen)
    throw new IndelibleError(
      'config_invalid',
      "The server has identities, and the system declares no access: nobody would be allowed anything. Declare it beside the system, beginning with access: { grants: [{ role: 'admin', may: 'everything' }] }.",
    )
  const tell = bounded(notify)
  return async (c) => {
    const request = shownBy(c)
    for (const identity of identities) {
      const found = checked(await identity.recognise(request, { running, notify }))
      if (found === undefined) continue
      if (!('refused' in found || 'unavailable' in found)) return acting(found, headerText(c, actorHeader))
      const { name } = identity
      if ('refused' in found) {
        tell('identity refused', { identity: name, reason: found.refused, request })
        throw unauthenticated(running, request)
      }
      tell('identity unavailable', { identity: name, reason: found.unavailable, request })
      throw new HttpError('identity_unavailable', 'Who you are cannot be checked now. Try again later.', {
        headers: { 'Retry-After': String(found.retryAfterSeconds ?? retryAfterSeconds) },
      })
    }
    const shows = request.headers.has('Authorization')
      ? 'what its Authorization shows'
      : 'it, and it shows no Authorization'
    tell('identity refused', { identity: null, reason: `No identity recognises ${shows}.`, request })
    throw unauthenticated(running, request)
  }
}

const actorHeader = 'X-Actor'

function shownBy({ req, env }: Context): ShownRequest {
  const { socket } = (env?.incoming ?? {}) as { readonly socket?: { readonly remoteAddress?: string } }
  return {
    method: req.method,
    get path() {
      return new URL(req.url).pathname
    },
    headers: req.raw.headers,
    get certificate() {
      return certificateOf(socket)
    },
    remoteAddress: socket?.remoteAddress,
  }
}

/** An actor is recorded for ever, and shown in logs and headers. So it is a short text in one line. */
function checked(found: Recognised): Recognised {
  if (found === undefined || 'refused' in found || 'unavailable' in found) return found
  const { actor } = found
  // Only a server without identities is local.
  if (found.isLocal) return { refused: 'It says that it is local, which no identity can know.' }
  const isFit = typeof actor === 'string' && actor !== '' && Buffer.byteLength(actor) <= recordedTextBytesMax
  if (isFit && !/\p{Cc}/u.test(actor)) return found
  return { refused: `Its actor is not a text of 1 to ${recordedTextBytesMax} bytes without control characters.` }
}

/**
 * The principal, which acts for itself, or for another if its attribute `actsFor` has that one. `bank/*` are all whose names begin with `bank/`, such as those of
 * the system `bank`, and `*` is everyone.
 */
function acting(principal: KnownPrincipal, asked: string | undefined): Principal {
  if (asked === undefined || asked === principal.actor) return principal
  const { actsFor = [] } = principal.attributes ?? {}
  if ([actsFor].flat().some((name) => isFor(name, asked))) return { ...principal, actor: asked }
  throw new HttpError(
    'actor_not_allowed',
    `X-Actor must be "${encodeURIComponent(principal.actor)}", who you are, or be left out. To act for others, your principal needs the attribute actsFor.`,
  )
}

function isFor(name: string, actor: string): boolean {
  return name.endsWith('*') ? actor.startsWith(name.slice(0, -1)) : actor === name
}

/** One text for all reasons, and RFC 6750, section 3. */
function unauthenticated({ system }: RunningSystem, { headers }: ShownRequest): HttpError {
  const realm = `Bearer realm="${system.name.replaceAll(/["\\]|[^ -~]/g, '_')}"`
  const sentToken = /^Bearer\b/i.test(headers.get('Authorization') ?? '')
  const challenge = sentToken ? `${realm}, error="invalid_token", error_description="${notRecognised}"` : realm
  return new HttpError('unauthenticated', notRecognised, { headers: { 'WWW-Authenticate': challenge } })
}

const notRecognised = 'The request shows no identity that is known and valid here.'

type Told = { readonly identity: string | null; readonly reason: string; readonly request: ShownRequest }

/** A flood of refused requests must not become a flood of notices. */
function bounded(notify: Notify) {
  let [second, told, untold] = [0, 0, 0]
  return (kind: 'identity refused' | 'identity unavailable', { identity, reason, request }: Told) => {
    const now = Math.floor(performance.now() / 1_000)
    if (now !== second) [second, told] = [now, 0]
    if (told++ >= refusalsToldPerSecondMax) {
      untold++
      return
    }
    const { method, path, remoteAddress = null } = request
    notify({ kind, identity, reason, method, path, remoteAddress, untold })
    untold = 0
  }
}
