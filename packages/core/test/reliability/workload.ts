// A workload that exercises everything that a log does, and the invariants of its log whatever happened.
import { expect } from 'vitest'
import { type IndelibleError, isIndelibleError } from '../../src/kernel/errors.ts'
import type { NewEvent } from '../../src/kernel/events.ts'
import type { StreamName } from '../../src/kernel/streams.ts'
import type { LogLimits } from '../../src/log/limits.ts'
import type { EventStore } from '../../src/store/port.ts'
import { soon } from './support.ts'

/** Small, so that a few appends roll, seal, index, and read back from the disk. */
export const smallLimits: Partial<LogLimits> = {
  segmentEventsMax: 7,
  reserveBytes: 160,
  blockingWriteBytesMax: 400,
  earlyWriteBytesMin: 300,
  readBytesMax: 512,
  frameCacheBytesMax: 0,
  recordCacheBytesMax: 0,
  indexCacheBytesMax: 8192,
  unindexedEventsMax: 2,
  unindexedSegmentsMax: 1,
  openFilesMax: 2,
  queuedAppendsMax: 2,
  writeProbeMs: 0,
}

const streams = ['a-1', 'a-2', 'b-ü'] as const

interface Told {
  readonly c: string
  readonly i: number
  readonly n: number
}

/** Remembers what was acknowledged, what was refused, and what is uncertain. */
export class Ledger {
  /** The first position of each acknowledged commit. */
  readonly acknowledged = new Map<string, { readonly first: number; readonly last: number }>()
  /** Refused, but perhaps on the disk. */
  readonly unknown = new Set<string>()
  readonly refused = new Set<string>()
  /** The codes of all faults. */
  readonly codes: string[] = []
  readonly #serials = new Map<string, number>()

  /** Appends a commit of one to three events on one or two streams, or repeats one that was not acknowledged. */
  async append(store: EventStore, commandId = `c-${this.#serials.size}`): Promise<string> {
    const serial = this.#serials.get(commandId) ?? this.#serials.size
    this.#serials.set(commandId, serial)
    const n = 1 + (serial % 3)
    const events = Array.from({ length: n }, (_, i) => eventOf(serial, { c: commandId, i, n }))
    try {
      // Refused events must be gone from every index list.
      const condition = { failIfEventsMatch: [{ tags: [`c:${commandId}`] }] }
      const outcome = await soon('An append', store.append({ events, commandId, condition }))
      if (outcome.status === 'conflict') throw new Error(`conflict: ${JSON.stringify(outcome)}`)
      if (outcome.status === 'duplicate') expect(this.unknown.has(commandId), `${commandId} is a duplicate`).toBe(true)
      const { firstPosition, lastPosition } = outcome
      expect(lastPosition - firstPosition + 1).toBe(n)
      this.acknowledged.set(commandId, { first: firstPosition, last: lastPosition })
      this.unknown.delete(commandId)
      this.refused.delete(commandId)
      return outcome.status
    } catch (error) {
      const { code } = this.fault(error)
      if (code === 'store_poisoned') this.unknown.add(commandId)
      else if (!this.unknown.has(commandId)) this.refused.add(commandId)
      return code
    }
  }

  /** Records a fault, which must be one that a disk can cause: nothing here is damaged. */
  fault(error: unknown): IndelibleError {
    if (!isIndelibleError(error) || !expectedCodes.has(error.code)) throw error
    this.codes.push(error.code)
    return error
  }

  /** Reads everything in several ways. Returns false if a fault prevented that. */
  async reads(store: EventStore): Promise<boolean> {
    try {
      const events = await soon('A read', all(store))
      this.check(events)
      for (const stream of streams) {
        const found = await soon('A read', Array.fromAsync(store.read([{ streams: [stream] }])))
        const positions = found.flatMap(({ events }) => events.map(({ position }) => position))
        expect(positions).toEqual(events.filter((event) => event.stream === stream).map(({ position }) => position))
      }
      const odd = await soon('A read', Array.fromAsync(store.read([{ tags: ['odd'] }, { types: ['Nothing'] }])))
      const positions = odd.flatMap(({ events }) => events.map(({ position }) => position))
      expect(positions).toEqual(events.filter(({ odd }) => odd).map(({ position }) => position))
      const [id, { first } = { first: 0 }] = [...this.acknowledged].at(-1) ?? []
      if (id !== undefined) expect((await store.findCommit(id))?.firstPosition, id).toBe(first)
      expect((await store.head()).position).toBe(events.length)
      return true
    } catch (error) {
      this.fault(error)
      return false
    }
  }

  /** Checks that no acknowledged event is lost or doubled, that commits are whole, and that refused ones are not there. */
  check(events: readonly Seen[]): void {
    const versions = new Map<string, number>()
    const commits = new Map<string, number>()
    for (let at = 0; at < events.length; ) {
      const { c, n } = events[at]!.data
      if (commits.has(c)) expect.fail(`commit ${c} is there twice, at ${commits.get(c)} and ${at + 1}`)
      if (!this.acknowledged.has(c) && !this.unknown.has(c)) expect.fail(`commit ${c} at ${at + 1} was refused`)
      commits.set(c, at + 1)
      for (let index = 0; index < n; index++, at++) {
        const event = events[at]
        const version = 1 + (versions.get(event?.stream ?? '') ?? 0)
        const whole = event?.data.c === c && event.data.i === index
        if (!whole || event.position !== at + 1 || event.version !== version) {
          expect.fail(`${JSON.stringify(event)} is at ${at + 1}, where event ${index} of ${c} must be`)
        }
        versions.set(event.stream, version)
      }
    }
    for (const [c, { first }] of this.acknowledged) {
      if (commits.get(c) !== first) expect.fail(`${c}, acknowledged at ${first}, is at ${commits.get(c)}`)
    }
  }
}

const expectedCodes = new Set(['io_failed', 'store_full', 'store_poisoned', 'index_damaged'])

function eventOf(serial: number, told: Told): NewEvent {
  const stream: StreamName = streams[(serial + told.i) % streams.length]!
  const tags = [`c:${told.c}`, serial % 2 === 0 ? 'even' : 'odd']
  return { stream, type: 'Happened', data: { ...told, text: 'x'.repeat((serial * 13) % 90) }, tags }
}

interface Seen {
  readonly stream: string
  readonly position: number
  readonly version: number
  readonly odd: boolean
  readonly data: Told
}

async function all(store: EventStore): Promise<Seen[]> {
  const seen: Seen[] = []
  for await (const { events } of store.read('all')) {
    for (const { stream, position, version, tags, data } of events) {
      const { c, i, n } = data as Told
      seen.push({ stream, position, version, odd: tags.includes('odd'), data: { c, i, n } })
    }
  }
  return seen
}

/**
 * Appends in batches, reads, closes, opens again, and does all of that once more. Returns the store if it is open, and whether it ever reported
 * being poisoned since it was opened.
 */
export async function work(ledger: Ledger, open: () => Promise<EventStore>): Promise<EventStore | undefined> {
  let store: EventStore | undefined
  for (let round = 0; round < 3; round++) {
    store ??= await opened(ledger, open)
    if (!store) continue
    for (let batch = 0; batch < 4; batch++) {
      await Promise.all([1, 2, 3].map(() => ledger.append(store!)))
      if (batch % 2 === 1) await ledger.reads(store)
    }
    if (round === 2) return store
    await closed(ledger, store)
    store = undefined
  }
  return undefined
}

/** Opening may fail because of a fault. */
export async function opened(ledger: Ledger, open: () => Promise<EventStore>): Promise<EventStore | undefined> {
  try {
    return await soon('Opening', open())
  } catch (error) {
    ledger.fault(error)
    return undefined
  }
}

export async function closed(ledger: Ledger, store: EventStore): Promise<void> {
  try {
    await soon('Closing', store.close())
  } catch (error) {
    ledger.fault(error)
  }
}
