// The rows that a fold knows, and which of them differ from the table. Each key has a number, its slot, so that the loop over events looks up arrays.
import type { RecordedEvent } from '../../../kernel/events.ts'
import type { Position } from '../../../kernel/positions.ts'
import { keyText, type Row, type TableDefinition } from '../../../kernel/tables.ts'
import type { RowVersion } from '../../../store/read-tables.ts'
import { canonicalKey } from '../../../store/rows.ts'

/** A version of a row, with the row before its event: null where there was none, or where it is not known. */
export interface KnownVersion extends RowVersion {
  readonly before: Row | null
}

/** Rows to write and keys to remove, at most one of them for a key. */
export interface RowChanges {
  readonly upserts: readonly Row[]
  readonly removals: readonly Row[]
  /** Of a table with history. */
  readonly versions: readonly KnownVersion[]
}

/** `undefined` if it is not known whether there is a row, `null` if there is none. */
export type KnownRow = Row | null | undefined

export class KnownRows {
  readonly #table: TableDefinition
  readonly #unknown: null | undefined
  #slots = new Map<string, number>()
  #isChanged: boolean[] = []
  #changed: number[] = []
  /** The key of each slot. */
  keys: Row[] = []
  /** The row of each slot. Read it here, change it with `set`. */
  bySlot: KnownRow[] = []

  /** The versions of rows since the last call of `takeChanges`; undefined if they are not kept. */
  #versions: KnownVersion[] | undefined
  /** Of each slot its last one of them. */
  readonly #lastVersion = new Map<number, number>()
  /** What rows were before the changes since `begin`, and how many had been changed. */
  #undo: { readonly rows: Map<number, KnownRow>; readonly changed: number } | undefined
  /** The event that changes rows now. Only read where versions are kept. */
  event: RecordedEvent | undefined

  /** `fromZero`: a row that is not known does not exist, because the fold begins with the first event. */
  constructor(
    table: TableDefinition,
    { fromZero, keepsVersions = false }: { readonly fromZero: boolean; readonly keepsVersions?: boolean | undefined },
  ) {
    this.#table = table
    this.#unknown = fromZero ? null : undefined
    this.#versions = keepsVersions ? [] : undefined
  }

  get keepsVersions(): boolean {
    return this.#versions !== undefined
  }

  /** The number of keys. */
  get size(): number {
    return this.keys.length
  }

  /** The number of rows that differ from those in the table, or of their versions that are not there. */
  get changes(): number {
    return Math.max(this.#changed.length, this.#versions?.length ?? 0)
  }

  /** All rows, in no order. */
  *rows(): Generator<Row> {
    for (const row of this.bySlot) if (row) yield row
  }

  row(key: Row): Row | undefined {
    const slot = this.#slots.get(keyText(this.#table.key, canonicalKey(this.#table, key)))
    return slot === undefined ? undefined : (this.bySlot[slot] ?? undefined)
  }

  /** Takes in a row that was folded elsewhere. */
  put(row: Row): void {
    this.bySlot[this.slotOf(row)] = row
  }

  /** Takes in what the table has for keys that were missing. */
  take(keys: readonly Row[], rows: readonly Row[]): void {
    for (const row of rows) this.put(row)
    for (const key of keys) {
      const slot = this.slotOf(key)
      if (this.bySlot[slot] === undefined) this.bySlot[slot] = null
    }
  }

  /** From here on, changes can be taken back, until `keep`. */
  begin(): void {
    this.#undo = { rows: new Map(), changed: this.#changed.length }
  }

  keep(): void {
    this.#undo = undefined
  }

  /** Takes back the changes since `begin`, which are those of the event at a position. */
  takeBack(position: Position): void {
    const { rows, changed } = this.#undo!
    this.#undo = undefined
    for (const [slot, row] of rows) {
      this.bySlot[slot] = row
      this.#lastVersion.delete(slot)
    }
    for (const slot of this.#changed.splice(changed)) this.#isChanged[slot] = false
    while (this.#versions?.at(-1)?.position === position) this.#versions.pop()
  }

  set(slot: number, row: Row | null): void {
    if (this.#undo && !this.#undo.rows.has(slot)) this.#undo.rows.set(slot, this.bySlot[slot])
    const before = this.bySlot[slot] ?? null
    this.bySlot[slot] = row
    if (this.#versions) this.#note(this.#versions, slot, { row, before })
    if (this.#isChanged[slot]) return
    this.#isChanged[slot] = true
    this.#changed.push(slot)
  }

  /** The changes since the last call. From now on they count as written. */
  takeChanges(): RowChanges {
    const upserts: Row[] = []
    const removals: Row[] = []
    for (const slot of this.#changed) {
      const row = this.bySlot[slot]
      if (row) upserts.push(row)
      else removals.push(this.keys[slot]!)
      this.#isChanged[slot] = false
    }
    this.#changed = []
    const versions = this.#versions ?? []
    if (this.#versions) this.#versions = []
    this.#lastVersion.clear()
    return { upserts, removals, versions }
  }

  /** Forgets all rows. Take the changes first. */
  forget(): void {
    this.#slots = new Map()
    this.keys = []
    this.bySlot = []
    this.#isChanged = []
  }

  /** The slot of the row whose key is the id of a stream. */
  slotOfStream(streamId: string): number {
    const known = this.#slots.get(streamId)
    if (known !== undefined) return known
    // One point in time has several texts, and all of them are one key.
    const slot = this.slotOf(canonicalKey(this.#table, { [this.#table.key[0]!]: streamId }))
    this.#slots.set(streamId, slot)
    return slot
  }

  slotOf(row: Row): number {
    const text = keyText(this.#table.key, row)
    return this.#slots.get(text) ?? this.#newSlot(text, canonicalKey(this.#table, row))
  }

  /** Whether a row has the key of a slot. */
  isAt(row: Row, slot: number): boolean {
    const key = this.keys[slot]!
    const names = this.#table.key
    for (let at = 0; at < names.length; at++) if (row[names[at]!] !== key[names[at]!]) return false
    return true
  }

  /** What an event makes of a row is one version, even if it changes the row twice. */
  #note(versions: KnownVersion[], slot: number, { row, before }: Pick<KnownVersion, 'row' | 'before'>): void {
    const { position, recordedAt } = this.event!
    const last = this.#lastVersion.get(slot)
    const version = { key: this.keys[slot]!, row, before, position, recordedAt }
    const earlier = last === undefined ? undefined : versions[last]
    if (earlier?.position === position) versions[last!] = { ...version, before: earlier.before }
    else this.#lastVersion.set(slot, versions.push(version) - 1)
  }

  #newSlot(text: string, key: Row): number {
    const slot = this.keys.length
    this.#slots.set(text, slot)
    this.keys.push(key)
    this.bySlot.push(this.#unknown)
    this.#isChanged.push(false)
    return slot
  }
}
