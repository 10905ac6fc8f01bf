// Brings a table from its checkpoint to the end of the log and keeps it there. Events are folded while the database writes what was folded before, so
// that one transaction takes whatever has come meanwhile: batches are as large as the backlog.
import { setImmediate } from 'node:timers/promises'
import { isIndelibleError } from '../../kernel/errors.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import type { TableDefinition } from '../../kernel/tables.ts'
import { epochMs } from '../../kernel/time.ts'
import type { DomainBatch } from '../../store/domain-log.ts'
import { historyUpTo } from '../../store/history.ts'
import { cachedRowsMax, checkpointDelayMs, foldSliceEvents, foldSliceMs, unsavedRowsMax } from '../limits.ts'
import type { ProjectionParts } from './parts.ts'
import { type FoldFailure, RowFold } from './row-fold.ts'

export interface FollowOptions {
  /** The live table of the projection, or the one that is to take its place. */
  readonly table: TableDefinition
  /** Which of all tables of that name, and its checkpoint. */
  readonly generation: number
  readonly after: Position
  /** Where to end; it goes on with what is appended when left out. */
  readonly to?: Position
  readonly signal: AbortSignal
  /** Up to here each event is saved alone, so that one whose row the database refuses is known. */
  readonly singlyThrough?: Position
  /** Everything up to here is in the table. */
  readonly reached?: (position: Position) => void
  /** So many events, with this age at the most and the least, became visible. */
  readonly visible?: (ages: { events: number; oldestMs: number; newestMs: number }) => void
}

/**
 * `superseded`: another process moved the checkpoint, or a save whose answer was lost had succeeded. Begin again from what is there.
 * `refusedThrough`: the database took none of the rows up to there, because of one of them; begin again, and save them event by event.
 */
export type FollowEnd =
  | 'ended'
  | 'superseded'
  | { readonly failure: FoldFailure }
  | { readonly refusedThrough: Position }

/** Throws what the store and the tables throw. Nothing is lost then: begin again from the checkpoint. */
export async function follow(parts: ProjectionParts, options: FollowOptions): Promise<FollowEnd> {
  const following = new Following(parts, options)
  try {
    return await following.run()
  } finally {
    await following.end()
  }
}

/** Events that are folded and not yet in the table. */
interface Unsaved {
  events: number
  oldestMs: number
  newestMs: number
}

const nothing: Unsaved = { events: 0, oldestMs: Number.POSITIVE_INFINITY, newestMs: 0 }

class Following {
  readonly #parts: ProjectionParts
  readonly #options: FollowOptions
  readonly #fold: RowFold
  /** Everything up to here is folded. */
  #folded: Position
  #saved: Position
  #unsaved = { ...nothing }
  #saving: Promise<void> | undefined
  #later: NodeJS.Timeout | undefined
  #isSuperseded = false
  #fault: { readonly error: unknown } | undefined
  /** Aborts when what comes from the store is no longer wanted. */
  readonly #stop = new AbortController()

  constructor(parts: ProjectionParts, options: FollowOptions) {
    this.#parts = parts
    this.#options = options
    this.#fold = new RowFold(parts.projection, { call: parts.call, fromZero: false })
    this.#folded = options.after
    this.#saved = options.after
  }

  async run(): Promise<FollowEnd> {
    for await (const batch of this.#batches()) {
      const failure = await this.#take(batch)
      if (failure) {
        this.#folded = Math.max(this.#folded, failure.event.position - 1)
        try {
          await this.#saveAll()
        } catch (error) {
          // A row of an event before it.
          if (isIndelibleError(error, 'invalid_row')) return { refusedThrough: this.#folded }
          throw error
        }
        return this.#isSuperseded || (await this.#isElsewhere()) ? 'superseded' : { failure }
      }
      if (this.#isSuperseded || this.#fault) break
    }
    if (!this.#fault && !this.#isSuperseded) await this.#saveAll().catch(() => {})
    if (isIndelibleError(this.#fault?.error, 'invalid_row')) return { refusedThrough: this.#folded }
    if (this.#fault) throw this.#fault.error
    return this.#isSuperseded ? 'superseded' : 'ended'
  }

  async end(): Promise<void> {
    clearTimeout(this.#later)
    this.#stop.abort()
    while (this.#saving) await this.#saving
  }

  /** What there is now as fast as the store can, then what comes. */
  async *#batches(): AsyncGenerator<DomainBatch> {
    const { projection, store, log } = this.#parts
    const { signal: outer, after, to } = this.#options
    const signal = AbortSignal.any([outer, this.#stop.signal])
    const end = Math.max(after, to ?? (await store.head()).position)
    let through = after
    for await (const batch of log.replay(projection.events, { after, to: end })) {
      if (signal.aborted) return
      through = batch.through
      yield batch
    }
    if (to !== undefined) return
    yield* log.follow(projection.events, { after: through, signal })
  }

  async #take(batch: DomainBatch): Promise<FoldFailure | undefined> {
    if (batch.length > 0) {
      const { tables, clock } = this.#parts
      await this.#makeRoom()
      const missing = this.#fold.missing(batch)
      if (missing.length > 0) this.#fold.take(missing, await tables.load(this.#options.table, missing))
      for (let from = 0, began = performance.now(); from < batch.length; ) {
        const isSingle = this.#folded < (this.#options.singlyThrough ?? 0)
        const to = isSingle ? from + 1 : Math.min(batch.length, from + foldSliceEvents)
        const failure = this.#fold.apply(batch, from, to)
        if (failure) return failure
        const last = batch.recorded(to - 1)
        const refused = isSingle ? await this.#saveSingly(from, last) : undefined
        if (refused) return refused
        this.#folded = last.position
        const now = clock.now()
        this.#unsaved.events += to - from
        this.#unsaved.oldestMs = Math.min(this.#unsaved.oldestMs, epochMs(batch.recorded(from).recordedAt))
        this.#unsaved.newestMs = Math.min(now, epochMs(last.recordedAt))
        from = to
        if (performance.now() - began < foldSliceMs) continue
        this.#save()
        await setImmediate()
        began = performance.now()
      }
    }
    this.#folded = batch.through
    this.#save()
    while (this.#saving && this.#fold.changedRows > unsavedRowsMax) await this.#saving
    return undefined
  }

  /** The failure of an event whose row the database refuses. */
  async #saveSingly(index: number, event: RecordedEvent): Promise<FoldFailure | undefined> {
    const before = this.#folded
    this.#folded = event.position
    try {
      await this.#saveAll()
      return undefined
    } catch (error) {
      if (!isIndelibleError(error, 'invalid_row')) throw error
      this.#fault = undefined
      this.#folded = before
      return { index, event, row: null, error }
    }
  }

  /** Rows that are being written must be known until they are there. */
  async #makeRoom(): Promise<void> {
    if (this.#fold.size <= cachedRowsMax) return
    while (this.#saving) await this.#saving
    if (this.#fold.changedRows === 0) this.#fold.forget()
  }

  /** Sees to it that what is folded gets into the table. */
  #save(): void {
    if (this.#saving || this.#fault || this.#isSuperseded) return
    if (this.#fold.changedRows > 0) {
      this.#beginSave()
      return
    }
    if (this.#folded <= this.#saved) return
    // The table is up to date; its checkpoint may say so a little later.
    this.#told()
    this.#later ??= setTimeout(() => {
      this.#later = undefined
      if (!this.#saving) this.#beginSave()
    }, checkpointDelayMs)
  }

  /** Whatever is folded meanwhile is saved after it. */
  #beginSave(): void {
    this.#saving = this.#saveChanges().finally(() => {
      this.#saving = undefined
      this.#save()
    })
  }

  async #saveAll(): Promise<void> {
    clearTimeout(this.#later)
    while (this.#saving) await this.#saving
    if (!this.#fault && !this.#isSuperseded && this.#folded > this.#saved) await this.#saveChanges()
    while (this.#saving) await this.#saving
    if (this.#fault) throw this.#fault.error
  }

  /** Whether another process moved the checkpoint: then a handler may have been given a row that has its event in it already. */
  async #isElsewhere(): Promise<boolean> {
    const { fingerprint, position, generation, isDiverged } = await this.#parts.tables.state(this.#options.table)
    const isSame = fingerprint === this.#options.table.fingerprint && generation === this.#options.generation
    return !isSame || isDiverged || position !== this.#saved
  }

  async #saveChanges(): Promise<void> {
    const { tables, store } = this.#parts
    const [from, to, unsaved] = [this.#saved, this.#folded, this.#unsaved]
    if (to <= from) return
    const changes = this.#fold.takeChanges()
    this.#unsaved = { ...nothing }
    try {
      const { table, generation } = this.#options
      const history = await historyUpTo(store, to)
      const outcome = await tables.save({ table, generation, ...changes, from, to: { position: to, history } })
      if (outcome === 'superseded') {
        this.#isSuperseded = true
        this.#stop.abort()
        return
      }
    } catch (error) {
      this.#fault = { error }
      this.#stop.abort()
      return
    }
    this.#saved = to
    if (unsaved.events > 0) {
      const now = this.#parts.clock.now()
      const { events, oldestMs, newestMs } = unsaved
      this.#options.visible?.({
        events,
        oldestMs: Math.max(0, now - oldestMs),
        newestMs: Math.max(0, now - newestMs),
      })
    }
    this.#options.reached?.(to)
    if (this.#fold.changedRows === 0) this.#told()
  }

  /** Where nothing is unsaved, whatever was folded counts as reached: it did not concern the table. */
  #told(): void {
    if (this.#fold.changedRows === 0 && !this.#isSuperseded && !this.#fault) this.#options.reached?.(this.#folded)
  }
}
