// Loads the current state of an aggregate in the cheapest way: from memory, or from a snapshot and the events after it.
import type { AnyAggregate } from '../../kernel/any-aggregate.ts'
import { canonicalText } from '../../kernel/canonical.ts'
import { dataAsRead } from '../../kernel/encoding.ts'
import type { DomainEvent } from '../../kernel/event-types.ts'
import { deepFreeze } from '../../kernel/freeze.ts'
import type { Version } from '../../kernel/positions.ts'
import type { StreamName } from '../../kernel/streams.ts'
import type { DomainLog } from '../../store/domain-log.ts'
import type { Snapshot } from '../../store/snapshots.ts'
import { evolved, type Guard } from '../guard/index.ts'
import { cachedAggregatesMax } from '../limits.ts'
import type { Folded, SnapshotKeeper } from './snapshot-keeper.ts'

export class AggregateLoader {
  readonly #log: DomainLog
  readonly #snapshots: SnapshotKeeper
  readonly #guard: Guard
  /** In order of last use. */
  readonly #cache = new Map<StreamName, Folded>()
  /** Streams in the cache to which another process has appended. */
  readonly #outdated = new Set<StreamName>()

  constructor({ log, snapshots, guard }: { log: DomainLog; snapshots: SnapshotKeeper; guard: Guard }) {
    this.#log = log
    this.#snapshots = snapshots
    this.#guard = guard
  }

  /** The state in the cache. It may be behind the log; then the append with its version fails. */
  async load(aggregate: AnyAggregate, stream: StreamName): Promise<Folded> {
    // What was read before a failover may not be what the log has now, so it is read anew.
    if (this.#outdated.has(stream)) return await this.loadFresh(aggregate, stream)
    return this.#cache.get(stream) ?? (await this.reload(aggregate, stream))
  }

  /** Another process has brought the stream to a version. */
  outdated(stream: StreamName, version: Version): void {
    const cached = this.#cache.get(stream)
    if (cached && cached.version < version) this.#outdated.add(stream)
  }

  /** The state without the cache, which is out of date. */
  async loadFresh(aggregate: AnyAggregate, stream: StreamName): Promise<Folded> {
    this.#cache.delete(stream)
    return await this.reload(aggregate, stream)
  }

  /** Reads the events after the known state. */
  async reload(aggregate: AnyAggregate, stream: StreamName): Promise<Folded> {
    let loaded = this.#cache.get(stream) ?? (await this.#fromSnapshot(aggregate, stream))
    loaded = await this.#folded(aggregate, stream, loaded)
    this.#remember(stream, loaded)
    return loaded
  }

  /** The state after events that will be appended. If the code cannot evolve them, that must fail before they are written. */
  preview(aggregate: AnyAggregate, from: Folded, events: readonly DomainEvent[]): Folded {
    // The handlers get what a replay will read.
    const asRead = events.map((event) => ({ ...event, data: dataAsRead(event) }))
    return this.#fold(aggregate, from, asRead, { version: from.version + events.length, position: from.position })
  }

  /** Notes that previewed events were appended, and makes a snapshot if one is due. Never throws. */
  async advance(aggregate: AnyAggregate, stream: StreamName, loaded: Folded): Promise<void> {
    this.#remember(stream, loaded)
    await this.#snapshots.keep(aggregate, stream, loaded)
  }

  /** The state after the events that the log has after `from`, or after the first of them up to a limit. */
  async #folded(aggregate: AnyAggregate, stream: StreamName, from: Folded, limit?: number): Promise<Folded> {
    let loaded = from
    const options = { from: from.position + 1, ...(limit === undefined ? {} : { limit }) }
    for await (const { events } of this.#log.read(aggregate.events, [{ streams: [stream] }], options)) {
      // Several of them may be parts of one recorded event.
      loaded = this.#fold(aggregate, loaded, events, events.at(-1)!)
    }
    return loaded
  }

  #fold(
    aggregate: AnyAggregate,
    { state }: Folded,
    events: readonly DomainEvent[],
    { version, position }: Pick<Folded, 'version' | 'position'>,
  ): Folded {
    const next = evolved({ name: aggregate.category, evolve: aggregate.evolve }, state, events, this.#guard)
    return { state: next, version, position }
  }

  async #fromSnapshot(aggregate: AnyAggregate, stream: StreamName): Promise<Folded> {
    const found = await this.#snapshots.find(aggregate, stream)
    if (!found) return { state: aggregate.initialState, version: 0, position: 0 }
    if (this.#snapshots.trust(aggregate, found) === 'unknown') return await this.#compared(aggregate, stream, found)
    const { state, version, position } = found
    return { state: this.#guard.isWatching ? deepFreeze(state) : state, version, position }
  }

  /** Other code made the snapshot under the same version. The state that this code folds is used, and the comparison says whether both agree. */
  async #compared(aggregate: AnyAggregate, stream: StreamName, snapshot: Snapshot): Promise<Folded> {
    const none: Folded = { state: aggregate.initialState, version: 0, position: 0 }
    const folded = await this.#folded(aggregate, stream, none, snapshot.version)
    this.#snapshots.judge(aggregate, snapshot, textOf(folded.state) === textOf(snapshot.state))
    return folded
  }

  #remember(stream: StreamName, loaded: Folded): void {
    this.#cache.delete(stream)
    this.#cache.set(stream, loaded)
    this.#outdated.delete(stream)
    if (this.#cache.size <= cachedAggregatesMax) return
    const [oldest] = this.#cache.keys()
    this.#cache.delete(oldest!)
    this.#outdated.delete(oldest!)
    this.#snapshots.forget(oldest!)
  }
}

function textOf(state: unknown): string | undefined {
  return canonicalText(state, { withoutUndefined: true })
}
