// Folds events into rows in memory. The one place where handlers are called, whether a table follows the log, is built anew, or is checked.
import type { RecordedEvent } from '../../kernel/events.ts'
import { type AnyRowChange, type Projection, RowRemoval } from '../../kernel/projections.ts'
import { keyText, type Row } from '../../kernel/tables.ts'
import { canonicalCheck } from '../../store/canonical-check.ts'
import type { DomainBatch } from '../../store/domain-log.ts'
import { canonicalKey, canonicalRow } from '../../store/rows.ts'
import { rowMissing, type WatchedHandler, type Watching, watchedHandlers, watchedKeys } from './watching.ts'

/** Rows to write and keys to remove, at most one of them for a key. */
export interface RowChanges {
  readonly upserts: readonly Row[]
  readonly removals: readonly Row[]
}

/** Where a handler failed. Nothing of the event is in the rows. */
export interface FoldFailure {
  /** Of the event in its batch. */
  readonly index: number
  readonly event: RecordedEvent
  /** What the handler was given, if it came to that. */
  readonly row: Row | null
  readonly error: unknown
}

export interface RowFoldOptions extends Watching {
  /** Whether a row that is not known is not there: so it is when a fold begins at the beginning. */
  readonly fromZero: boolean
}

/** Of an event that is given no row. */
const noKey: Row = Object.freeze({})

/** A row's place: `undefined` where it is not known whether there is one, `null` where there is none. */
type Known = Row | null | undefined

export class RowFold {
  readonly #projection: Projection
  readonly #handlers: readonly WatchedHandler[]
  /** Not there where an event concerns the row of its stream. */
  readonly #keysByType: ReturnType<typeof watchedKeys>
  /** By the index of its type, whether an event is given a row. */
  readonly #takesRow: readonly boolean[]
  readonly #requiresRow: readonly boolean[]
  readonly #unknown: null | undefined
  readonly #isCanonical: ReturnType<typeof canonicalCheck>
  /** The number of each key, by its text. */
  #slots = new Map<string, number>()
  #keys: Row[] = []
  #rows: Known[] = []
  #isChanged: boolean[] = []
  #changed: number[] = []
  /** Of each stream of the batch that is being applied, slice by slice, its number here, or -1 where it has not come up yet. */
  #ofStreams: { readonly batch: DomainBatch; readonly slots: Int32Array } | undefined
  /** The row that the handler under way was given. */
  #given: Row | undefined

  constructor(projection: Projection, { fromZero, ...watching }: RowFoldOptions) {
    this.#projection = projection
    this.#handlers = watchedHandlers(projection, watching)
    this.#keysByType = watchedKeys(projection, watching)
    this.#takesRow = projection.handlers.map(({ row }) => row !== 'none')
    this.#requiresRow = projection.handlers.map(({ row }) => row === 'required')
    this.#unknown = fromZero ? null : undefined
    this.#isCanonical = canonicalCheck(projection.table)
  }

  /** The number of keys that something is known of. */
  get size(): number {
    return this.#keys.length
  }

  /** The number of rows that differ from those in the table. */
  get changedRows(): number {
    return this.#changed.length
  }

  /** The keys that a batch concerns and nothing is known of yet. A key that cannot be made is reported by `apply`, at its event. */
  missing(batch: DomainBatch): readonly Row[] {
    const missing: Row[] = []
    const add = (slot: number) => {
      if (this.#rows[slot] === undefined) missing.push(this.#keys[slot]!)
    }
    const seen = new Set<number>()
    for (let at = 0; at < batch.length; at++) {
      try {
        if (this.#keysByType) for (const key of this.#keysOf(batch, at)) add(this.#slotOf(key))
        else if (this.#takesRow[batch.types[at]!]! && !seen.has(batch.streams[at]!)) {
          seen.add(batch.streams[at]!)
          add(this.#slotOfStream(batch.streamId(batch.streams[at]!)))
        }
      } catch {
        // The event is reported when it is applied.
      }
    }
    return missing
  }

  /** Takes in what the table has for keys that were missing. */
  take(keys: readonly Row[], rows: readonly Row[]): void {
    for (const row of rows) this.#rows[this.#slotOf(row)] = row
    for (const key of keys) {
      const slot = this.#slotOf(key)
      if (this.#rows[slot] === undefined) this.#rows[slot] = null
    }
  }

  /** Applies the events from an index of a batch up to another, which is its end when left out. Stops where a handler fails. */
  apply(batch: DomainBatch, from = 0, to = batch.length): FoldFailure | undefined {
    let index = from
    this.#given = undefined
    try {
      if (this.#keysByType) for (; index < to; index++) this.#applyByKeys(batch, index)
      else {
        // A local copy of each of these is what keeps the loop fast.
        const { types, streams } = batch
        const [handlers, requiresRow, rows] = [this.#handlers, this.#requiresRow, this.#rows]
        const slots = this.#slotsOf(batch)
        for (; index < to; index++) {
          const stream = streams[index]!
          let slot = slots[stream]!
          if (slot < 0) {
            slot = this.#slotOfStream(batch.streamId(stream))
            slots[stream] = slot
          }
          const type = types[index]!
          const row = rows[slot] ?? undefined
          this.#given = row
          if (row === undefined && requiresRow[type]!) throw rowMissing(this.#projection, type, this.#keys[slot]!)
          const next = handlers[type]!(batch.event(index), row, this.#keys[slot]!)
          if (next === undefined) continue
          if (
            next !== null &&
            !Array.isArray(next) &&
            this.#isCanonical(next as Row, row) &&
            this.#isAt(next as Row, slot)
          ) {
            this.#set(slot, next as Row)
          } else this.#setAll(this.#changes(next, slot))
        }
      }
    } catch (error) {
      return { index, event: batch.recorded(index), row: this.#given ?? null, error }
    }
    return undefined
  }

  /** What changed since it was last asked; from then on that counts as written. */
  takeChanges(): RowChanges {
    const upserts: Row[] = []
    const removals: Row[] = []
    for (const slot of this.#changed) {
      const row = this.#rows[slot]
      if (row) upserts.push(row)
      else removals.push(this.#keys[slot]!)
      this.#isChanged[slot] = false
    }
    this.#changed = []
    return { upserts, removals }
  }

  /** Forgets what is known. Whatever changed must have been taken. */
  forget(): void {
    this.#slots = new Map()
    this.#keys = []
    this.#rows = []
    this.#isChanged = []
    this.#ofStreams = undefined
  }

  /** Takes in a row that was folded elsewhere. */
  put(row: Row): void {
    this.#rows[this.#slotOf(row)] = row
  }

  /** Every row that there is, in no order. */
  *rows(): Generator<Row> {
    for (const row of this.#rows) if (row) yield row
  }

  row(key: Row): Row | undefined {
    const { table } = this.#projection
    const slot = this.#slots.get(keyText(table.key, canonicalKey(table, key)))
    return slot === undefined ? undefined : (this.#rows[slot] ?? undefined)
  }

  /** An event with keys of its own. All its calls see the rows as they were, and either all of its changes are made or none. */
  #applyByKeys(batch: DomainBatch, index: number): void {
    const type = batch.types[index]!
    const event = batch.event(index)
    const slots = new Set(this.#keysOf(batch, index).map((key) => this.#slotOf(key)))
    const handler = this.#handlers[type]!
    const changes: (readonly [slot: number, row: Row | null])[] = []
    if (!this.#takesRow[type]!) {
      this.#given = undefined
      const next = handler(event, undefined, noKey)
      if (next !== undefined && next !== null) changes.push(...this.#changes(next, -1))
    }
    for (const slot of slots) {
      const row = this.#rows[slot] ?? undefined
      this.#given = row
      if (row === undefined && this.#requiresRow[type]!) throw rowMissing(this.#projection, type, this.#keys[slot]!)
      const next = handler(event, row, this.#keys[slot]!)
      if (next !== undefined) changes.push(...this.#changes(next, slot))
    }
    this.#setAll(changes)
  }

  /** What a handler returned, as rows in the form that every database gives back: a later event must see what it would see after a reload. */
  #changes(
    next: Exclude<AnyRowChange, undefined>,
    slot: number,
  ): readonly (readonly [slot: number, row: Row | null])[] {
    if (next === null) return [[slot, null]]
    const { table } = this.#projection
    // A copy has no holes: what was one is undefined, and refused.
    const parts: readonly (Row | RowRemoval)[] = Array.isArray(next) ? [...next] : [next]
    return parts.map((part) => {
      if (part instanceof RowRemoval) return [this.#slotOf(canonicalKey(table, part.key)), null]
      const row = canonicalRow(table, part)
      return [this.#slotOf(row), row]
    })
  }

  #setAll(changes: readonly (readonly [slot: number, row: Row | null])[]): void {
    for (const [slot, row] of changes) this.#set(slot, row)
  }

  #set(slot: number, row: Row | null): void {
    this.#rows[slot] = row
    if (this.#isChanged[slot]) return
    this.#isChanged[slot] = true
    this.#changed.push(slot)
  }

  #keysOf(batch: DomainBatch, index: number): readonly Row[] {
    const kept: Row[] = []
    for (const key of this.#keysByType![batch.types[index]!]!(batch.event(index))) {
      kept.push(canonicalKey(this.#projection.table, key))
    }
    return kept
  }

  #slotsOf(batch: DomainBatch): Int32Array {
    if (this.#ofStreams?.batch !== batch) {
      this.#ofStreams = { batch, slots: new Int32Array(batch.streamCount).fill(-1) }
    }
    return this.#ofStreams.slots
  }

  #slotOfStream(streamId: string): number {
    const known = this.#slots.get(streamId)
    if (known !== undefined) return known
    const { table } = this.#projection
    // One point in time has several texts, and all of them are one key.
    const slot = this.#slotOf(canonicalKey(table, { [table.key[0]!]: streamId }))
    this.#slots.set(streamId, slot)
    return slot
  }

  #slotOf(row: Row): number {
    const { table } = this.#projection
    const text = keyText(table.key, row)
    return this.#slots.get(text) ?? this.#newSlot(text, canonicalKey(table, row))
  }

  #newSlot(text: string, key: Row): number {
    const slot = this.#keys.length
    this.#slots.set(text, slot)
    this.#keys.push(key)
    this.#rows.push(this.#unknown)
    this.#isChanged.push(false)
    return slot
  }

  #isAt(row: Row, slot: number): boolean {
    const key = this.#keys[slot]!
    const names = this.#projection.table.key
    for (let at = 0; at < names.length; at++) if (row[names[at]!] !== key[names[at]!]) return false
    return true
  }
}
