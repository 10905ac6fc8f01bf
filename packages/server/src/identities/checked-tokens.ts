// Tokens that were checked, so that a client that sends the same one with each request costs one check of a signature.
import { createHash } from 'node:crypto'
import { tokenRememberedMs, tokensRememberedMax } from '../limits.ts'
import type { KnownPrincipal } from './identity.ts'

interface Checked {
  readonly principal: KnownPrincipal
  /** In milliseconds since 1970. */
  readonly until: number
}

export class CheckedTokens {
  /** By the hash of the token: memory has no tokens that somebody could use. */
  readonly #byHash = new Map<string, Checked>()
  #keys: unknown

  /** `keys` are those of the provider now. What was checked with others is forgotten. */
  find(token: string, keys: unknown): KnownPrincipal | undefined {
    this.#forgetOthers(keys)
    const hash = hashOf(token)
    const known = this.#byHash.get(hash)
    if (known && known.until > Date.now()) return known.principal
    this.#byHash.delete(hash)
    return undefined
  }

  /** `expiresAt` is when it is no longer valid, in milliseconds since 1970. */
  add(token: string, { keys, principal, expiresAt }: { keys: unknown; principal: KnownPrincipal; expiresAt: number }) {
    this.#forgetOthers(keys)
    this.#byHash.set(hashOf(token), { principal, until: Math.min(expiresAt, Date.now() + tokenRememberedMs) })
    if (this.#byHash.size > tokensRememberedMax) this.#byHash.delete(this.#byHash.keys().next().value!)
  }

  #forgetOthers(keys: unknown): void {
    if (keys === this.#keys) return
    this.#byHash.clear()
    this.#keys = keys
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}
