// Shared by the cases of the event store.
import assert from 'node:assert/strict'
import type { NewEvent, RecordedEvent } from '../../kernel/events.ts'
import type { Query } from '../../kernel/queries.ts'
import type { StreamName } from '../../kernel/streams.ts'
import type { AppendOutcome, EventStore, ReadOptions, ReplayOptions } from '../../store/port.ts'

export function fact(stream: string, type = 'Happened', data: unknown = {}): NewEvent {
  return { stream: stream as StreamName, type, data }
}

export async function all(
  store: EventStore,
  query: Query = 'all',
  options: ReadOptions = {},
): Promise<RecordedEvent[]> {
  const batches = await Array.fromAsync(store.read(query, options))
  return batches.flatMap(({ events }) => events)
}

/** Several types over several streams, in commits of several events, with everything that an event may have. */
export async function writeHistory(store: EventStore): Promise<void> {
  for (let n = 0; n < 15; n++) {
    const moved = {
      amount: n - 3,
      to: n % 4 === 0 ? null : `b-${n}`,
      ...(n % 5 === 0 ? { note: 'ü😀', deep: { x: -0 } } : {}),
    }
    const events: NewEvent[] = [
      {
        ...fact(`thing-${n % 3}`, 'Moved', moved),
        tags: [`n:${n % 2}`],
        metadata: { actor: 'ann', correlationId: `r-${n}` },
      },
      { ...fact(`other-${n % 2}-x`, 'Opened', { list: [1, { n }], flag: n % 2 === 0 }), validAt: '1993-01-31' },
    ]
    if (n % 3 === 0) events.push(fact(`thing-${n}`, 'Renamed', `name ${n}`))
    if (n % 4 === 0) events.push({ stream: 'raw-1', type: 'Raw', data: new Uint8Array([n, 0, 255]) })
    if (n % 4 === 1) events.push({ ...fact('thing-ü', 'Moved', { other: 1.5, amount: '1' }), schemaVersion: 2 })
    await store.append({ events })
  }
}

export async function replay(
  store: EventStore,
  types: readonly string[],
  options: ReplayOptions,
): Promise<{ event: RecordedEvent; type: number; streamId: string }[]> {
  const batches = await Array.fromAsync(store.replay(types, options))
  return batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, index) => {
      const streamId = batch.streamId(batch.streams[index]!)
      return { event: batch.event(index), type: batch.types[index]!, streamId }
    }),
  )
}

/** All fields as plain values: events may have getters. */
export function fieldsOf(event: RecordedEvent): Record<keyof RecordedEvent, unknown> {
  const { id, stream, category, streamId, version, position, type, schemaVersion, contentType } = event
  const { data, metadata, recordedAt, validAt } = event
  const [dataBytes, metadataBytes, tags] = [[...event.dataBytes], [...event.metadataBytes], [...event.tags]]
  const envelope = { id, stream, category, streamId, version, position, type, schemaVersion, contentType }
  return { ...envelope, data, metadata, recordedAt, validAt, dataBytes, metadataBytes, tags }
}

export function written(outcome: AppendOutcome): Extract<AppendOutcome, { status: 'written' }> {
  assert.equal(outcome.status, 'written')
  return outcome as Extract<AppendOutcome, { status: 'written' }>
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

/** A hung follower must fail the case, not the whole run. */
export async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing came within ${ms} ms.`)), ms)
  })
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
