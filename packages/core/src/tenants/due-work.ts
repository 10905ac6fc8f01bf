// When closed tenants have something to do: a small record for each, so that a start finds those with work without opening all.
import { IndelibleError } from '../kernel/errors.ts'
import { type Clock, instant } from '../kernel/time.ts'
import { timer } from '../kernel/timers.ts'
import type { Work } from '../runtime/work.ts'
import type { ConsumerRecords } from '../store/consumers.ts'
import { leftWorkMs } from './options.ts'

/** What is kept of a tenant. One that is open may have work at any time: a crash leaves it so. */
interface Kept {
  readonly isOpen: boolean
  readonly dueMs: number | null
}

export interface DueWorkOptions {
  readonly records: ConsumerRecords
  readonly clock: Clock
  /** Called for each tenant that has something to do now. It is then no longer due, until `closed` or `later` says so. */
  readonly onDue: (tenant: string) => void
}

const hasNothing: Kept = { isOpen: false, dueMs: null }

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
    await this.#save(tenant, hasNothing)
  }

  /** Durable before anything of the tenant runs. */
  async opened(tenant: string): Promise<void> {
    this.#due.delete(tenant)
    await this.#save(tenant, { isOpen: true, dueMs: null })
  }

  async closed(tenant: string, { isUnderWay, dueMs }: Work): Promise<void> {
    const soon = isUnderWay ? this.#options.clock.now() + leftWorkMs : Number.POSITIVE_INFINITY
    const due = Math.min(soon, dueMs ?? Number.POSITIVE_INFINITY)
    const isDue = due < Number.POSITIVE_INFINITY
    if (isDue) this.#wait(tenant, due)
    await this.#save(tenant, isDue ? { isOpen: false, dueMs: due } : hasNothing)
  }

  /** Takes up what is kept of a tenant that is not open. Nobody knows what one without a record has to do, such as one that was put back from a backup. */
  async takeUp(tenant: string): Promise<void> {
    const record = await this.#options.records.load(nameOf(tenant)).catch((error) => {
      if (error instanceof IndelibleError && error.code === 'consumer_damaged') return undefined
      throw error
    })
    const { isOpen, dueMs } = (record?.kept ?? { isOpen: true, dueMs: null }) as Kept
    if (isOpen) this.#wait(tenant, 0)
    else if (dueMs !== null) this.#wait(tenant, dueMs)
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

  async #save(tenant: string, kept: Kept): Promise<void> {
    const { records, clock } = this.#options
    const checkpoint = { position: 0, history: '' }
    const updatedAt = instant(clock.now())
    await records.save({ name: nameOf(tenant), checkpoint, isPaused: false, parked: [], updatedAt, kept })
  }
}

const lookMsMax = 60_000

/** Consumers of the domain have other names. */
function nameOf(tenant: string): string {
  return `$tenant.${tenant}`
}
