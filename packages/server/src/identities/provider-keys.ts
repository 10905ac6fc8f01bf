// The public keys of an OpenID Connect provider: found by discovery, kept in memory, asked for again when a token has a key that is not among them. Each
// request to the provider is bounded in time and size, and so is their number, whatever tokens arrive.
import { setTimeout as sleep } from 'node:timers/promises'
import { IndelibleError } from 'indelible'
import { createLocalJWKSet, errors, type FlattenedJWSInput, type JSONWebKeySet, type JWSHeaderParameters } from 'jose'
import { isLoopbackName } from '../bind-check.ts'
import { whyNot } from '../http-connection.ts'
import { keysMaxAgeMs, keyWaitsMax, providerBytesMax, providerTimeoutMs, retryAfterSeconds } from '../limits.ts'

/** The provider did not give its keys, so nobody can say whether a token is valid. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable'
  readonly retryAfterSeconds: number

  constructor(message: string, retryAfter = retryAfterSeconds) {
    super(message)
    this.retryAfterSeconds = retryAfter
  }
}

export interface ProviderOptions {
  readonly issuer: string
  readonly jwksUrl: string | undefined
  /** The least time from the start of one request for keys to the next. */
  readonly cooldownMs: number
}

type FindKey = ReturnType<typeof createLocalJWKSet>

export class ProviderKeys {
  readonly #options: ProviderOptions
  #find: FindKey | undefined
  #discovered: URL | undefined
  #fetchedAt = 0
  #startedAt = Number.NEGATIVE_INFINITY
  #failure: ProviderUnavailable | undefined
  #current: Promise<void> | undefined
  #next: Promise<void> | undefined
  #waiting = 0
  #isRefreshing = false

  constructor(options: ProviderOptions) {
    this.#options = options
  }

  /** The keys that are known now: another object for others. */
  get known(): unknown {
    return this.#find
  }

  /** Asks for the keys again, in the background, where they are old: then `onStale` is told of a failure. */
  keepFresh(onStale: (message: string) => void): void {
    if (this.#find && performance.now() - this.#fetchedAt > keysMaxAgeMs) this.#refresh(onStale)
  }

  /**
   * The key that a token names, and the {@link known} keys that it is of. Known keys are found while the provider is down, and `onStale` is told. Throws {@link ProviderUnavailable} if the key is not
   * known and the provider does not answer, and an error of jose if the provider does not have it.
   */
  async keyFor(header: JWSHeaderParameters, token: FlattenedJWSInput, onStale: (message: string) => void) {
    if (!this.#find) await this.#waited(() => this.#current ?? this.#newer())
    else this.keepFresh(onStale)
    try {
      return await this.#found(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
    }
    // The provider may have new keys since.
    await this.#waited(() => this.#newer())
    return await this.#found(header, token)
  }

  async #found(header: JWSHeaderParameters, token: FlattenedJWSInput) {
    const keys = this.#find!
    return { key: await keys(header, token), keys }
  }

  /** In the background: nobody waits for it, and a failure is told once. */
  #refresh(onStale: (message: string) => void): void {
    if (this.#isRefreshing || (this.#failure && this.#coolingMs() > 0)) return
    this.#isRefreshing = true
    this.#newer()
      .catch(({ message }: ProviderUnavailable) => onStale(message))
      .finally(() => {
        this.#isRefreshing = false
      })
  }

  /** Until the provider may be asked again. */
  #coolingMs(): number {
    return this.#startedAt + this.#options.cooldownMs - performance.now()
  }

  async #waited(wait: () => Promise<void>): Promise<void> {
    if (this.#waiting >= keyWaitsMax)
      throw new ProviderUnavailable('Too many tokens wait for new keys of the provider.')
    this.#waiting++
    try {
      await wait()
    } finally {
      this.#waiting--
    }
  }

  /** Resolves after a request for the keys that starts now or later. All callers share it. After a failure nobody waits for the next. */
  #newer(): Promise<void> {
    if (this.#failure && this.#coolingMs() > 0 && !this.#next) return Promise.reject(this.#failure)
    this.#next ??= (async () => {
      await this.#current?.catch(() => {})
      const leftMs = this.#coolingMs()
      if (leftMs > 0) await sleep(leftMs, undefined, { ref: false })
      this.#startedAt = performance.now()
      this.#next = undefined
      this.#current = this.#fetch()
      try {
        await this.#current
      } finally {
        this.#current = undefined
      }
    })()
    return this.#next
  }

  async #fetch(): Promise<void> {
    try {
      const url = await this.#keysUrl()
      const { keys } = (await jsonAt(url)) as Partial<JSONWebKeySet>
      if (!Array.isArray(keys)) throw new ProviderUnavailable(`${url.href} has no list of keys.`)
      this.#find = createLocalJWKSet({ keys: keys.filter((key) => key?.kty !== 'oct') })
      this.#fetchedAt = performance.now()
      this.#failure = undefined
    } catch (error) {
      this.#discovered = undefined
      this.#failure = error instanceof ProviderUnavailable ? error : new ProviderUnavailable((error as Error).message)
      throw this.#failure
    }
  }

  /** As OpenID Connect Discovery 1.0, section 4, says. */
  async #keysUrl(): Promise<URL> {
    const { issuer, jwksUrl } = this.#options
    if (jwksUrl !== undefined) return new URL(jwksUrl)
    if (this.#discovered) return this.#discovered
    const at = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
    const found = (await jsonAt(at)) as { readonly issuer?: unknown; readonly jwks_uri?: unknown }
    if (found.issuer !== issuer)
      throw new ProviderUnavailable(
        `${at.href} is about the issuer ${JSON.stringify(found.issuer)}, and not about "${issuer}".`,
      )
    const url = URL.parse(String(found.jwks_uri))
    const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && at.protocol === 'http:')
    if (!url || !isSafe) throw new ProviderUnavailable(`${at.href} names no URL of keys with https.`)
    this.#discovered = url
    return url
  }
}

/** Throws `config_invalid`. Without TLS anyone on the way could give us keys of theirs. */
export function checkedProviderUrl(given: string, option: string): URL {
  const url = URL.parse(given)
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackName(url.hostname))
  if (url && isSafe && !url.username && !url.password && !url.hash) return url
  throw new IndelibleError(
    'config_invalid',
    `jwt cannot work: "${option}" must be a URL with https, such as https://login.example/realms/bank. http is allowed on this machine only.`,
  )
}

async function jsonAt(url: URL): Promise<object> {
  try {
    const signal = AbortSignal.timeout(providerTimeoutMs)
    const response = await fetch(url, { redirect: 'error', signal, headers: { Accept: 'application/json' } })
    if (!response.ok || !response.body) throw new Error(`it answered ${response.status}`)
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of response.body) {
      bytes += chunk.length
      // Leaving the loop ends the request.
      if (bytes > providerBytesMax) throw new Error(`it answered with more than ${providerBytesMax} bytes`)
      chunks.push(chunk)
    }
    const json: unknown = JSON.parse(Buffer.concat(chunks).toString())
    if (typeof json === 'object' && json !== null) return json
    throw new Error('its answer is no JSON object')
  } catch (error) {
    throw new ProviderUnavailable(`${url.href} did not give its keys: ${whyNot(error)}.`)
  }
}
