// The read table of a projection at a point of history, folded into memory: nothing is written.
import type { Position } from '../kernel/positions.ts'
import type { Projection } from '../kernel/projections.ts'
import type { Columns, Row, RowOf } from '../kernel/tables.ts'
import { type DomainCode, type Guard, guardOf } from '../runtime/guard/index.ts'
import { FoldStopped, foldFromZero, parkedError } from '../runtime/projections/fold/index.ts'
import { canonicalSelect } from '../store/canonical-select.ts'
import { type DomainBatch, onlyEvents } from '../store/domain-batch.ts'
import { DomainLog } from '../store/domain-log.ts'
import type { EventStore } from '../store/port.ts'
import type { SelectOptions } from '../store/select.ts'
import { selectedRows } from '../store/selected-rows.ts'
import { type PointOfLog, type Reach, reachOf } from './points.ts'

export interface ViewOptions<C extends Columns> extends SelectOptions<C> {
  readonly asOf: PointOfLog
  readonly signal?: AbortSignal
  /** As in `SystemOptions`. */
  readonly domainCode?: DomainCode
}

/**
 * A page of a read table as it was at a point of history; the options are those of `select`. All rows of that time are in memory meanwhile.
 * Throws `projection_parked` if a handler fails, `invalid_select`, `invalid_time`, `invalid_position`, `aborted`, and what the store throws.
 */
export async function viewAsOf<C extends Columns>(
  store: EventStore,
  projection: Projection<C>,
  { asOf, signal, domainCode, ...options }: ViewOptions<NoInfer<C>>,
): Promise<readonly RowOf<C>[]> {
  const page = canonicalSelect(projection.table, options as SelectOptions)
  const reach = await reachOf(store, asOf)
  const rows = await rowsAt(store, projection as unknown as Projection, {
    reach,
    signal,
    guard: guardOf(domainCode, 'impure_projector'),
  })
  return selectedRows(rows, page) as readonly RowOf<C>[]
}

/** All rows at a point, in no order. */
export async function rowsAt(
  store: EventStore,
  projection: Projection,
  { reach, signal, guard }: { reach: Reach; signal?: AbortSignal | undefined; guard: Guard },
): Promise<readonly Row[]> {
  const to: Position = reach.to ?? (await store.head()).position
  const log = replayed(new DomainLog(store), reach.isValid)
  try {
    return [...(await foldFromZero({ projection, log, guard }, { to, signal })).rows()]
  } catch (error) {
    throw error instanceof FoldStopped ? parkedError(projection.name, error.failure) : error
  }
}

function replayed(log: DomainLog, isValid: Reach['isValid']): Pick<DomainLog, 'replay'> {
  if (!isValid) return log
  return {
    async *replay(...asked: Parameters<DomainLog['replay']>): AsyncGenerator<DomainBatch> {
      for await (const batch of log.replay(...asked)) yield onlyEvents(batch, isValid)
    },
  }
}
