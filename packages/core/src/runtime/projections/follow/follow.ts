// Brings a table from its checkpoint to the end of the log and keeps it there. Events are folded while the database writes what was folded before.
import { setImmediate } from 'node:timers/promises'
import { isIndelibleError } from '../../../kernel/errors.ts'
import type { Position } from '../../../kernel/positions.ts'
import { type DomainBatch, wholeEnd } from '../../../store/domain-batch.ts'
import { cachedRowsMax, foldSliceEvents, foldSliceMs } from '../../limits.ts'
import type { ProjectionContext } from '../context.ts'
import { type FoldFailure, RowFold } from '../fold/index.ts'
import { TableWriter, type TableWriterOptions } from './table-writer.ts'

/** The table is the live one of the projection, or the one that is to replace it. */
export interface FollowOptions extends TableWriterOptions {
  /** The position at which to end. Without it, it goes on with what is appended later. */
  readonly to?: Position
  readonly signal: AbortSignal
  /** Up to here each event is saved alone, to find the one whose row the database refuses. */
  readonly singlyThrough?: Position
}

/**
 * `superseded`: another process moved the checkpoint, or a write succeeded whose answer was lost. Begin again with what is in the table.
 * `refusedThrough`: the database refused one of the rows up to there, and took none of them. Begin again, and save them event by event.
 */
export type FollowEnd =
  | 'ended'
  | 'superseded'
  | { readonly failure: FoldFailure }
  | { readonly refusedThrough: Position }

/** Throws what the store and the tables throw. Nothing is lost then: begin again at the checkpoint. */
export async function follow(context: ProjectionContext, options: FollowOptions): Promise<FollowEnd> {
  const following = new Following(context, options)
  try {
    return await following.run()
  } finally {
    await following.end()
  }
}

class Following {
  readonly #context: ProjectionContext
  readonly #options: FollowOptions
  readonly #fold: RowFold
  readonly #writer: TableWriter

  constructor(context: ProjectionContext, options: FollowOptions) {
    this.#context = context
    this.#options = options
    const { projection, guard } = context
    this.#fold = new RowFold(projection, { guard, fromZero: false, keepsVersions: projection.table.history })
    this.#writer = new TableWriter(context, this.#fold.known, options)
  }

  async run(): Promise<FollowEnd> {
    const writer = this.#writer
    for await (const batch of this.#batches()) {
      const failure = await this.#take(batch)
      if (failure) return await this.#failed(failure)
      if (writer.isSuperseded || writer.fault) break
    }
    if (!writer.fault && !writer.isSuperseded) await writer.saveAll().catch(() => {})
    if (writer.fault) return this.#refused(writer.fault.error)
    return writer.isSuperseded ? 'superseded' : 'ended'
  }

  async end(): Promise<void> {
    await this.#writer.end()
  }

  async #failed(failure: FoldFailure): Promise<FollowEnd> {
    const writer = this.#writer
    writer.folded = Math.max(writer.folded, failure.event.position - 1)
    try {
      await writer.saveAll()
    } catch (error) {
      // The row of an earlier event.
      return this.#refused(error)
    }
    return writer.isSuperseded || (await writer.isElsewhere()) ? 'superseded' : { failure }
  }

  /** Throws the error unless it is the refusal of a row. */
  #refused(error: unknown): FollowEnd {
    if (isIndelibleError(error, 'invalid_row')) return { refusedThrough: this.#writer.folded }
    throw error
  }

  /** What is there now as fast as the store can give it, then what is appended. */
  async *#batches(): AsyncGenerator<DomainBatch> {
    const { projection, store, log } = this.#context
    const { signal: outer, after, to } = this.#options
    const signal = AbortSignal.any([outer, this.#writer.ended])
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
    const writer = this.#writer
    if (batch.length > 0) {
      await this.#makeRoom()
      const missing = this.#fold.missing(batch)
      if (missing.length > 0) {
        this.#fold.known.take(missing, await this.#context.tables.load(this.#options.table, missing))
      }
      for (let from = 0, began = performance.now(); from < batch.length; ) {
        const isSingle = writer.folded < (this.#options.singlyThrough ?? 0)
        const to = wholeEnd(batch, isSingle ? from + 1 : Math.min(batch.length, from + foldSliceEvents))
        const failure = this.#fold.apply(batch, from, to)
        if (failure) return failure
        const last = batch.recorded(to - 1)
        if (isSingle) {
          const error = await writer.saveEvent(last.position, (error) => isIndelibleError(error, 'invalid_row'))
          if (error !== undefined) return { index: from, event: last, row: null, error }
        }
        writer.folded = last.position
        writer.noteEvents(to - from, batch.recorded(from).recordedAt, last.recordedAt)
        writer.noteTraces(batch, from, to)
        from = to
        if (performance.now() - began < foldSliceMs) continue
        writer.save()
        await setImmediate()
        began = performance.now()
      }
    }
    writer.folded = batch.through
    writer.save()
    await writer.whenNearlySaved()
    return undefined
  }

  /** Forgets rows when there are many. Rows that are being written must be known until they are in the table. */
  async #makeRoom(): Promise<void> {
    if (this.#fold.known.size <= cachedRowsMax) return
    await this.#writer.idle()
    if (this.#fold.known.changes === 0) this.#fold.forget()
  }
}
