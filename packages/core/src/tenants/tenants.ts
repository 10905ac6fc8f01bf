// Many logs of one declaration: the list of tenants, those that are open, and what is asked of each.
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import { messageOf } from '../kernel/shown.ts'
import type { System } from '../kernel/system.ts'
import { every, type Timer, timer } from '../kernel/timers.ts'
import { type Call, granted, type Operation, parsedInput } from '../operations/index.ts'
import type { By } from '../runtime/consumers/by.ts'
import type { Peers } from '../runtime/leases/index.ts'
import { retryClosedMs } from '../runtime/limits.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import { Slots } from '../runtime/slots.ts'
import type { Tenant, TenantCatalog } from '../runtime/tenants/catalog.ts'
import { checkedTenantName } from '../runtime/tenants/names.ts'
import type { DueWork } from './due-work.ts'
import { heldUntilEnd, isLiveFeed } from './held-feed.ts'
import { TenantMeter } from './measured.ts'
import { type HeldTenant, type HoldOptions, OpenTenants } from './open-tenants.ts'
import { type CheckedTenants, peersLookMs, recordsAtOnceMax, roomLookMs, tenantsAtOnceMax } from './options.ts'

/** A tenant could not be opened for its own work, or not be closed. It is tried again. */
export interface TenantNotice {
  readonly kind: 'tenant failed'
  readonly tenant: string
  readonly code?: string
  readonly message: string
}

export interface TenantsParts {
  readonly system: System
  readonly whole: RunningSystem
  readonly catalog: TenantCatalog
  readonly due: DueWork
  readonly options: CheckedTenants
  readonly open: (tenant: string) => Promise<RunningSystem>
  readonly notify: (notice: TenantNotice) => void
}

export class Tenants {
  readonly system: System
  /** What belongs to no tenant: the list of tenants, API keys, grants, what is measured. It has no commands and no tables. */
  readonly whole: RunningSystem
  readonly #parts: TenantsParts
  readonly #open: OpenTenants
  readonly #meter: TenantMeter
  readonly #ownWork = new Slots(tenantsAtOnceMax)
  /** Those who wait until a tenant is opened. */
  readonly #awaited = new Map<string, Set<() => void>>()
  /** Looks through the records of tenants, one time after the other. */
  #takingUp: Promise<void>
  readonly #peersLook: Timer
  #again: Timer | undefined
  /** As they were at the last look. */
  #peers: Pick<Peers, 'alive' | 'absences'> = { alive: new Set(), absences: 0 }
  #closing: Promise<void> | undefined

  constructor(parts: TenantsParts) {
    const { system, whole, options, due, notify } = parts
    this.system = system
    this.whole = whole
    this.#parts = parts
    this.#open = new OpenTenants({
      ...options,
      open: (tenant) => this.#opening(tenant),
      closed: (tenant, left) => due.closed(tenant, left),
      onFault: (tenant, error) => notify(noticeOf(tenant, error)),
    })
    this.#meter = new TenantMeter(whole.telemetry, { measured: options.measured, open: this.#open, due })
    this.#takingUp = this.#takeUp()
    this.#peersLook = every(peersLookMs, () => this.#lookAtPeers()).unref()
  }

  /** How many tenants are open now, being opened or being closed. */
  get openNow(): number {
    return this.#open.size
  }

  /** All tenants, in the order in which they were made. */
  async list(): Promise<readonly Tenant[]> {
    return await this.#parts.catalog.list()
  }

  /** Makes a tenant, whose log is empty. Nothing else makes one. Throws `invalid_tenant_name`, `tenant_exists`, and what the store of the list throws. */
  async create(tenant: string, by: By = {}): Promise<Tenant> {
    return await this.#parts.catalog.create(tenant, by)
  }

  /**
   * Works with the system of a tenant: `tenants.use('acme', (running) => running.send(…))`. It is opened where it is not open, and stays open meanwhile. Throws
   * `invalid_tenant_name`, `unknown_tenant`, `tenants_busy`, `store_closed`, `aborted`, and what opening throws.
   */
  async use<Result>(
    tenant: string,
    work: (running: RunningSystem) => Promise<Result>,
    options: Pick<HoldOptions, 'signal'> = {},
  ): Promise<Result> {
    const { running, release } = await this.#hold(tenant, options)
    try {
      return await work(running)
    } finally {
      release()
    }
  }

  /**
   * Runs an operation of a tenant; `waitMs` is how long to wait for a place, where it is not the time of the config. Whether the caller is allowed to is asked
   * before anything else, so that a refusal takes no time that tells whether there is such a tenant. Throws as {@link use}, `access_denied`, and the refusals of the operation.
   */
  async run<Input extends object, Result>(
    operation: Operation<Input, Result>,
    tenant: string,
    input: Input,
    call: Call = {},
    options: Pick<HoldOptions, 'waitMs'> = {},
  ): Promise<Result> {
    const { principal = {}, signal } = call
    const { access, audit } = this.whole
    if (operation.of === 'server' || operation.of === 'tenants') throw notOfTenant(operation.name)
    const parsed = parsedInput(operation.parameters, input) as Input
    const asked = {
      operation: operation.name,
      input: { tenant, ...parsed },
      stream: undefined,
      actor: principal.actor,
    }
    granted({ access: access.within(tenant), audit }, asked, { principal, need: operation.needs(parsed) })
    const { running, release } = await this.#hold(tenant, { ...options, signal })
    this.#meter.count(tenant)
    let isHeld = false
    try {
      const result = await operation.run(running, input, call)
      if (!operation.isLive || !isLiveFeed(result)) return result
      isHeld = true
      return heldUntilEnd(result, { signal, release }) as Result
    } finally {
      if (!isHeld) release()
    }
  }

  /** Looks at a tenant without keeping it open: the signal aborts when it is closed. Throws as {@link use}. */
  async visit<Result>(
    tenant: string,
    look: (running: RunningSystem, signal: AbortSignal) => Promise<Result>,
    options: Pick<HoldOptions, 'signal' | 'waitMs'> = {},
  ): Promise<Result> {
    await this.#assertThere(tenant)
    return await this.#open.visit(tenant, look, options)
  }

  /** Resolves when somebody opens the tenant, or it is open; when the time is over; or when the signal aborts. */
  async opened(tenant: string, { ms, signal }: { ms: number; signal: AbortSignal | undefined }): Promise<void> {
    if (this.#open.isOpen(tenant) || signal?.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const awaited = this.#awaited.get(tenant) ?? new Set()
    this.#awaited.set(tenant, awaited.add(resolve))
    const limit = timer(Math.max(0, ms), resolve)
    signal?.addEventListener('abort', () => resolve(), { once: true })
    await promise
    limit.cancel()
    awaited.delete(resolve)
    if (awaited.size === 0) this.#awaited.delete(tenant)
  }

  /** Stops and closes all, each tenant between two steps. What has work goes on at the next start. */
  async close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#peersLook.cancel()
      this.#again?.cancel()
      this.#parts.due.close()
      await this.#takingUp
      await this.#open.close()
      await this.whole.close()
    })()
    await this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Called when a closed tenant has something to do. */
  doOwnWork(tenant: string): void {
    void this.#ownWork.within(async () => {
      if (this.#closing) return
      const { due } = this.#parts
      try {
        const isLeft = await due.isLeftToDo(tenant).catch((error) => {
          due.later(tenant, retryClosedMs)
          throw error
        })
        if (!isLeft) return
        const held = await this.#open.hold(tenant, { waitMs: Number.POSITIVE_INFINITY, isPassing: true })
        held.release()
      } catch (error) {
        if (isIndelibleError(error, 'store_closed') && this.#closing) return
        this.#parts.notify(noticeOf(tenant, error))
      }
    })
  }

  async #hold(tenant: string, options: HoldOptions): Promise<HeldTenant> {
    await this.#assertThere(tenant)
    return await this.#open.hold(tenant, options)
  }

  async #assertThere(tenant: string): Promise<void> {
    if (this.#open.isOpen(tenant) || (await this.#parts.catalog.has(checkedTenantName(tenant)))) return
    throw new IndelibleError(
      'unknown_tenant',
      `There is no tenant "${tenant}". Make it first: indelible tenants create ${tenant}, or the operation createTenant.`,
      { details: { tenant } },
    )
  }

  async #opening(tenant: string): Promise<RunningSystem> {
    const { due, open } = this.#parts
    for (const told of this.#awaited.get(tenant) ?? []) told()
    try {
      await due.opened(tenant)
      return await this.#meter.timed(() => open(tenant))
    } catch (error) {
      // It may have had work.
      due.later(tenant, retryClosedMs)
      throw error
    }
  }

  /** When a process has ended, one of the others looks at what it had open, and at what it would have opened later. */
  #lookAtPeers(): void {
    const { peers } = this.whole
    if (!peers?.alive.has(peers.self)) return
    const { alive, self } = peers
    const before = this.#peers
    this.#peers = peers
    const hasOneEnded = [...before.alive].some((id) => !alive.has(id))
    if (hasOneEnded && [...alive].sort()[0] === self) this.#takeUpNext()
    if (peers.absences > before.absences) for (const tenant of this.#open.names) void this.#markOpen(tenant)
  }

  /** For the others this process had ended, so that the records do not name it any more. */
  async #markOpen(tenant: string): Promise<void> {
    if (!this.#open.isOpen(tenant)) return
    try {
      // It is not closed meanwhile.
      const { release } = await this.#open.hold(tenant, { isPassing: true })
      await this.#parts.due.opened(tenant).finally(release)
    } catch (error) {
      if (!this.#closing) this.#parts.notify(noticeOf(tenant, error))
    }
  }

  #takeUpNext(): void {
    this.#takingUp = this.#takingUp.then(() => this.#takeUp())
  }

  /** Resolves when it is known which processes there are, or all is closed. */
  async #knowPeers(): Promise<void> {
    for (;;) {
      const { peers } = this.whole
      if (!peers || peers.alive.has(peers.self) || this.#closing) return
      await new Promise<void>((look) => void timer(roomLookMs, look).unref())
    }
  }

  /** Finds the tenants that have work, or were open when a process ended. */
  async #takeUp(): Promise<void> {
    const { catalog, due, notify } = this.#parts
    try {
      await this.#knowPeers()
      const left = [...(await catalog.list())]
      const next = async (): Promise<void> => {
        for (let each = left.shift(); each && !this.#closing; each = left.shift())
          if (!this.#open.isOpen(each.tenant)) await due.takeUp(each.tenant)
      }
      await Promise.all(Array.from({ length: recordsAtOnceMax }, next))
    } catch (error) {
      if (this.#closing) return
      notify(noticeOf('', error))
      this.#again = timer(retryClosedMs, () => this.#takeUpNext()).unref()
    }
  }
}

function noticeOf(tenant: string, error: unknown): TenantNotice {
  const code = isIndelibleError(error) ? { code: error.code } : {}
  return { kind: 'tenant failed', tenant, ...code, message: messageOf(error) }
}

function notOfTenant(operation: string): IndelibleError {
  return new IndelibleError(
    'invalid_parameter',
    `"${operation}" is asked of the server as a whole, and not of a tenant.`,
    { details: { parameter: 'tenant' } },
  )
}
