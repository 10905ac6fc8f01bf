// Folds the events of a transaction into the rows of an inline projection.
import type { RecordedEvent } from '../../../kernel/events.ts'
import type { Projection } from '../../../kernel/projections.ts'
import type { Row } from '../../../kernel/tables.ts'
import { RecordedTypes } from '../../../kernel/upcasts.ts'
import type { DomainLog } from '../../../store/domain-log.ts'
import type { InlineFold, InlineRows } from '../../../store/inline.ts'
import type { Guard } from '../../guard/index.ts'
import { RowFold } from '../fold/index.ts'

export function inlineFold(
  projection: Projection,
  { log, guard }: { readonly log: DomainLog; readonly guard: Guard },
): InlineFold {
  const { table, events: types } = projection
  return {
    table,
    types: RecordedTypes.of(types).names,
    async fold(
      events: readonly RecordedEvent[],
      load: (keys: readonly Row[]) => Promise<readonly Row[]>,
    ): Promise<InlineRows | undefined> {
      const batch = log.batchOf(types, { events, through: events.at(-1)!.position })
      const fold = new RowFold(projection, { guard, fromZero: false, keepsVersions: table.history })
      const missing = fold.missing(batch)
      if (missing.length > 0) fold.known.take(missing, await load(missing))
      return fold.apply(batch) ? undefined : fold.known.takeChanges()
    },
  }
}
