// The events of a type in each version: how many, the first and the last. Only the events themselves say their version, so they are read.
import type { EventStore } from '../../store/port.ts'
import type { SeenEvent } from './known-types.ts'

export interface VersionCounts {
  readonly counts: readonly VersionCount[]
  /** False where there are more events than were to be read. */
  readonly isComplete: boolean
}

export interface VersionCount {
  readonly version: number
  readonly count: number
  readonly first: SeenEvent
  /** Of those that were read. */
  readonly last: SeenEvent
}

export interface CountOptions {
  /** The most events to read. */
  readonly max?: number
  readonly onEvents?: (count: number) => void
}

export async function countVersions(
  store: Pick<EventStore, 'read'>,
  type: string,
  { max = Number.POSITIVE_INFINITY, onEvents }: CountOptions = {},
): Promise<VersionCounts> {
  const counts = new Map<number, VersionCount>()
  let read = 0
  for await (const { events } of store.read([{ types: [type] }])) {
    for (const { schemaVersion: version, position, recordedAt } of events) {
      if (read === max) return { counts: sorted(counts), isComplete: false }
      const seen = { position, recordedAt }
      const { count, first } = counts.get(version) ?? { count: 0, first: seen }
      counts.set(version, { version, count: count + 1, first, last: seen })
      read++
    }
    onEvents?.(read)
  }
  return { counts: sorted(counts), isComplete: true }
}

function sorted(counts: ReadonlyMap<number, VersionCount>): readonly VersionCount[] {
  return [...counts.values()].sort((a, b) => a.version - b.version)
}
