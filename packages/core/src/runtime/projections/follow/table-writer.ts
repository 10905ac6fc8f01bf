// Writes what was folded into the table, while events go on being folded: each transaction takes everything that was folded before it began.

import type { Position } from '../../../kernel/positions.ts'
import type { TableDefinition } from '../../../kernel/tables.ts'
import { epochMs, type Instant } from '../../../kernel/time.ts'
import type { DomainBatch } from '../../../store/domain-batch.ts'
import { historyUpTo } from '../../../store/history.ts'
import { checkpointDelayMs, unsavedRowsMax } from '../../limits.ts'
import { linksMax, spans } from '../../telemetry/index.ts'
import type { ProjectionContext } from '../context.ts'
import type { KnownRows } from '../fold/index.ts'

export interface TableWriterOptions {
  readonly table: TableDefinition
  /** The generation of the table and its checkpoint. */
  readonly generation: number
  readonly after: Position
  /** Everything up to here is in the table. */
  readonly reached?: ((position: Position) => void) | undefined
  /** The rows of some events became visible, with the age of the oldest and the newest of them. */
  readonly visible?: ((ages: { events: number; oldestMs: number; newestMs: number }) => void) | undefined
}

type WriterContext = Pick<ProjectionContext, 'store' | 'tables' | 'clock' | 'telemetry'>

/** Events that are folded and not yet in the table. */
interface Unsaved {
  events: number
  /** What led to them, as far as they are traced. */
  traces: ReadonlySet<string>
  oldestMs: number
  newestMs: number
}

const nothing: Unsaved = { events: 0, traces: new Set(), oldestMs: Number.POSITIVE_INFINITY, newestMs: 0 }

export class TableWriter {
  readonly #context: WriterContext
  readonly #options: TableWriterOptions
  readonly #rows: KnownRows
  /** Aborts when nothing can be written any more: the table was superseded, or a write failed. */
  readonly #ended = new AbortController()
  #saved: Position
  #unsaved = { ...nothing }
  #saving: Promise<void> | undefined
  #later: NodeJS.Timeout | undefined
  #isSuperseded = false
  #fault: { readonly error: unknown } | undefined
  /** Everything up to here is folded. */
  folded: Position

  constructor(context: WriterContext, rows: KnownRows, options: TableWriterOptions) {
    this.#context = context
    this.#rows = rows
    this.#options = options
    this.#saved = options.after
    this.folded = options.after
  }

  get ended(): AbortSignal {
    return this.#ended.signal
  }

  /** Another process moved the checkpoint, or a write succeeded whose answer was lost. */
  get isSuperseded(): boolean {
    return this.#isSuperseded
  }

  /** Why a write failed. */
  get fault(): { readonly error: unknown } | undefined {
    return this.#fault
  }

  /** Notes that events were folded, with the times of the first and the last of them. */
  noteEvents(events: number, first: Instant, last: Instant): void {
    this.#unsaved.events += events
    this.#unsaved.oldestMs = Math.min(this.#unsaved.oldestMs, epochMs(first))
    this.#unsaved.newestMs = Math.min(this.#context.clock.now(), epochMs(last))
  }

  /** Notes what led to folded events, if anybody traces: the write links to it. */
  noteTraces(batch: DomainBatch, from: number, to: number): void {
    if (!this.#context.telemetry.isTracing) return
    const traces = new Set(this.#unsaved.traces)
    for (let index = from; index < to && traces.size < linksMax; index++) {
      const { traceparent } = batch.recorded(index).metadata
      if (traceparent !== undefined) traces.add(traceparent)
    }
    this.#unsaved.traces = traces
  }

  /** Begins to write what is folded, if nothing is being written. */
  save(): void {
    if (this.#saving || this.#fault || this.#isSuperseded) return
    if (this.#rows.changes > 0) {
      this.#beginSave()
      return
    }
    if (this.folded <= this.#saved) return
    // The rows are up to date; the checkpoint may follow a little later.
    this.#reportReached()
    this.#later ??= setTimeout(() => {
      this.#later = undefined
      if (!this.#saving) this.#beginSave()
    }, checkpointDelayMs)
  }

  /** Writes everything that is folded. Throws what the database throws. */
  async saveAll(): Promise<void> {
    clearTimeout(this.#later)
    await this.idle()
    if (!this.#fault && !this.#isSuperseded && this.folded > this.#saved) await this.#saveChanges()
    await this.idle()
    if (this.#fault) throw this.#fault.error
  }

  /** The same for a single event. Returns the error if the database refuses its row; then the writer can go on without the event. */
  async saveEvent(position: Position, isRefusal: (error: unknown) => boolean): Promise<unknown> {
    const before = this.folded
    this.folded = position
    try {
      await this.saveAll()
      return undefined
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.#fault = undefined
      this.folded = before
      return error
    }
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    while (this.#saving) await this.#saving
  }

  /** Resolves when few enough rows are unsaved for the fold to go on. */
  async whenNearlySaved(): Promise<void> {
    while (this.#saving && this.#rows.changes > unsavedRowsMax) await this.#saving
  }

  /** Whether another process moved the checkpoint: then a handler may have got a row that already contains its event. */
  async isElsewhere(): Promise<boolean> {
    const { table, generation } = this.#options
    const there = await this.#context.tables.state(table)
    const isSame = there.fingerprint === table.fingerprint && there.generation === generation
    return !isSame || there.isDiverged || there.position !== this.#saved
  }

  /** Begins nothing more, and waits for what is being written. */
  async end(): Promise<void> {
    clearTimeout(this.#later)
    this.#ended.abort()
    await this.idle()
  }

  #beginSave(): void {
    this.#saving = this.#saveChanges().finally(() => {
      this.#saving = undefined
      this.save()
    })
  }

  async #saveChanges(): Promise<void> {
    const { tables, store, clock } = this.#context
    const { table, generation, visible, reached } = this.#options
    const [from, to, unsaved] = [this.#saved, this.folded, this.#unsaved]
    if (to <= from) return
    const changes = this.#rows.takeChanges()
    this.#unsaved = { ...nothing }
    try {
      const outcome = await this.#traced(unsaved, to, async () => {
        const history = await historyUpTo(store, to)
        return await tables.save({ table, generation, ...changes, from, to: { position: to, history } })
      })
      if (outcome === 'superseded') {
        this.#isSuperseded = true
        this.#ended.abort()
        return
      }
    } catch (error) {
      this.#fault = { error }
      this.#ended.abort()
      return
    }
    this.#saved = to
    if (unsaved.events > 0) {
      const now = clock.now()
      const { events, oldestMs, newestMs } = unsaved
      visible?.({ events, oldestMs: Math.max(0, now - oldestMs), newestMs: Math.max(0, now - newestMs) })
    }
    reached?.(to)
    this.#reportReached()
  }

  /** A checkpoint without rows is no work that anybody wants to see. */
  #traced<Result>({ events, traces }: Unsaved, position: Position, work: () => Promise<Result>): Promise<Result> {
    const { telemetry } = this.#context
    if (events === 0 || !telemetry.isTracing) return work()
    const attributes = {
      'messaging.system': 'indelible',
      'messaging.operation.name': 'project',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': this.#options.table.name,
      'messaging.batch.message_count': events,
      'indelible.position': position,
    }
    return telemetry.traced({ span: spans.projection, attributes, parent: undefined, links: [...traces] }, work)
  }

  /** If no row is unsaved, everything that was folded counts as reached: the later events did not concern the table. */
  #reportReached(): void {
    if (this.#rows.changes === 0 && !this.#isSuperseded && !this.#fault) this.#options.reached?.(this.folded)
  }
}
