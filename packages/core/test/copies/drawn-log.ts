// Logs with everything that a log may have, drawn at random, and the comparison of a copy with its log through every read.
import type { EventStore, NewEvent, RecordedEvent } from 'indelible'
import { expect } from 'vitest'
import type { Draw } from '../../../../scripts/campaign.ts'

const streams = ['a-1', 'a-2', 'b-ü😀', 'b-x-y', 'own-1'] as const
const types = ['Happened', 'Moved', 'Raw'] as const
const tags = ['red', 'big:1', 'ü'] as const

/** Appends some commits. Their ids begin with the name of the round. */
export async function append(store: EventStore, commits: number, { draw, round }: { draw: Draw; round: string }) {
  for (let at = 0; at < commits; at++) {
    const events = Array.from({ length: 1 + draw(4) }, () => drawnEvent(draw))
    const commandId = draw(2) === 0 ? { commandId: `${round}-${at}` } : {}
    if (draw(6) > 0) await store.append({ events, ...commandId })
    else
      await store.append({ events: [{ stream: '$own-1', type: '$Done', data: at }], ...commandId }, { reserved: true })
  }
}

function drawnEvent(draw: Draw): NewEvent {
  const base = { stream: one(streams, draw), schemaVersion: 1 + draw(3), tags: tags.filter(() => draw(3) === 0) }
  const metadata = draw(3) === 0 ? {} : { metadata: { actor: 'ann', correlationId: `r-${draw(5)}`, own: [draw(9)] } }
  const validAt = draw(4) === 0 ? { validAt: '1993-01-31' } : {}
  const type = one(types, draw)
  if (type !== 'Raw')
    return { ...base, type, ...metadata, ...validAt, data: { n: draw(99), text: 'ü'.repeat(draw(40)) } }
  const bytes = Uint8Array.from({ length: draw(60) }, () => draw(256))
  return draw(2) === 0
    ? { ...base, type, data: bytes, contentType: 'image/png' }
    : {
        ...base,
        type,
        data: Buffer.from('{ "a" : 1.0 }'),
        contentType: 'application/json',
        metadata: Buffer.from('{"b":1 }'),
      }
}

function one<Value>(values: readonly Value[], draw: Draw): Value {
  return values[draw(values.length)]!
}

/** Whatever is asked of the copy, it answers as the log does. */
export async function expectSame(copy: EventStore, log: EventStore): Promise<void> {
  expect(await copy.head()).toEqual(await log.head())
  const { position: head } = await log.head()
  const everything = await read(log, 'all')
  expect(await read(copy, 'all')).toEqual(everything)
  const queries = [
    ...streams.map((stream) => [{ streams: [stream] }]),
    ...types.map((type) => [{ types: [type] }]),
    ...tags.map((tag) => [{ tags: [tag] }]),
    [{ categories: ['b'] }],
    [{ correlationIds: ['r-1', 'r-3'] }],
    [{ types: ['Moved'], tags: ['red'] }],
  ]
  for (const query of queries) expect(await read(copy, query)).toEqual(await read(log, query))
  for (const position of [0, 1, Math.ceil(head / 2), head])
    expect(await copy.historyAt(position)).toBe(await log.historyAt(position))
  expect(await copy.historyAt(head + 1)).toBeUndefined()
  expect(new Map([...(await copy.countTypes())].sort())).toEqual(new Map([...(await log.countTypes())].sort()))
  for (const { recordedAt } of everything.filter((_, at) => at % 7 === 0))
    expect(await copy.positionAt(recordedAt)).toBe(await log.positionAt(recordedAt))
}

/** What became of commands, by their ids. */
export async function expectSameCommands(copy: EventStore, log: EventStore, ids: readonly string[]): Promise<void> {
  for (const id of ids) expect({ ...(await copy.findCommit(id)) }).toEqual({ ...(await log.findCommit(id)) })
}

async function read(store: EventStore, query: Parameters<EventStore['read']>[0]): Promise<readonly PlainEvent[]> {
  const batches = await Array.fromAsync(store.read(query, { reserved: true }))
  return batches.flatMap(({ events }) => events.map(plain))
}

type PlainEvent = Pick<RecordedEvent, 'recordedAt' | 'position'>

function plain(event: RecordedEvent): PlainEvent {
  const { id, stream, version, position, type, schemaVersion, contentType, recordedAt, validAt } = event
  const bytes = { data: [...event.dataBytes], metadata: [...event.metadataBytes], tags: [...event.tags] }
  return {
    id,
    stream,
    version,
    position,
    type,
    schemaVersion,
    contentType,
    recordedAt,
    validAt,
    ...bytes,
  } as PlainEvent
}
