// Real samples from a log.
import type { AnyEventType, EventStore } from 'indelible'
import { sampleEvents } from 'indelible/history'
import { masked } from './mask.ts'

export interface Sample {
  readonly position: number
  readonly stream: string
  readonly streamId: string
  readonly recordedAt: string
  readonly id: string
  readonly schemaVersion: number
  /** In the newest form, without personal data. */
  readonly data: unknown
}

/** The oldest and the newest of each type that the log has. */
export interface Samples {
  readonly byType: ReadonlyMap<string, { readonly oldest: Sample; readonly newest: Sample }>
  /** The newest stream of each category. */
  readonly streamIds: ReadonlyMap<string, string>
}

export const noSamples: Samples = { byType: new Map(), streamIds: new Map() }

/** Reads two events of each type, by the index. Metadata are left out: they tell of people too. */
export async function samplesOf(
  store: EventStore,
  types: readonly AnyEventType[],
  onProgress: (done: number) => void,
): Promise<Samples> {
  const byType = new Map<string, { oldest: Sample; newest: Sample }>()
  const newest = new Map<string, { position: number; streamId: string }>()
  for (const [index, type] of types.entries()) {
    onProgress(index)
    const found = await sampleEvents(store, type)
    if (!found) continue
    const { category, streamId, position } = found.newest
    if (position > (newest.get(category)?.position ?? 0)) newest.set(category, { position, streamId })
    byType.set(type.type, { oldest: sampleOf(found.oldest, type), newest: sampleOf(found.newest, type) })
  }
  return { byType, streamIds: new Map([...newest].map(([category, { streamId }]) => [category, streamId])) }
}

function sampleOf(event: NonNullable<Awaited<ReturnType<typeof sampleEvents>>>['oldest'], type: AnyEventType): Sample {
  const { position, stream, streamId, recordedAt, id, schemaVersion, data } = event
  return { position, stream, streamId, recordedAt, id, schemaVersion, data: masked(data, type.personal) }
}
