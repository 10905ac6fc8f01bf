// Folds a projection from the first event, in memory: to rebuild its table, or to check it.
import { setImmediate } from 'node:timers/promises'
import { throwIfAborted } from '../../../kernel/abort.ts'
import type { Position } from '../../../kernel/positions.ts'
import type { Row } from '../../../kernel/tables.ts'
import { type DomainBatch, wholeEnd } from '../../../store/domain-batch.ts'
import type { DomainLog } from '../../../store/domain-log.ts'
import type { RowVersion } from '../../../store/read-tables.ts'
import { foldedTogetherMax, foldSliceEvents, foldSliceMs } from '../../limits.ts'
import type { ProjectionContext } from '../context.ts'
import { FoldStopped } from './failure.ts'
import { isByStream } from './handlers.ts'
import { RowFold } from './row-fold.ts'
import { hasRuns, OrderMatters, type RunsBatch, StreamFold } from './stream-fold.ts'

export interface FoldedRows {
  /** All rows, in no order. */
  rows(): Iterable<Row>
}

export interface WholeFoldOptions {
  readonly to: Position
  readonly progress?: (position: Position) => void
  readonly signal?: AbortSignal | undefined
  /** Gets every version of each row, in the order of the log. */
  readonly versions?: ((versions: readonly RowVersion[]) => void) | undefined
}

export interface WholeFoldContext extends Pick<ProjectionContext, 'projection' | 'guard'> {
  readonly log: Pick<DomainLog, 'replay'>
}

/** The rows after the event at a position. Throws {@link FoldStopped}, `aborted`, and what the store throws. */
export async function foldFromZero(context: WholeFoldContext, options: WholeFoldOptions): Promise<FoldedRows> {
  // With one row for each stream, rows can be folded stream by stream, as far as the store has its events by stream.
  if (isByStream(context.projection) && !options.versions) {
    try {
      return await fold(context, options, { streamByStream: true })
    } catch (error) {
      if (!(error instanceof OrderMatters)) throw error
    }
  }
  return await fold(context, options, { streamByStream: false })
}

async function fold(
  { projection, log, guard }: WholeFoldContext,
  { to, progress, signal, versions }: WholeFoldOptions,
  { streamByStream }: { streamByStream: boolean },
): Promise<FoldedRows> {
  const turns = new Turns(signal)
  const together: RunsBatch[] = []
  let streams = streamByStream ? new StreamFold(projection, guard) : undefined
  const rows = new RowFold(projection, { guard, fromZero: true, keepsVersions: versions !== undefined })

  const foldTogether = async (folding: StreamFold) => {
    for (const _ of folding.apply(together.splice(0))) await turns.due()
    if (folding.failure) throw new FoldStopped(projection.name, folding.failure)
  }
  const inLogOrder = async (batch: DomainBatch) => {
    for (let from = 0; from < batch.length; ) {
      const to = wholeEnd(batch, Math.min(batch.length, from + foldSliceEvents))
      const failure = rows.apply(batch, from, to)
      from = to
      if (failure) throw new FoldStopped(projection.name, failure)
      if (versions) versions(rows.known.takeChanges().versions)
      await turns.due()
    }
  }
  for await (const batch of log.replay(projection.events, { after: 0, to })) {
    if (streams && hasRuns(batch)) {
      together.push(batch)
      if (together.length === foldedTogetherMax) await foldTogether(streams)
    } else {
      // From the first batch that is not by stream, it goes on in the order of the log.
      if (streams) {
        await foldTogether(streams)
        for (const row of streams.rows()) rows.known.put(row)
        streams = undefined
      }
      await inLogOrder(batch)
    }
    progress?.(batch.through)
  }
  if (!streams) return rows.known
  await foldTogether(streams)
  return streams
}

/** Gives other work on the thread its turn. */
class Turns {
  readonly #signal: AbortSignal | undefined
  #began = performance.now()

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  /** Throws `aborted`. */
  async due(): Promise<void> {
    throwIfAborted(this.#signal)
    if (performance.now() - this.#began < foldSliceMs) return
    await setImmediate()
    this.#began = performance.now()
  }
}
