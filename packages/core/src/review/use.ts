// How a log is used: what a review takes as evidence. It reads the newest part of the log once.

import { auditEntriesOf } from '../history/audit-entries.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import { isReserved } from '../kernel/reserved.ts'
import { categoryOf } from '../kernel/streams.ts'
import type { EventStore } from '../store/port.ts'

/** The newest events that a review looks at, if it is not told otherwise. */
export const reviewedEventsDefault = 1_000_000
/** Of the things that are counted one by one (streams, requests); further ones are not told apart. */
export const reviewedPartsMax = 200_000

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
  /** By category. */
  readonly streams: ReadonlyMap<string, StreamsUse>
  /** By category and command: `account/WithdrawFunds`. */
  readonly commands: ReadonlyMap<string, CommandUse>
  /** Conflicts by stream, as far as the audit trail has them. */
  readonly conflicts: ReadonlyMap<string, number>
  /** How many requests changed each set of categories. The categories are in order, with a space between. */
  readonly changedTogether: ReadonlyMap<string, number>
}

export interface StreamsUse {
  readonly events: number
  readonly streams: number
  readonly longest: { readonly stream: string; readonly events: number }
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

type Read = Parameters<typeof auditEntriesOf>[0]

class Tally {
  readonly #streams = new Map<
    string,
    { events: number; names: Set<string>; longest: { stream: string; events: number } }
  >()
  readonly #commands = new Map<string, { accepted: number; refused: Map<string, number> }>()
  readonly #conflicts = new Map<string, number>()
  readonly #requests = new Map<string, Set<string>>()

  add(event: Read): void {
    if (!isReserved(event.stream)) this.#changed(event)
    for (const { outcome, action, stream, code } of auditEntriesOf(event)) {
      if (stream === undefined) continue
      if (outcome === 'conflict') increase(this.#conflicts, stream)
      if (outcome !== 'accepted' && outcome !== 'refused') continue
      const name = `${categoryOf(stream as Read['stream'])}/${action}`
      const use = this.#commands.get(name) ?? { accepted: 0, refused: new Map() }
      this.#commands.set(name, use)
      if (outcome === 'accepted') use.accepted++
      else increase(use.refused, code ?? 'unknown')
    }
  }

  #changed({ stream, category, version, metadata }: Read): void {
    const use = this.#streams.get(category) ?? { events: 0, names: new Set(), longest: { stream, events: 0 } }
    this.#streams.set(category, use)
    use.events++
    if (use.names.size < reviewedPartsMax) use.names.add(stream)
    if (version > use.longest.events) use.longest = { stream, events: version }
    const { correlationId } = metadata
    if (typeof correlationId !== 'string') return
    const categories = this.#requests.get(correlationId)
    if (categories) categories.add(category)
    else if (this.#requests.size < reviewedPartsMax) this.#requests.set(correlationId, new Set([category]))
  }

  use(from: Position, to: Position): LogUse {
    const changedTogether = new Map<string, number>()
    for (const categories of this.#requests.values()) increase(changedTogether, [...categories].sort().join(' '))
    const streams = [...this.#streams].map(
      ([category, { events, names, longest }]) => [category, { events, streams: names.size, longest }] as const,
    )
    return {
      from,
      to,
      streams: new Map(streams),
      commands: this.#commands,
      conflicts: this.#conflicts,
      changedTogether,
    }
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
