// Follows a table whose rows are written by the transactions that append: it only brings the table up where it stayed behind.
import type { Position } from '../../../kernel/positions.ts'
import { RecordedTypes } from '../../../kernel/upcasts.ts'
import type { TableState } from '../../../store/read-tables.ts'
import type { ProjectionContext } from '../context.ts'
import { type FollowEnd, type FollowOptions, follow } from './follow.ts'

/** As {@link follow}. */
export async function fillGaps(context: ProjectionContext, options: FollowOptions): Promise<FollowEnd> {
  const { store, tables, projection } = context
  const { table, generation, signal, reached, visible } = options
  let after = options.after
  const isAnother = (there: TableState) =>
    there.fingerprint !== table.fingerprint || there.generation !== generation || there.isDiverged
  const filled = async (to: Position): Promise<FollowEnd> => {
    while (after < to) {
      const end = await follow(context, { ...options, after, to })
      if (typeof end === 'object' || signal.aborted) return end
      // A transaction that appends may have been faster. Then the rest is done from where it came to.
      const there = await tables.state(table)
      if (isAnother(there)) return 'superseded'
      after = there.position
      reached?.(after)
    }
    return 'ended'
  }
  const { position: head } = await store.head()
  const end = await filled(head)
  if (end !== 'ended' || signal.aborted) return end
  const query = [{ types: RecordedTypes.of(projection.events).names }]
  for await (const { events, through } of store.subscribe(query, { after, signal })) {
    const there = await tables.state(table)
    if (isAnother(there)) return 'superseded'
    after = there.position
    if (after >= through) {
      reached?.(after)
      if (events.length > 0) visible?.({ events: events.length, oldestMs: 0, newestMs: 0 })
      continue
    }
    const end = await filled(through)
    if (end !== 'ended') return end
  }
  return 'ended'
}
