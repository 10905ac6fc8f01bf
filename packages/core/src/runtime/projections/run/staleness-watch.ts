// How far a read table is behind the log, and a notice when that passes the target of the projection.
import type { Position } from '../../../kernel/positions.ts'
import { recordedNames } from '../../../kernel/recorded-forms.ts'
import { epochMs } from '../../../kernel/time.ts'
import { staleCheckMs } from '../../limits.ts'
import type { Staleness } from '../status.ts'
import type { RunContext } from './run-context.ts'
import { StalenessMeter } from './staleness-meter.ts'

export class StalenessWatch {
  readonly #context: RunContext
  readonly #isFollowing: () => boolean
  readonly #meter: StalenessMeter
  #isStale = false
  #timer: NodeJS.Timeout | undefined

  constructor(context: RunContext, { isFollowing }: { readonly isFollowing: () => boolean }) {
    this.#context = context
    this.#isFollowing = isFollowing
    this.#meter = new StalenessMeter(context.clock)
  }

  start(): void {
    this.#timer = setInterval(() => this.#check(), staleCheckMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Notes that the rows of some events became visible. Half of them count with the age of the oldest, half with that of the newest. */
  readonly visible = ({ events, oldestMs, newestMs }: { events: number; oldestMs: number; newestMs: number }) => {
    this.#meter.add(oldestMs, Math.ceil(events / 2))
    this.#meter.add(newestMs, Math.floor(events / 2))
  }

  async staleness(head: Position): Promise<Staleness> {
    const { targetMs } = this.#context.projection.staleness
    const [p50Ms, p99Ms] = this.#meter.percentiles([0.5, 0.99]) as [number | null, number | null]
    return { targetMs, lagMs: await this.#lagMs(head), p50Ms, p99Ms }
  }

  /** The age of the oldest event that concerns this table and is not in it. */
  async #lagMs(head: Position): Promise<number> {
    const { store, projection, clock, standing } = this.#context
    const from = standing.position + 1
    if (from > head) return 0
    const types = recordedNames(projection.events)
    for await (const { events } of store.read([{ types }], { from, to: head, limit: 1 })) {
      const [oldest] = events
      if (oldest) return Math.max(0, clock.now() - epochMs(oldest.recordedAt))
    }
    return 0
  }

  #check(): void {
    if (!this.#isFollowing()) return
    const { store, projection, name, notify } = this.#context
    const { targetMs } = projection.staleness
    void (async () => {
      const lagMs = await this.#lagMs((await store.head()).position)
      const isStale = lagMs > targetMs
      if (isStale === this.#isStale) return
      this.#isStale = isStale
      notify(isStale ? { kind: 'stale', name, lagMs, targetMs } : { kind: 'fresh', name })
    })().catch(() => {})
  }
}
