// Folds events into rows in memory, in the order of the log. Handlers are called here and in `stream-fold.ts`, and nowhere else.
import { type AnyRowChange, type Projection, RowRemoval } from '../../../kernel/projections.ts'
import type { Row } from '../../../kernel/tables.ts'
import { canonicalCheck } from '../../../store/canonical-check.ts'
import { type DomainBatch, wholeEnd } from '../../../store/domain-batch.ts'
import { canonicalKey, canonicalRow } from '../../../store/rows.ts'
import type { Guard } from '../../guard/index.ts'
import type { FoldFailure } from './failure.ts'
import { Handlers, rowMissing } from './handlers.ts'
import { KnownRows } from './known-rows.ts'

export interface RowFoldOptions {
  readonly guard: Guard
  /** True if the fold begins with the first event: then a row that is not known does not exist. */
  readonly fromZero: boolean
  /** Whether every version of each row is kept until the changes are taken. */
  readonly keepsVersions?: boolean | undefined
}

/** The key of an event that gets no row. */
const noKey: Row = Object.freeze({})

type Change = readonly [slot: number, row: Row | null]

export class RowFold {
  readonly known: KnownRows
  readonly #projection: Projection
  readonly #handlers: Handlers
  /** By the index of a type: whether its events get a row, and whether that row must exist. */
  readonly #takesRow: readonly boolean[]
  readonly #requiresRow: readonly boolean[]
  readonly #isCanonical: ReturnType<typeof canonicalCheck>
  /** For each stream of the batch that is being applied, its slot, or -1 if no event of it was applied yet. */
  #ofStreams: { readonly batch: DomainBatch; readonly slots: Int32Array } | undefined
  /** The row that the running handler got. */
  #given: Row | undefined

  constructor(projection: Projection, { fromZero, keepsVersions, guard }: RowFoldOptions) {
    this.known = new KnownRows(projection.table, { fromZero, keepsVersions })
    this.#projection = projection
    this.#handlers = new Handlers(projection, guard)
    this.#takesRow = projection.handlers.map(({ row }) => row !== 'none')
    this.#requiresRow = projection.handlers.map(({ row }) => row === 'required')
    this.#isCanonical = canonicalCheck(projection.table)
  }

  /** The keys of a batch whose rows are not known yet. A key that cannot be made is reported by `apply`, at its event. */
  missing(batch: DomainBatch): readonly Row[] {
    return this.#handlers.fold(() => this.#missing(batch))
  }

  #missing(batch: DomainBatch): readonly Row[] {
    const missing: Row[] = []
    const { known } = this
    const add = (slot: number) => {
      if (known.bySlot[slot] === undefined) missing.push(known.keys[slot]!)
    }
    const seen = new Set<number>()
    for (let at = 0; at < batch.length; at++) {
      try {
        if (this.#handlers.keys) for (const key of this.#keysOf(batch, at)) add(known.slotOf(key))
        else if (this.#takesRow[batch.types[at]!]! && !seen.has(batch.streams[at]!)) {
          seen.add(batch.streams[at]!)
          add(known.slotOfStream(batch.streamId(batch.streams[at]!)))
        }
      } catch {
        // `apply` reports it.
      }
    }
    return missing
  }

  /**
   * Applies the events of a batch from an index up to another one, by default all. Stops at the event at which a handler fails. The parts of one recorded
   * event are applied all or none: do not split them.
   */
  apply(batch: DomainBatch, from = 0, to = batch.length): FoldFailure | undefined {
    return this.#handlers.fold(() =>
      batch.hasParts ? this.#applyWhole(batch, from, to) : this.#apply(batch, from, to),
    )
  }

  #applyWhole(batch: DomainBatch, from: number, to: number): FoldFailure | undefined {
    for (let first = from, end: number; first < to; first = end) {
      end = Math.min(to, wholeEnd(batch, first + 1))
      if (end > first + 1) this.known.begin()
      const failure = this.#apply(batch, first, end)
      if (failure) {
        if (end > first + 1) this.known.takeBack(failure.event.position)
        return failure
      }
      this.known.keep()
    }
    return undefined
  }

  #apply(batch: DomainBatch, from: number, to: number): FoldFailure | undefined {
    let index = from
    this.#given = undefined
    try {
      if (this.#handlers.keys) for (; index < to; index++) this.#applyByKeys(batch, index)
      else {
        // A local copy of each of these is what keeps the loop fast.
        const { types, streams } = batch
        const { known } = this
        const [handlers, requiresRow, rows, isCanonical, keepsVersions] = [
          this.#handlers.changes,
          this.#requiresRow,
          known.bySlot,
          this.#isCanonical,
          known.keepsVersions,
        ]
        const slots = this.#slotsOf(batch)
        for (; index < to; index++) {
          const stream = streams[index]!
          let slot = slots[stream]!
          if (slot < 0) {
            slot = known.slotOfStream(batch.streamId(stream))
            slots[stream] = slot
          }
          const type = types[index]!
          const row = rows[slot] ?? undefined
          this.#given = row
          if (row === undefined && requiresRow[type]!) throw rowMissing(this.#projection, type, known.keys[slot]!)
          const event = batch.event(index)
          const next = handlers[type]!(event, row, known.keys[slot]!)
          if (next === undefined) continue
          if (keepsVersions) known.event = event
          if (next !== null && !Array.isArray(next) && isCanonical(next as Row, row) && known.isAt(next as Row, slot)) {
            known.set(slot, next as Row)
          } else this.#setAll(this.#changes(next, slot))
        }
      }
    } catch (error) {
      return { index, event: batch.recorded(index), row: this.#given ?? null, error }
    }
    return undefined
  }

  /** Forgets all rows. Take the changes first. */
  forget(): void {
    this.known.forget()
    this.#ofStreams = undefined
  }

  /** Applies an event that gives its keys itself. All calls for it see the rows as they were before it, and its changes are made all or none. */
  #applyByKeys(batch: DomainBatch, index: number): void {
    const type = batch.types[index]!
    const event = batch.event(index)
    const { known } = this
    known.event = event
    const slots = new Set(this.#keysOf(batch, index).map((key) => known.slotOf(key)))
    const handler = this.#handlers.changes[type]!
    const changes: Change[] = []
    if (!this.#takesRow[type]!) {
      this.#given = undefined
      const next = handler(event, undefined, noKey)
      if (next !== undefined && next !== null) changes.push(...this.#changes(next, -1))
    }
    for (const slot of slots) {
      const row = known.bySlot[slot] ?? undefined
      this.#given = row
      if (row === undefined && this.#requiresRow[type]!) throw rowMissing(this.#projection, type, known.keys[slot]!)
      const next = handler(event, row, known.keys[slot]!)
      if (next !== undefined) changes.push(...this.#changes(next, slot))
    }
    this.#setAll(changes)
  }

  /** What a handler returned, as rows in the form in which every database gives them back: a later event must see the same row as after a reload. */
  #changes(next: Exclude<AnyRowChange, undefined>, slot: number): readonly Change[] {
    if (next === null) return [[slot, null]]
    const { table } = this.#projection
    // In a copy, a hole of the array is undefined, and that is refused.
    const changes: readonly (Row | RowRemoval)[] = Array.isArray(next) ? [...next] : [next]
    return changes.map((change) => {
      if (change instanceof RowRemoval) return [this.known.slotOf(canonicalKey(table, change.key)), null]
      const row = canonicalRow(table, change)
      return [this.known.slotOf(row), row]
    })
  }

  #setAll(changes: readonly Change[]): void {
    for (const [slot, row] of changes) this.known.set(slot, row)
  }

  #keysOf(batch: DomainBatch, index: number): readonly Row[] {
    const keys: Row[] = []
    for (const key of this.#handlers.keys![batch.types[index]!]!(batch.event(index))) {
      keys.push(canonicalKey(this.#projection.table, key))
    }
    return keys
  }

  #slotsOf(batch: DomainBatch): Int32Array {
    if (this.#ofStreams?.batch !== batch) {
      this.#ofStreams = { batch, slots: new Int32Array(batch.streamCount).fill(-1) }
    }
    return this.#ofStreams.slots
  }
}
