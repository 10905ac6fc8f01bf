// When closed tenants have something to do: a small record for each, so that a start finds those with work without opening all.
import { IndelibleError } from '../kernel/errors.ts'
import { type Clock, instant } from '../kernel/time.ts'
import { timer } from '../kernel/timers.ts'
import type { Peers } from '../runtime/leases/index.ts'
import type { Work } from '../runtime/work.ts'
import type { ConsumerRecord, ConsumerRecords } from '../store/consumers.ts'
import { leftWorkMs } from './options.ts'

/** What is kept of a tenant. */
interface Kept {
  /** The processes that have it open, so that it may have work at any time. A crash leaves it so. */
  readonly openIn: readonly string[]
  readonly dueMs: number | null
}

export interface DueWorkOptions {
  readonly records: ConsumerRecords
  readonly clock: Clock
  /** Nothing where this process has the tenants alone. */
  readonly peers: () => Peers | undefined
  /** Called for each tenant that has something to do now. It is then no longer due, until `closed` or `later` says so. */
  readonly onDue: (tenant: string) => void
}

const alone = 'this process'
const hasNothing: Kept = { openIn: [], dueMs: null }

export class DueWork {
  readonly #options: DueWorkOptions
  /** When each is due, in milliseconds since 1970. */
  readonly #due = new Map<string, number>()
  #alarm: { cancel(): void } | undefined
  #isClosed = false

  constructor(options: DueWorkOptions) {
    this.#options = options
  }

  /** How many closed tenants wait for a time. */
  get waiting(): number {
    return this.#due.size
  }

  async created(tenant: string): Promise<void> {
    await this.#change(tenant, () => hasNothing)
  }

  /** Durable before anything of the tenant runs. */
  async opened(tenant: string): Promise<void> {
    this.#due.delete(tenant)
    await this.#change(tenant, (others, self) => ({ openIn: [...others, self], dueMs: null }))
  }

  async closed(tenant: string, { isUnderWay, dueMs }: Work): Promise<void> {
    const soon = isUnderWay ? this.#options.clock.now() + leftWorkMs : Number.POSITIVE_INFINITY
    const due = Math.min(soon, dueMs ?? Number.POSITIVE_INFINITY)
    const isDue = due < Number.POSITIVE_INFINITY
    if (isDue) this.#wait(tenant, due)
    await this.#change(tenant, (others) => {
      // The last one to close it knows what is due.
      if (others.length > 0) this.#due.delete(tenant)
      return { openIn: others, dueMs: isDue && others.length === 0 ? due : null }
    })
  }

  /** Takes up what is kept of a tenant that is not open here. */
  async takeUp(tenant: string): Promise<void> {
    const dueMs = this.#dueOf(await this.#load(tenant))
    if (dueMs !== null) this.#wait(tenant, dueMs)
  }

  /** Whether a tenant that was due here still has something to do that no other process does. If it is due later now, it is called again then. */
  async isLeftToDo(tenant: string): Promise<boolean> {
    if (!this.#options.peers()) return true
    const dueMs = this.#dueOf(await this.#load(tenant))
    if (dueMs === null) return false
    if (dueMs <= this.#options.clock.now()) return true
    this.#wait(tenant, dueMs)
    return false
  }

  /** Something went wrong with a tenant that is due. */
  later(tenant: string, afterMs: number): void {
    this.#wait(tenant, this.#options.clock.now() + afterMs)
  }

  close(): void {
    this.#isClosed = true
    this.#alarm?.cancel()
  }

  #wait(tenant: string, dueMs: number): void {
    this.#due.set(tenant, dueMs)
    this.#look()
  }

  #look(): void {
    this.#alarm?.cancel()
    if (this.#isClosed) return
    const { clock, onDue } = this.#options
    const now = clock.now()
    let nextMs = Number.POSITIVE_INFINITY
    for (const [tenant, dueMs] of this.#due) {
      if (dueMs > now) nextMs = Math.min(nextMs, dueMs)
      else {
        this.#due.delete(tenant)
        onDue(tenant)
      }
    }
    // Not for longer, as the clock of the machine may be put forward meanwhile.
    if (nextMs < Number.POSITIVE_INFINITY)
      this.#alarm = (clock.timer ?? timer)(Math.min(nextMs - now, lookMsMax), () => this.#look())
  }

  /** When somebody has to look at it. Nobody knows what one without a record has to do, such as one that was put back from a backup. */
  #dueOf(record: ConsumerRecord | undefined): number | null {
    if (!record) return 0
    const { openIn, dueMs } = record.kept as Kept
    const peers = this.#options.peers()
    if (openIn.some((id) => !isOther(id, peers))) return 0
    return openIn.length > 0 ? null : dueMs
  }

  async #load(tenant: string): Promise<ConsumerRecord | undefined> {
    return await this.#options.records.load(nameOf(tenant)).catch((error) => {
      if (error instanceof IndelibleError && error.code === 'consumer_damaged') return undefined
      throw error
    })
  }

  /** `change` gets the other processes that have it open, and the name of this one. */
  async #change(tenant: string, change: (others: readonly string[], self: string) => Kept): Promise<void> {
    const { records, clock, peers: peersNow } = this.#options
    for (;;) {
      const peers = peersNow()
      const before = peers && (await this.#load(tenant))
      const others = ((before?.kept as Kept | undefined)?.openIn ?? []).filter((id) => isOther(id, peers))
      const record = {
        name: nameOf(tenant),
        checkpoint: { position: 0, history: '' },
        isPaused: false,
        parked: [],
        updatedAt: instant(clock.now()),
        kept: change(others, peers?.self ?? alone),
        // Without one before, or with a damaged one, there is nothing to lose.
        ...(before && { revision: (before.revision ?? 0) + 1 }),
      }
      if ((await records.save(record)) === 'saved') return
    }
  }
}

/** Whether it is another process, and alive as far as anybody knows. */
function isOther(id: string, peers: Peers | undefined): boolean {
  return peers !== undefined && id !== peers.self && (peers.alive.has(id) || !peers.alive.has(peers.self))
}

const lookMsMax = 60_000

/** Consumers of the domain have other names. */
function nameOf(tenant: string): string {
  return `$tenant.${tenant}`
}
