// API keys of programs: issued, revoked and checked. They are events in the log, so a backup has them, and who issued or revoked one can be audited.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { IndelibleError } from '../../kernel/errors.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { IdGenerator } from '../../kernel/ids.ts'
import { type Clock, epochMs, type Instant, instant, type ValidTime } from '../../kernel/time.ts'
import type { EventStore } from '../../store/port.ts'
import type { By } from '../consumers/consumers.ts'
import { keyChecksAtOnceMax, keyChecksWaitingMax } from '../limits.ts'
import { Slots } from '../slots.ts'
import {
  checkedKeyPrincipal,
  type KeyIssued,
  type KeyPrincipal,
  type KeyRevoked,
  keyIssued,
  keyRevoked,
  keysStream,
} from './key-events.ts'
import { decoy, fits, keyParts, newKey, type Verifier, verifierOf } from './key-secret.ts'

export interface KeyToIssue {
  readonly principal: Partial<KeyPrincipal> & Pick<KeyPrincipal, 'actor'>
  /** Without it the key is valid until it is revoked. */
  readonly expiresAt?: ValidTime | undefined
}

export interface IssuedKey {
  readonly keyId: string
  /** The key itself. It is told once: the log has only a hash of its secret. */
  readonly key: string
  readonly expiresAt: Instant | null
}

export type ApiKeyStatus = 'active' | 'expired' | 'revoked'

/** What is known of a key. */
export interface ApiKey {
  readonly keyId: string
  readonly status: ApiKeyStatus
  readonly principal: KeyPrincipal
  readonly issuedAt: Instant
  readonly issuedBy: string | null
  readonly expiresAt: Instant | null
  readonly revokedAt: Instant | null
  readonly revokedBy: string | null
  readonly reason: string | null
}

/** `busy`: too many keys are being checked, so nobody knows; try again. The reason of a refusal is for the operator and not for the caller. */
export type KeyVerdict =
  | { readonly status: 'valid'; readonly keyId: string; readonly principal: KeyPrincipal }
  | { readonly status: 'refused'; readonly reason: string }
  | { readonly status: 'busy' }

interface Known extends Omit<ApiKey, 'status'> {
  readonly verifier: Verifier
  /** The seal of the key that was right. */
  proved?: Buffer
}

export class ApiKeys {
  readonly #store: EventStore
  readonly #ids: IdGenerator
  readonly #clock: Clock
  readonly #known = new Map<string, Known>()
  readonly #slots = new Slots(keyChecksAtOnceMax)
  /** The checks under way and in line, by the seal of the key. */
  readonly #checks = new Map<string, Promise<boolean>>()
  readonly #decoy = decoy()
  /** Seals keys in memory. It is never stored. */
  readonly #sealKey = randomBytes(32)
  readonly #closing = new AbortController()
  #through = 0
  #following: Promise<void> | undefined

  constructor({ store, ids, clock }: { readonly store: EventStore; readonly ids: IdGenerator; readonly clock: Clock }) {
    this.#store = store
    this.#ids = ids
    this.#clock = clock
  }

  /** Resolves when it is durable. Throws `invalid_parameter`, `invalid_time`, and what the store throws, such as `store_full`. */
  async issue({ principal, expiresAt }: KeyToIssue, { actor }: By = {}): Promise<IssuedKey> {
    const checked = checkedKeyPrincipal(principal)
    const expires = expiresAt === undefined ? null : instant(epochMs(expiresAt))
    if (expires !== null && epochMs(expires) <= this.#clock.now())
      throw new IndelibleError('invalid_parameter', `The key would have expired already: ${expires}.`, {
        details: { parameter: 'expiresAt' },
      })
    const { keyId, secret, key } = newKey()
    const data: KeyIssued = { keyId, principal: checked, expiresAt: expires, verifier: await verifierOf(secret) }
    await this.#append(keyIssued, data, actor)
    return { keyId, key, expiresAt: expires }
  }

  /** All keys, in the order in which they were issued. */
  async list(): Promise<readonly ApiKey[]> {
    await this.#followed()
    return [...this.#known.values()].map((key) => this.#view(key))
  }

  /** The key is refused from now on. False if it was revoked before. Throws `key_missing`, and what the store throws. */
  async revoke({ keyId, reason }: KeyRevoked, { actor }: By = {}): Promise<boolean> {
    await this.#followed()
    const key = this.#known.get(keyId)
    if (!key)
      throw new IndelibleError('key_missing', `There is no API key with the id "${keyId}".`, { details: { keyId } })
    if (key.revokedAt !== null) return false
    await this.#append(keyRevoked, { keyId, reason } satisfies KeyRevoked, actor)
    return true
  }

  /** Whether a key is valid now, and for whom. Throws what the store throws: without the log nobody knows. */
  async verify(key: string): Promise<KeyVerdict> {
    const parts = keyParts(key)
    if (!parts) return { status: 'refused', reason: 'It is not a whole key.' }
    await this.#followed()
    const { keyId, secret } = parts
    const seal = createHmac('sha256', this.#sealKey).update(key).digest()
    const known = this.#known.get(keyId)
    if (!known?.proved || !timingSafeEqual(known.proved, seal)) {
      const isRight = await this.#checked(seal.toString('base64'), () => fits(secret, known?.verifier ?? this.#decoy))
      if (isRight === undefined) return { status: 'busy' }
      if (!known) return { status: 'refused', reason: `There is no key ${keyId}.` }
      if (!isRight) return { status: 'refused', reason: `The secret is not that of key ${keyId}.` }
      known.proved = seal
    }
    // After the check: it may have been revoked meanwhile.
    const { status, principal } = this.#view(known)
    if (status === 'active') return { status: 'valid', keyId, principal }
    return { status: 'refused', reason: `Key ${keyId} of ${principal.actor} is ${status}.` }
  }

  close(): void {
    this.#closing.abort()
  }

  /** Checks a key once, however many requests have it. Nothing if too many others are being checked. */
  async #checked(seal: string, check: () => Promise<boolean>): Promise<boolean | undefined> {
    const underWay = this.#checks.get(seal)
    if (underWay) return await underWay
    if (this.#checks.size >= keyChecksAtOnceMax + keyChecksWaitingMax) return undefined
    const checking = this.#slots.within(check)
    this.#checks.set(seal, checking)
    try {
      return await checking
    } finally {
      this.#checks.delete(seal)
    }
  }

  async #append(type: string, data: KeyIssued | KeyRevoked, actor: string | undefined): Promise<void> {
    const id = this.#ids()
    const metadata = { ...(actor === undefined ? {} : { actor }), correlationId: id }
    const events = [{ id, stream: keysStream, type, data, metadata }]
    const outcome = await this.#store.append({ events }, { reserved: true })
    // It counts at once, and not only when the subscription brings it.
    if (outcome.status === 'written') this.#take({ type, data, metadata, recordedAt: outcome.recordedAt })
  }

  /** Resolves when everything is known that the log says now. If following fails, it begins again with the next call, and until then no key is valid. */
  async #followed(): Promise<void> {
    this.#following ??= this.#follow().catch((error) => {
      this.#following = undefined
      throw error
    })
    await this.#following
  }

  async #follow(): Promise<void> {
    const { position: head } = await this.#store.head()
    if (head > this.#through) {
      const options = { from: this.#through + 1, to: head }
      for await (const { events } of this.#store.read([{ streams: [keysStream] }], options))
        for (const event of events) this.#take(event)
      this.#through = head
    }
    void this.#followLive()
  }

  async #followLive(): Promise<void> {
    const options = { after: this.#through, signal: this.#closing.signal }
    try {
      for await (const { events, through } of this.#store.subscribe([{ streams: [keysStream] }], options)) {
        for (const event of events) this.#take(event)
        this.#through = through
      }
    } catch {
      // The next call reads again, and tells its caller if that fails too.
    } finally {
      this.#following = undefined
    }
  }

  /** Takes an event over. A second time changes nothing. */
  #take({ type, data, metadata, recordedAt }: Pick<RecordedEvent, 'type' | 'data' | 'metadata' | 'recordedAt'>): void {
    const by = metadata.actor ?? null
    if (type === keyIssued) {
      const issued = data as KeyIssued
      if (this.#known.has(issued.keyId)) return
      const notRevoked = { revokedAt: null, revokedBy: null, reason: null }
      this.#known.set(issued.keyId, { ...issued, ...notRevoked, issuedAt: recordedAt, issuedBy: by })
    } else if (type === keyRevoked) {
      const { keyId, reason } = data as KeyRevoked
      const key = this.#known.get(keyId)
      if (key?.revokedAt === null) Object.assign(key, { revokedAt: recordedAt, revokedBy: by, reason })
    }
  }

  #view({ verifier: _, proved: __, ...key }: Known): ApiKey {
    const hasExpired = key.expiresAt !== null && epochMs(key.expiresAt) <= this.#clock.now()
    return { ...key, status: key.revokedAt !== null ? 'revoked' : hasExpired ? 'expired' : 'active' }
  }
}
