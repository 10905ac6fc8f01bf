// Brings an aggregate to its current state the cheapest way: from memory, else from a snapshot and the events after it.
import type { AnyAggregate } from '../kernel/aggregates.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { DomainEvent } from '../kernel/event-types.ts'
import { deepFreeze } from '../kernel/freeze.ts'
import type { Position, Version } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'
import { historyUpTo } from '../store/history.ts'
import type { EventStore } from '../store/port.ts'
import type { SnapshotStore } from '../store/snapshots.ts'
import { cachedAggregatesMax, snapshotEveryEvents } from './limits.ts'
import { type PureCall, trusted } from './purity.ts'

/** A state and the point of history it stands for. */
export interface Loaded {
  readonly state: unknown
  readonly version: Version
  readonly position: Position
}

export class AggregateLoader {
  readonly #store: EventStore
  readonly #snapshots: SnapshotStore
  readonly #call: PureCall
  /** In order of last use. */
  readonly #cache = new Map<StreamName, Loaded>()
  readonly #snapshotVersions = new Map<StreamName, Version>()

  constructor({ store, snapshots, call }: { store: EventStore; snapshots: SnapshotStore; call: PureCall }) {
    this.#store = store
    this.#snapshots = snapshots
    this.#call = call
  }

  /** What the cache knows, which may be behind the log: an append with its version finds out. */
  async load(aggregate: AnyAggregate, stream: StreamName): Promise<Loaded> {
    return this.#cache.get(stream) ?? (await this.reload(aggregate, stream))
  }

  /** From the log alone, or a snapshot of it: what was remembered has been overtaken, or was never in this log. */
  async loadAnew(aggregate: AnyAggregate, stream: StreamName): Promise<Loaded> {
    this.#cache.delete(stream)
    return await this.reload(aggregate, stream)
  }

  /** Reads the events after what is known. */
  async reload(aggregate: AnyAggregate, stream: StreamName): Promise<Loaded> {
    let loaded = this.#cache.get(stream) ?? (await this.#fromSnapshot(aggregate, stream))
    for await (const { events } of this.#store.read([{ streams: [stream] }], { from: loaded.position + 1 })) {
      loaded = this.#fold(aggregate, loaded, events, events.at(-1)!.position)
    }
    this.#remember(stream, loaded)
    return loaded
  }

  /** The state after events that are about to be appended: code that cannot evolve them must fail before they are written. */
  preview(aggregate: AnyAggregate, from: Loaded, events: readonly DomainEvent[]): Loaded {
    // Folded from what a replay will read: JSON, in which a Date is text and undefined is nothing.
    const asRead = events.map((event) => ({ ...event, data: throughJson(event) }))
    return this.#fold(aggregate, from, asRead, from.position)
  }

  /** Takes in that previewed events were appended, and makes a snapshot when one is due. */
  async advance(aggregate: AnyAggregate, stream: StreamName, loaded: Loaded): Promise<void> {
    this.#remember(stream, loaded)
    await this.#snapshotIfDue(aggregate, stream, loaded)
  }

  #fold(
    aggregate: AnyAggregate,
    { state, version }: Loaded,
    events: readonly DomainEvent[],
    position: Position,
  ): Loaded {
    let next = state
    for (const event of events) {
      if (this.#call !== trusted) deepFreeze(event.data)
      next = this.#call(`evolve of ${event.type} in "${aggregate.category}"`, () => aggregate.evolve(next, event))
      if (next === undefined) {
        throw new IndelibleError(
          'invalid_declaration',
          `evolve of ${event.type} in "${aggregate.category}" answered with nothing.`,
        )
      }
      if (this.#call !== trusted) deepFreeze(next)
    }
    return { state: next, version: version + events.length, position }
  }

  async #fromSnapshot({ initialState, fingerprint }: AnyAggregate, stream: StreamName): Promise<Loaded> {
    const found = await this.#snapshots.load(stream, fingerprint)
    // A log that was put back from an older copy does not have the events that a snapshot was made of, or others in their place.
    const isOurs = found !== undefined && (await this.#store.historyAt(found.position)) === found.history
    const snapshot = isOurs ? found : undefined
    if (snapshot) this.#snapshotVersions.set(stream, snapshot.version)
    const { state, version, position } = snapshot ?? { state: initialState, version: 0, position: 0 }
    return { state: this.#call === trusted ? state : deepFreeze(state), version, position }
  }

  async #snapshotIfDue(
    { fingerprint }: AnyAggregate,
    stream: StreamName,
    { state, version, position }: Loaded,
  ): Promise<void> {
    const last = this.#snapshotVersions.get(stream) ?? 0
    if (Math.floor(version / snapshotEveryEvents) === Math.floor(last / snapshotEveryEvents)) return
    this.#snapshotVersions.set(stream, version)
    // What would come back from JSON as something else is folded from its events each time instead.
    if (!survivesJson(state)) return
    // The events are safe already and a snapshot is only a shortcut: that it could not be kept must not fail a command that succeeded.
    try {
      const history = await historyUpTo(this.#store, position)
      await this.#snapshots.save({ stream, fingerprint, version, position, history, state })
    } catch {
      // The next one may.
    }
  }

  #remember(stream: StreamName, loaded: Loaded): void {
    this.#cache.delete(stream)
    this.#cache.set(stream, loaded)
    if (this.#cache.size <= cachedAggregatesMax) return
    const [oldest] = this.#cache.keys()
    this.#cache.delete(oldest!)
    this.#snapshotVersions.delete(oldest!)
  }
}

/** The data as a replay will read it. Throws `invalid_event`. */
function throughJson({ type, data }: DomainEvent): unknown {
  try {
    return JSON.parse(JSON.stringify(data))
  } catch (cause) {
    throw new IndelibleError('invalid_event', `The data of ${type} cannot be written as JSON.`, { cause })
  }
}

/** True for what JSON gives back as it was: null, booleans, finite numbers, text, and lists and plain objects of such. */
function survivesJson(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || (Array.isArray(value) ? value.every(survivesJson) : isPlain(value))
    default:
      return false
  }
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in value) return false
  return Object.values(value).every((part) => part === undefined || survivesJson(part))
}
