// The tenants that are open now: opened when needed, shared while in use, closed when idle, and never more than a named number of them.
import { throwIfAborted } from '../kernel/abort.ts'
import { IndelibleError } from '../kernel/errors.ts'
import { every, type Timer, timer } from '../kernel/timers.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import { unknownWork, type Work } from '../runtime/work.ts'
import { Line } from './line.ts'
import { type CheckedTenants, idleLookMsMax, idleLookMsMin, roomLookMs, tenantsAtOnceMax } from './options.ts'

export interface OpenTenantsOptions extends CheckedTenants {
  readonly open: (tenant: string) => Promise<RunningSystem>
  /** Called after a tenant was closed, with what it would have done next. */
  readonly closed: (tenant: string, left: Work) => Promise<void>
  readonly onFault: (tenant: string, error: unknown) => void
}

/** A tenant in use. */
export interface HeldTenant {
  readonly running: RunningSystem
  /** Aborts when the tenant is closed. */
  readonly closing: AbortSignal
  /** A second time does nothing. */
  release(): void
}

export interface HoldOptions {
  readonly signal?: AbortSignal | undefined
  /** How long to wait for a place. */
  readonly waitMs?: number
  /** It is no reason to keep the tenant open once it is released. */
  readonly isPassing?: boolean
}

interface Place {
  readonly tenant: string
  opening: Promise<RunningSystem>
  running: RunningSystem | undefined
  users: number
  /** When somebody used it last, in milliseconds since the process began. */
  usedAt: number
  closing: Promise<void> | undefined
  /** Aborts those that look and do not keep it open. */
  readonly leave: AbortController
}

export class OpenTenants {
  readonly #options: OpenTenantsOptions
  /** The one that was used last is the last one. */
  readonly #places = new Map<string, Place>()
  readonly #line = new Line()
  readonly #idleLook: Timer
  #isLooking = false
  #isMakingRoom = false
  #isClosed = false

  constructor(options: OpenTenantsOptions) {
    this.#options = options
    const lookMs = Math.max(idleLookMsMin, Math.min(options.idleMs / 4, idleLookMsMax))
    this.#idleLook = every(lookMs, () => void this.#closeIdle()).unref()
  }

  get size(): number {
    return this.#places.size
  }

  get waiting(): number {
    return this.#line.length
  }

  /** False for one that is being closed. */
  isOpen(tenant: string): boolean {
    const place = this.#places.get(tenant)
    return place !== undefined && place.closing === undefined
  }

  get names(): readonly string[] {
    return [...this.#places.keys()]
  }

  /** Those that are open and not being closed. */
  get running(): readonly RunningSystem[] {
    return [...this.#places.values()].flatMap(({ running, closing }) => (running && !closing ? [running] : []))
  }

  /** Opens a tenant where it is not open. Throws `tenants_busy`, `store_closed`, `aborted`, and what opening throws. */
  async hold(tenant: string, options: HoldOptions = {}): Promise<HeldTenant> {
    const place = await this.#enter(tenant, options)
    place.users++
    try {
      const running = await orAborted(place.opening, options.signal)
      let isReleased = false
      const release = () => {
        if (isReleased) return
        isReleased = true
        place.users--
        if (!options.isPassing) this.#used(place)
        if (this.#line.length > 0) void this.#makeRoom()
      }
      return { running, closing: place.leave.signal, release }
    } catch (error) {
      place.users--
      throw error
    }
  }

  /** Looks at a tenant without keeping it open: the signal aborts when it is closed. Throws as {@link hold}. */
  async visit<Result>(
    tenant: string,
    look: (running: RunningSystem, signal: AbortSignal) => Promise<Result>,
    options: Pick<HoldOptions, 'signal' | 'waitMs'> = {},
  ): Promise<Result> {
    const { signal } = options
    const { running, closing, release } = await this.hold(tenant, { ...options, isPassing: true })
    const looking = look(running, signal ? AbortSignal.any([signal, closing]) : closing)
    release()
    return await looking
  }

  /** Closes all, whether they are in use or not. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#idleLook.cancel()
    this.#line.refuse(closedError())
    const places = [...this.#places.values()]
    const next = async (): Promise<void> => {
      for (let place = places.shift(); place; place = places.shift()) {
        await place.opening.catch(() => {})
        await this.#shut(place)
      }
    }
    await Promise.all(Array.from({ length: tenantsAtOnceMax }, next))
  }

  async #enter(tenant: string, { signal, waitMs = this.#options.waitMs, isPassing }: HoldOptions): Promise<Place> {
    const untilMs = performance.now() + waitMs
    for (let isNext = false; ; ) {
      throwIfAborted(signal)
      if (this.#isClosed) throw closedError()
      const place = this.#places.get(tenant)
      // Two that are being closed may wait for each other.
      if (place?.closing) await orAborted(place.closing, signal)
      else if (place) return place
      // Whoever came first gets the place.
      else if (this.#places.size < this.#options.openMax && (isNext || this.#line.length === 0))
        return this.#begin(tenant, isPassing ? Number.NEGATIVE_INFINITY : performance.now())
      else {
        const turn = this.#line.wait({
          signal,
          ms: untilMs - performance.now(),
          late: () => this.#busy(tenant, waitMs),
        })
        void this.#makeRoom()
        await turn
        isNext = true
      }
    }
  }

  #begin(tenant: string, usedAt: number): Place {
    const { open } = this.#options
    const place: Place = {
      tenant,
      running: undefined,
      users: 0,
      usedAt,
      closing: undefined,
      leave: new AbortController(),
      opening: open(tenant).then(
        (running) => {
          place.running = running
          return running
        },
        (error) => {
          this.#places.delete(tenant)
          void this.#makeRoom()
          throw error
        },
      ),
    }
    // Whoever waits for it is told.
    place.opening.catch(() => {})
    this.#places.set(tenant, place)
    return place
  }

  #used(place: Place): void {
    place.usedAt = performance.now()
    if (this.#places.get(place.tenant) !== place) return
    this.#places.delete(place.tenant)
    this.#places.set(place.tenant, place)
  }

  /** Lets those in line in, as long as there are places, and closes tenants for them. */
  async #makeRoom(): Promise<void> {
    if (this.#isMakingRoom) return
    this.#isMakingRoom = true
    try {
      while (this.#line.length > 0 && !this.#isClosed) {
        const free = this.#options.openMax - this.#places.size
        for (let place = 0; place < free; place++) this.#line.next()
        // They take their places now.
        await new Promise((turn) => setImmediate(turn))
        if (this.#line.length === 0) return
        const closed = await this.#closeSome(this.#line.length, () => true)
        if (closed === 0) await new Promise<void>((look) => void timer(roomLookMs, look).unref())
      }
    } finally {
      this.#isMakingRoom = false
    }
  }

  async #closeIdle(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const { idleMs } = this.#options
    const now = performance.now()
    await this.#closeSome(Number.POSITIVE_INFINITY, ({ usedAt }) => now - usedAt >= idleMs)
    this.#isLooking = false
  }

  /** Closes at most so many tenants that have nothing to do, first those that were not used the longest. */
  async #closeSome(countMax: number, mayClose: (place: Place) => boolean): Promise<number> {
    const places = [...this.#places.values()].filter((place) => isUnused(place) && mayClose(place))
    places.sort((one, other) => one.usedAt - other.usedAt)
    let count = 0
    const next = async (): Promise<void> => {
      for (let place = places.shift(); place && count < countMax; place = places.shift())
        if (await this.#closeUnused(place)) count++
    }
    await Promise.all(Array.from({ length: Math.min(countMax, tenantsAtOnceMax) }, next))
    return count
  }

  async #closeUnused(place: Place): Promise<boolean> {
    // Where nobody can say what it has to do, it is closed, and opened again later.
    const work = await place.running!.work().catch(() => undefined)
    if (work?.isUnderWay || !isUnused(place)) return false
    await this.#shut(place)
    return true
  }

  async #shut(place: Place): Promise<void> {
    const { closed, onFault } = this.#options
    place.closing ??= (async () => {
      const { tenant, running } = place
      place.leave.abort()
      try {
        if (running) await closed(tenant, await this.#left(place, running))
      } catch (error) {
        // It is still recorded as open, so the next start looks at it.
        onFault(tenant, error)
      } finally {
        this.#places.delete(tenant)
        void this.#makeRoom()
      }
    })()
    await place.closing
  }

  async #left({ tenant }: Place, running: RunningSystem): Promise<Work> {
    try {
      await running.close()
      return await running.work()
    } catch (error) {
      this.#options.onFault(tenant, error)
      return unknownWork
    }
  }

  #busy(tenant: string, waitMs: number): IndelibleError {
    const { openMax } = this.#options
    return new IndelibleError(
      'tenants_busy',
      `"${tenant}" cannot be opened now: ${openMax} tenants are open (openMax), and within ${waitMs} ms none of them was idle. Send it again later.`,
      { details: { openMax } },
    )
  }
}

function isUnused({ users, running, closing }: Place): boolean {
  return users === 0 && running !== undefined && closing === undefined
}

/** Throws `aborted` as soon as the caller gives up. */
async function orAborted<Value>(awaited: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return await awaited
  const { promise, reject } = Promise.withResolvers<never>()
  const leave = () => reject(new IndelibleError('aborted', 'The caller gave up.', { cause: signal.reason }))
  signal.addEventListener('abort', leave, { once: true })
  try {
    throwIfAborted(signal)
    return await Promise.race([awaited, promise])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

function closedError(): IndelibleError {
  return new IndelibleError('store_closed', 'The tenants were closed.')
}
