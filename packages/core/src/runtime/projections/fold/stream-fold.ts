// Folds history stream by stream, for projections with one row for each stream: then no row depends on another one, and their order does not matter. Rows
// are in partitions that fit into the cache of a processor, sorted by the keys of their streams, so that the streams of a batch and the rows of a partition
// are merged like two sorted lists. In the order of the log, the same fold waits for memory most of the time.
import { type AnyRowChange, type Projection, RowRemoval } from '../../../kernel/projections.ts'
import type { Row } from '../../../kernel/tables.ts'
import { type CanonicalCheck, canonicalCheck } from '../../../store/canonical-check.ts'
import type { DomainBatch, DomainRuns } from '../../../store/domain-batch.ts'
import { canonicalKey, canonicalRow } from '../../../store/rows.ts'
import type { Guard } from '../../guard/index.ts'
import type { FoldFailure } from './failure.ts'
import { Handlers, rowMissing } from './handlers.ts'
import { boundsOf, countNew, emptyPartition, isBelow, isSame, type Partition, partitions } from './stream-partitions.ts'

/** A batch that has its events by stream. */
export type RunsBatch = DomainBatch & { readonly byStream: DomainRuns }

export function hasRuns(batch: DomainBatch): batch is RunsBatch {
  return batch.byStream !== undefined
}

/** A handler wrote another row than the one of its stream, so the order of the events matters. */
export class OrderMatters extends Error {}

export class StreamFold {
  readonly #projection: Projection
  readonly #handlers: Handlers
  readonly #requiresRow: readonly boolean[]
  readonly #isCanonical: CanonicalCheck
  readonly #partitions: Partition[] = Array.from({ length: partitions }, () => emptyPartition(16))
  /** The row that the running handler got. */
  #given: Row | undefined
  /** The failure with the lowest position so far. Each stream is folded up to its own first failure. */
  failure: FoldFailure | undefined

  /** For a projection whose events concern the row of their stream. */
  constructor(projection: Projection, guard: Guard) {
    this.#projection = projection
    this.#handlers = new Handlers(projection, guard)
    this.#requiresRow = projection.handlers.map(({ row }) => row === 'required')
    this.#isCanonical = canonicalCheck(projection.table)
  }

  /** Applies batches that follow each other in the log. The generator yields after each partition, so that other work can run. Throws {@link OrderMatters}. */
  *apply(batches: readonly RunsBatch[]): Generator<void> {
    const bounds = batches.map(({ byStream }) => boundsOf(byStream.keys))
    for (let partition = 0; partition < partitions; partition++) {
      for (let at = 0; at < batches.length; at++) {
        const [from, to] = [bounds[at]![partition]!, bounds[at]![partition + 1]!]
        if (to > from) this.#handlers.fold(() => this.#merge(partition, batches[at]!, from, to))
      }
      yield
    }
  }

  /** All rows, in no order. */
  *rows(): Generator<Row> {
    for (const { rows, count } of this.#partitions) {
      for (let at = 0; at < count; at++) if (rows[at]) yield rows[at]!
    }
  }

  /** Folds some streams of a batch into their partition, which already has rows of some of them. */
  #merge(partition: number, batch: RunsBatch, from: number, to: number): void {
    const old = this.#partitions[partition]!
    const { keys, starts } = batch.byStream
    const fresh = countNew(old, keys, from, to)
    if (fresh === 0) {
      for (let at = 0, stream = from; stream < to; at++) {
        if (!isSame(old.streamKeys, at, keys, stream)) continue
        old.rows[at] = this.#foldRun(
          batch,
          starts[stream]!,
          starts[stream + 1]!,
          old.rows[at] ?? undefined,
          old.keys[at]!,
        )
        stream++
      }
      return
    }
    const merged = emptyPartition(old.count + fresh)
    const keep = (at: number, row: Row | null) => {
      merged.streamKeys.set(old.streamKeys.subarray(4 * at, 4 * at + 4), 4 * merged.count)
      merged.keys.push(old.keys[at]!)
      merged.rows.push(row)
      merged.count++
    }
    let at = 0
    for (let stream = from; stream < to; stream++) {
      while (at < old.count && isBelow(old.streamKeys, at, keys, stream)) keep(at, old.rows[at++]!)
      const [first, end] = [starts[stream]!, starts[stream + 1]!]
      if (at < old.count && isSame(old.streamKeys, at, keys, stream)) {
        keep(at, this.#foldRun(batch, first, end, old.rows[at] ?? undefined, old.keys[at]!))
        at++
        continue
      }
      const key = this.#keyOf(batch, stream)
      if (key === undefined) continue
      merged.streamKeys.set(keys.subarray(4 * stream, 4 * stream + 4), 4 * merged.count)
      merged.keys.push(key)
      merged.rows.push(this.#foldRun(batch, first, end, undefined, key))
      merged.count++
    }
    while (at < old.count) keep(at, old.rows[at++]!)
    this.#partitions[partition] = merged
  }

  #keyOf(batch: RunsBatch, stream: number): Row | undefined {
    const { table } = this.#projection
    const name = table.key[0]!
    const streamId = batch.streamId(stream)
    try {
      const key = canonicalKey(table, { [name]: streamId })
      // Another stream may have the same key in another form.
      if (key[name] !== streamId) throw new OrderMatters()
      return key
    } catch (error) {
      if (error instanceof OrderMatters) throw error
      this.#given = undefined
      this.#fail(batch, batch.byStream.starts[stream]!, error)
      return undefined
    }
  }

  /** The row after the events of a stream. */
  #foldRun(batch: RunsBatch, from: number, to: number, before: Row | undefined, key: Row): Row | null {
    const runs = batch.byStream
    const { types } = runs
    const [handlers, isCanonical, requiresRow] = [this.#handlers.changes, this.#isCanonical, this.#requiresRow]
    const name = this.#projection.table.key[0]!
    const value = key[name]
    let row = before
    let index = from
    try {
      for (; index < to; index++) {
        const type = types[index]!
        if (row === undefined && requiresRow[type]!) throw rowMissing(this.#projection, type, key)
        const next = handlers[type]!(runs.event(index), row, key)
        if (next === undefined) continue
        if (next === null) row = undefined
        else if (!Array.isArray(next) && isCanonical(next as Row, row) && (next as Row)[name] === value)
          row = next as Row
        else row = this.#canonicalAt(next, key)
      }
    } catch (error) {
      if (error instanceof OrderMatters) throw error
      this.#given = row
      this.#fail(batch, index, error)
    }
    return row ?? null
  }

  #canonicalAt(next: Exclude<AnyRowChange, null | undefined>, key: Row): Row {
    if (Array.isArray(next) || next instanceof RowRemoval) throw new OrderMatters()
    const { table } = this.#projection
    const row = canonicalRow(table, next as Row)
    const [name] = table.key
    if (row[name!] !== key[name!]) throw new OrderMatters()
    return row
  }

  #fail(batch: RunsBatch, index: number, error: unknown): void {
    const event = batch.byStream.recorded(index)
    if (this.failure && this.failure.event.position < event.position) return
    this.failure = { index, event, row: this.#given ?? null, error }
  }
}
