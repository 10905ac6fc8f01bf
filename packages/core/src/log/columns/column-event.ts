// An event in the columns of a segment. A field is decoded when it is first read. A field that the columns do not have is read from the log.
import { type EventMetadata, eventJson, type RecordedEvent } from '../../kernel/events.ts'
import { readUuid, uuidBytes } from '../../kernel/ids.ts'
import type { Position, Version } from '../../kernel/positions.ts'
import type { StreamName } from '../../kernel/streams.ts'
import { type Instant, instant, type ValidTime } from '../../kernel/time.ts'
import { type LoadedColumn, valueAt } from './load-column.ts'
import type { EnvelopeColumn, LoggedEvent } from './segment-columns.ts'
import type { TypeTable } from './type-table.ts'

export class ColumnEvent implements RecordedEvent {
  readonly #table: TypeTable
  readonly #row: number
  #data: unknown
  /** What else was made; most who fold look at the data alone. */
  #made: { metadata?: EventMetadata; logged?: LoggedEvent } | undefined

  constructor(table: TypeTable, row: number) {
    this.#table = table
    this.#row = row
  }

  get position(): Position {
    return this.#table.columns.firstPosition + this.#table.streams.position[this.#event]!
  }

  get version(): Version {
    const column = this.#column('version')
    return column ? (valueAt(column, this.#event) as Version) : this.#log.version
  }

  get recordedAtMs(): number {
    const column = this.#column('recordedAt')
    if (!column) return this.#log.recordedAtMs
    return this.#table.columns.recordedFrom + (valueAt(column, this.#event) as number)
  }

  get recordedAt(): Instant {
    return instant(this.recordedAtMs)
  }

  get schemaVersion(): number {
    const column = this.#column('schemaVersion')
    return column ? (valueAt(column, this.#event) as number) : this.#log.schemaVersion
  }

  get contentType(): string {
    const column = this.#column('contentType')
    return column ? (valueAt(column, this.#event) as string) : this.#log.contentType
  }

  get validAt(): ValidTime | undefined {
    const column = this.#column('validAt')
    return column ? ((valueAt(column, this.#event) as ValidTime | null) ?? undefined) : this.#log.validAt
  }

  get tags(): readonly string[] {
    const column = this.#column('tags')
    return column ? (JSON.parse(valueAt(column, this.#event) as string) as string[]) : this.#log.tags
  }

  get id(): string {
    const ids = this.#table.columns.ids()
    return ids ? readUuid(ids, uuidBytes * this.#event) : this.#log.id
  }

  get stream(): StreamName {
    return `${this.category}-${this.streamId}`
  }

  get category(): string {
    const column = this.#column('category')
    return column ? (valueAt(column, this.#event) as string) : this.#log.category
  }

  get streamId(): string {
    return this.#table.streams.ids.at(this.#table.streams.of[this.#event]!)
  }

  get type(): string {
    return this.#table.name
  }

  get data(): unknown {
    if (this.#data === undefined) {
      const made = this.#table.data(this.#row)
      this.#data = made === undefined ? this.#log.data : made
    }
    return this.#data
  }

  get metadata(): EventMetadata {
    this.#made ??= {}
    this.#made.metadata ??= (this.#table.metadata(this.#row) as EventMetadata | undefined) ?? this.#log.metadata
    return this.#made.metadata
  }

  get dataBytes(): Uint8Array {
    return this.#log.dataBytes
  }

  get metadataBytes(): Uint8Array {
    return this.#log.metadataBytes
  }

  toJSON(): Record<string, unknown> {
    return eventJson(this)
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): Record<string, unknown> {
    return eventJson(this)
  }

  /** Its place in the columns. */
  get #event(): number {
    return this.#table.events[this.#row]!
  }

  /** The same event where everything else about it is. Readers may have changed the data of this one. */
  get #log(): LoggedEvent {
    this.#made ??= {}
    this.#made.logged ??= this.#table.columns.logged(new ColumnEvent(this.#table, this.#row))
    return this.#made.logged
  }

  #column(name: EnvelopeColumn): LoadedColumn | undefined {
    return this.#table.columns.envelope(name)
  }
}
