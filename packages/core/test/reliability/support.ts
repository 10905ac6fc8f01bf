// What the reliability campaigns share: events in a comparable form, and files with changed bytes.
import type { EventStore } from '../../src/index.ts'
import type { RecordedEvent } from '../../src/kernel/events.ts'
import type { Query } from '../../src/kernel/queries.ts'
import type { ReadOptions } from '../../src/store/port.ts'
import type { DiskImage } from '../crash/simulated-disk.ts'

/** Every field of an event by name: the fields may be getters, which a comparison of objects does not see. */
export function told(event: RecordedEvent): string {
  const { id, stream, category, streamId, version, position, type, schemaVersion, contentType } = event
  const { data, dataBytes, metadata, metadataBytes, tags, recordedAt, validAt } = event
  const bytes = [dataBytes, metadataBytes].map((each) => Buffer.from(each).toString('base64'))
  const names = [id, stream, category, streamId, version, position, type, schemaVersion, contentType]
  return JSON.stringify([...names, data, metadata, bytes, tags, recordedAt, validAt])
}

export async function read(store: EventStore, query: Query = 'all', options?: ReadOptions): Promise<string[]> {
  const found: string[] = []
  for await (const { events } of store.read(query, options)) for (const event of events) found.push(told(event))
  return found
}

/** The events of some types, as a fold gets them. */
export async function replayed(store: EventStore, types: readonly string[]): Promise<string[]> {
  const batches = await Array.fromAsync(store.replay(types, { after: 0 }))
  return batches.flatMap((batch) => Array.from({ length: batch.length }, (_, index) => told(batch.event(index))))
}

/** The same files, one of them with other bytes. */
export function withFile(image: DiskImage, name: string, bytes: Buffer): DiskImage {
  return new Map(image).set(name, bytes)
}

/** Fails if something takes far too long: a call that hangs must not hang the campaign. */
export async function soon<Value>(what: string, promise: Promise<Value>, ms = 20_000): Promise<Value> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`${what} did not end within ${ms} ms.`)), ms)
  return await Promise.race([promise, late.promise]).finally(() => clearTimeout(timer))
}
