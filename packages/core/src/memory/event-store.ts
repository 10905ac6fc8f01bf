// The smallest store that keeps every promise of the port, for tests and as the guide to writing an adapter. Nothing outlives the process.
import { throwIfAborted } from '../kernel/abort.ts'
import type { Payload } from '../kernel/encoding.ts'
import { type RecordedEvent, recordedEvent, type StoredFields } from '../kernel/events.ts'
import { checkedId, type IdGenerator } from '../kernel/ids.ts'
import { position as checkedPosition, type Position } from '../kernel/positions.ts'
import { systemClock, systemIds } from '../kernel/system-clock.ts'
import { utf8 } from '../kernel/text.ts'
import { type Clock, epochMs, type Instant, lastMsOf } from '../kernel/time.ts'
import { conflictOf, encodeCommit } from '../store/commit.ts'
import { encodedAgain, type RecordedCommit, retired, unfinished } from '../store/copying.ts'
import { HeadWatcher } from '../store/head-watcher.ts'
import { historyName, lastPosition } from '../store/history.ts'
import type { Commit, EventStore, WrittenCommit } from '../store/port.ts'
import { follow, type Readable, readBatches } from '../store/reading.ts'
import { RecordingClock } from '../store/recording-clock.ts'
import { replayByReading } from '../store/replaying.ts'
import { Ledger } from './ledger.ts'

/** An event store in memory. Tests can pass in the clock and the ids. */
export function memoryStore(options: MemoryStoreOptions = {}): EventStore {
  const log = memoryLog(options, new Ledger())
  logOf.set(log.store, log)
  return log.store
}

/** A log in memory with what is needed to copy it. */
export interface MemoryLog {
  readonly store: EventStore
  readonly ledger: Ledger
  readonly logId: string
  /** Where it is not `open`, nobody appends to it. */
  state: 'open' | 'unfinished' | 'retired'
  /** Of which it is an unfinished copy, or for which it was retired. */
  copyId: string | undefined
  /** Writes a commit as it is. */
  receive(commit: RecordedCommit): void
  waitBeyond(position: Position, signal: AbortSignal): Promise<void>
}

/** The log behind a store. */
export const logOf = new WeakMap<EventStore, MemoryLog>()

export interface MemoryStoreOptions {
  readonly clock?: Clock | undefined
  readonly ids?: IdGenerator | undefined
}

/** A log that the events in memory continue. */
export interface Before {
  readonly recordedAt: Instant | null
  /** What a commit meets there. Tells the ledger the versions of its streams, too. */
  lookBack(commit: Commit): Promise<Met>
}

export interface Met {
  /** A commit with the same command id. */
  readonly earlier: WrittenCommit | undefined
  /** The last event that matches its condition. */
  readonly match: Position | undefined
}

/** The events in memory after the position at which a ledger begins. */
export function memoryLog(
  { clock = systemClock, ids = systemIds, logId = systemIds() }: MemoryStoreOptions & { readonly logId?: string },
  ledger: Ledger,
  before?: Before,
): MemoryLog {
  const { head: after } = ledger
  const head = new HeadWatcher()
  head.advance(after)
  const time = new RecordingClock(clock)
  if (before?.recordedAt) time.observe(epochMs(before.recordedAt))
  const events: StoredFields[] = []

  const fieldsAt = (position: Position) => events[position - after - 1]!
  const fetch = async (positions: readonly Position[]) => positions.map((at) => recordedEvent(copyOf(fieldsAt(at))))
  const source: Readable = {
    find: (query, stretch) => ledger.find(query, stretch),
    visible: () => head.visible,
    fetch,
    waitBeyond: (above, signal) => head.waitBeyond(above, signal),
  }

  const write = (stored: readonly StoredFields[], { lastPosition }: Pick<WrittenCommit, 'lastPosition'>) => {
    events.push(...stored)
    head.advance(lastPosition)
  }

  const store: EventStore = {
    async append(commit, options = {}) {
      head.assertOpen()
      if (log.state !== 'open') throw log.state === 'retired' ? retired('memory') : unfinished('memory')
      throwIfAborted(options.signal)
      const encoded = encodeCommit(commit, options)
      const met = await before?.lookBack(commit)
      const earlier = commit.commandId === undefined ? undefined : ledger.findCommit(commit.commandId)
      if (earlier ?? met?.earlier) return { status: 'duplicate', ...(earlier ?? met!.earlier!) }
      const conflict = conflictOf(encoded, met ? ledger.behind(met.match) : ledger)
      if (conflict) return { status: 'conflict', conflict }
      // Everything that may fail comes before the first change.
      const { recordedAt } = time.next()
      const eventIds = encoded.events.map(({ id }) => id ?? checkedId(ids()))
      const { written, eventVersions } = ledger.accept(encoded.events, { commandId: commit.commandId, recordedAt })
      const stored = encoded.events.map(({ data, metadata, ...event }, index) => {
        const version = eventVersions[index]!
        const position = written.firstPosition + index
        const [dataBytes, metadataBytes] = [bytesOf(data), bytesOf(metadata)]
        return { ...event, id: eventIds[index]!, dataBytes, metadataBytes, version, position, recordedAt }
      })
      write(stored, written)
      return { status: 'written', ...written }
    },
    async findCommit(commandId) {
      head.assertOpen()
      return ledger.findCommit(commandId)
    },
    async *read(query, options) {
      head.assertOpen()
      yield* readBatches(source, query, options)
    },
    async *replay(types, options) {
      head.assertOpen()
      yield* replayByReading(source, types, options)
    },
    async *subscribe(query, options) {
      head.assertOpen()
      yield* follow(source, query, options)
    },
    async head() {
      head.assertOpen()
      return { position: head.visible, recordedAt: events.at(-1)?.recordedAt ?? before?.recordedAt ?? null }
    },
    async positionAt(time, options) {
      head.assertOpen()
      const lastMs = lastMsOf(time, options)
      return lastPosition({ from: after, to: ledger.head }, (at) => epochMs(fieldsAt(at).recordedAt) <= lastMs)
    },
    async historyAt(position) {
      head.assertOpen()
      return checkedPosition(position) > ledger.head ? undefined : historyName(logId, events[position - after - 1])
    },
    async countTypes() {
      head.assertOpen()
      return ledger.countTypes()
    },
    async health() {
      head.assertOpen()
      return { canWrite: true, refusedAppends: {} }
    },
    async close() {
      head.close()
    },
  }
  const log: MemoryLog = {
    store,
    ledger,
    logId,
    state: 'open',
    copyId: undefined,
    receive({ commandId, events: recorded }) {
      const { recordedAt } = recorded[0]!
      time.observe(epochMs(recordedAt))
      const written = ledger.accept(recorded.map(encodedAgain), { commandId, recordedAt }).written
      write(recorded.map(storedAgain), written)
    },
    waitBeyond: (position, signal) => head.waitBeyond(position, signal),
  }
  return log
}

function storedAgain(event: RecordedEvent): StoredFields {
  const { id, stream, type, schemaVersion, contentType, version, position, recordedAt, validAt } = event
  const { dataBytes, metadataBytes, tags } = event
  const bytes = { dataBytes: dataBytes.slice(), metadataBytes: metadataBytes.slice() }
  return {
    id,
    stream,
    type,
    schemaVersion,
    contentType,
    version,
    position,
    recordedAt,
    validAt,
    ...bytes,
    tags: [...tags],
  }
}

function bytesOf(payload: Payload): Uint8Array {
  return typeof payload === 'string' ? utf8(payload) : payload
}

/** A reader owns the events that it gets, so each reader gets its own copy of the bytes. */
function copyOf(fields: StoredFields): StoredFields {
  return {
    ...fields,
    dataBytes: fields.dataBytes.slice(),
    metadataBytes: fields.metadataBytes.slice(),
    tags: [...fields.tags],
  }
}
