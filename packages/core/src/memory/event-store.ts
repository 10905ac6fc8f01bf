// The smallest store that keeps every promise of the port, for tests and as the guide to writing an adapter. Nothing outlives the process.
import { throwIfAborted } from '../kernel/abort.ts'
import { recordedEvent, type StoredFields } from '../kernel/events.ts'
import type { IdGenerator } from '../kernel/ids.ts'
import type { Position } from '../kernel/positions.ts'
import { systemClock, systemIds } from '../kernel/system-clock.ts'
import type { Clock } from '../kernel/time.ts'
import { Growth } from '../store/growth.ts'
import { encodeCommit, Ledger } from '../store/ledger.ts'
import type { EventStore } from '../store/port.ts'
import { follow, type Readable, readBatches } from '../store/reading.ts'
import { RecordingClock } from '../store/recording-clock.ts'

/** An event store in memory. The clock and the ids can be passed in, so that tests know them. */
export function memoryStore(options: { clock?: Clock; ids?: IdGenerator } = {}): EventStore {
  const { clock = systemClock, ids = systemIds } = options
  const ledger = new Ledger()
  const growth = new Growth()
  const time = new RecordingClock(clock)
  const events: StoredFields[] = []

  const fetch = async (positions: readonly Position[]) => positions.map((at) => recordedEvent(copyOf(events[at - 1]!)))
  const source: Readable = {
    ledger,
    visible: () => growth.visible,
    fetch,
    grown: (above, signal) => growth.beyond(above, signal),
  }

  return {
    async append(commit, { signal } = {}) {
      growth.assertOpen()
      throwIfAborted(signal)
      const encoded = encodeCommit(commit)
      const obstacle = ledger.obstacle(commit)
      if (obstacle) return obstacle
      const { recordedAt } = time.next()
      const { written, eventVersions } = ledger.accept(encoded, { commandId: commit.commandId, recordedAt })
      encoded.forEach((event, index) => {
        const version = eventVersions[index]!
        events.push({ ...event, id: event.id ?? ids(), version, position: written.firstPosition + index, recordedAt })
      })
      growth.advance(written.lastPosition)
      return { status: 'written', ...written }
    },
    async findCommit(commandId) {
      growth.assertOpen()
      return ledger.findCommit(commandId)
    },
    async *read(query, options) {
      growth.assertOpen()
      yield* readBatches(source, query, options)
    },
    async *subscribe(query, options) {
      growth.assertOpen()
      yield* follow(source, query, options)
    },
    async head() {
      growth.assertOpen()
      return { position: growth.visible, recordedAt: events.at(-1)?.recordedAt ?? null }
    },
    async close() {
      growth.close()
    },
  }
}

/** Readers own what they get, so each gets bytes that nobody else sees. */
function copyOf(fields: StoredFields): StoredFields {
  return {
    ...fields,
    dataBytes: fields.dataBytes.slice(),
    metadataBytes: fields.metadataBytes.slice(),
    tags: [...fields.tags],
  }
}
