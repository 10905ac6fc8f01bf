// What a golden log must give, in a form that JSON preserves: every field of every event, payloads byte for byte, and the commits of its commands.
import type { RecordedEvent } from '../../src/kernel/events.ts'
import type { EventStore } from '../../src/store/port.ts'

export interface Expected {
  readonly head: unknown
  readonly events: readonly unknown[]
  readonly commits: Readonly<Record<string, unknown>>
}

export async function expectedOf(store: EventStore, commandIds: readonly string[]): Promise<Expected> {
  const events: unknown[] = []
  for await (const batch of store.read('all')) events.push(...batch.events.map(fieldsOf))
  const commits: Record<string, unknown> = {}
  for (const commandId of commandIds) commits[commandId] = await store.findCommit(commandId)
  return { head: await store.head(), events, commits }
}

export function fieldsOf(event: RecordedEvent): Record<string, unknown> {
  const {
    position,
    stream,
    version,
    type,
    schemaVersion,
    id,
    recordedAt,
    contentType,
    tags,
    dataBytes,
    metadataBytes,
  } = event
  return {
    position,
    stream,
    version,
    type,
    schemaVersion,
    id,
    recordedAt,
    ...(event.validAt === undefined ? {} : { validAt: event.validAt }),
    contentType,
    tags,
    metadata: Buffer.from(metadataBytes).toString(),
    ...(isText(dataBytes)
      ? { text: Buffer.from(dataBytes).toString() }
      : { base64: Buffer.from(dataBytes).toString('base64') }),
  }
}

function isText(bytes: Uint8Array): boolean {
  return Buffer.from(Buffer.from(bytes).toString()).equals(bytes)
}
