// How many events of a type the log has in each version. Only the events themselves say it, so they are read.
import type { Position } from '../../kernel/positions.ts'
import type { EventStore } from '../../store/port.ts'

export interface VersionCounts {
  readonly counts: readonly { readonly version: number; readonly count: number }[]
  /** False where there are more events than were to be read. */
  readonly isComplete: boolean
}

export interface CountOptions {
  /** The most events to read. */
  readonly max?: number
  readonly onEvents?: (count: number, position: Position) => void
}

export async function countVersions(
  store: Pick<EventStore, 'read'>,
  type: string,
  { max = Number.POSITIVE_INFINITY, onEvents }: CountOptions = {},
): Promise<VersionCounts> {
  const counts = new Map<number, number>()
  let read = 0
  for await (const { events, through } of store.read([{ types: [type] }])) {
    for (const { schemaVersion } of events) {
      if (read === max) return { counts: sorted(counts), isComplete: false }
      counts.set(schemaVersion, (counts.get(schemaVersion) ?? 0) + 1)
      read++
    }
    onEvents?.(read, through)
  }
  return { counts: sorted(counts), isComplete: true }
}

function sorted(counts: ReadonlyMap<number, number>): VersionCounts['counts'] {
  return [...counts].sort(([a], [b]) => a - b).map(([version, count]) => ({ version, count }))
}
