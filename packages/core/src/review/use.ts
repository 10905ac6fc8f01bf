// How a log is used: what a review takes as evidence. It reads the newest part of the log once.
import { auditEntriesOf } from '../history/audit-entries.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import { isReserved } from '../kernel/reserved.ts'
import { categoryOf, type StreamName } from '../kernel/streams.ts'
import type { EventStore } from '../store/port.ts'

/** The newest events that a review looks at, if it is not told otherwise. */
export const reviewedEventsDefault = 1_000_000
/** Of these it is noted which aggregates they changed. */
export const reviewedRequestsMax = 200_000

export interface UseOptions {
  /** How many of the newest events. The default is {@link reviewedEventsDefault}. */
  readonly events?: number
  readonly signal?: AbortSignal
  readonly progress?: (done: number, total: number) => void
}

export interface LogUse {
  /** The positions that were read. */
  readonly from: Position
  readonly to: Position
  /** The longest stream of each category that was read. */
  readonly longest: ReadonlyMap<string, StreamLength>
  /** By category and command: `account/WithdrawFunds`. */
  readonly commands: ReadonlyMap<string, CommandUse>
  /** Conflicts by stream, as far as the audit trail has them. */
  readonly conflicts: ReadonlyMap<string, number>
  /** How many requests changed each set of categories. The categories are in order, with a space between. */
  readonly changedTogether: ReadonlyMap<string, number>
}

export interface StreamLength {
  readonly stream: StreamName
  readonly events: number
}

export interface CommandUse {
  readonly accepted: number
  /** By reason, as far as the audit trail has them. */
  readonly refused: ReadonlyMap<string, number>
}

/** Throws `aborted`. */
export async function useOf(store: EventStore, options: UseOptions = {}): Promise<LogUse> {
  const { events: count = reviewedEventsDefault, signal, progress } = options
  const { position: to } = await store.head()
  const from = Math.max(1, to - count + 1)
  const tally = new Tally()
  if (to === 0) return tally.use(from, to)
  for await (const { events, through } of store.read('all', { from, to, reserved: true })) {
    if (signal?.aborted) throw new IndelibleError('aborted', 'The review was interrupted.')
    for (const event of events) tally.add(event)
    progress?.(through - from + 1, to - from + 1)
  }
  return tally.use(from, to)
}

class Tally {
  readonly #longest = new Map<string, StreamLength>()
  readonly #commands = new Map<string, { accepted: number; refused: Map<string, number> }>()
  readonly #conflicts = new Map<string, number>()
  readonly #requests = new Map<string, Set<string>>()

  add(event: RecordedEvent): void {
    if (!isReserved(event.stream)) this.#changed(event)
    for (const { outcome, action, stream, code } of auditEntriesOf(event)) {
      if (stream === undefined) continue
      if (outcome === 'conflict') increase(this.#conflicts, stream)
      if (outcome !== 'accepted' && outcome !== 'refused') continue
      const name = `${categoryOf(stream as StreamName)}/${action}`
      const use = this.#commands.get(name) ?? { accepted: 0, refused: new Map() }
      this.#commands.set(name, use)
      if (outcome === 'accepted') use.accepted++
      else increase(use.refused, code ?? 'unknown')
    }
  }

  #changed({ stream, category, version, metadata }: RecordedEvent): void {
    if (version > (this.#longest.get(category)?.events ?? 0)) this.#longest.set(category, { stream, events: version })
    const { correlationId } = metadata
    if (typeof correlationId !== 'string') return
    const categories = this.#requests.get(correlationId)
    if (categories) categories.add(category)
    else if (this.#requests.size < reviewedRequestsMax) this.#requests.set(correlationId, new Set([category]))
  }

  use(from: Position, to: Position): LogUse {
    const changedTogether = new Map<string, number>()
    for (const categories of this.#requests.values()) increase(changedTogether, [...categories].sort().join(' '))
    return {
      from,
      to,
      longest: this.#longest,
      commands: this.#commands,
      conflicts: this.#conflicts,
      changedTogether,
    }
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
