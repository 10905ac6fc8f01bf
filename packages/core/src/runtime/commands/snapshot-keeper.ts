// Stores snapshots of states and finds them again. A snapshot is only a shortcut: a fault with one must not fail the command, because its events are
// already in the log.
import type { AnyAggregate } from '../../kernel/any-aggregate.ts'
import type { Version } from '../../kernel/positions.ts'
import { messageOf } from '../../kernel/shown.ts'
import type { StreamName } from '../../kernel/streams.ts'
import { timer } from '../../kernel/timers.ts'
import { historyUpTo } from '../../store/history.ts'
import type { EventStore } from '../../store/port.ts'
import { fittingSnapshot, type Snapshot, type SnapshotStore } from '../../store/snapshots.ts'
import { snapshotEveryEvents, snapshotMsMax, snapshotsComparedMax } from '../limits.ts'
import { unlikeJson } from './json-likeness.ts'

/** A state, and the version and position up to which it was folded. */
export type Folded = Pick<Snapshot, 'state' | 'version' | 'position'>

/**
 * `no snapshot`: the states of an aggregate get no snapshots and are folded from all events each time. Reported once for each kind of aggregate and reason.
 * `version not raised`: the code of an aggregate makes another state than the one in a snapshot of other code under the same version. The snapshots of that
 * code are no longer used. Raise the version of the aggregate.
 */
export interface SnapshotNotice {
  readonly kind: 'no snapshot' | 'version not raised'
  /** The category of the aggregate. */
  readonly name: string
  readonly stream: StreamName
  readonly reason: string
}

/** Whether snapshots of other code under the same version contain the states that this code makes. */
export type SnapshotTrust = 'trusted' | 'unknown'

export interface SnapshotKeeperOptions {
  readonly store: EventStore
  readonly snapshots: SnapshotStore
  readonly notify: (notice: SnapshotNotice) => void
}

export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions
  /** The version of the newest known snapshot of each stream. */
  readonly #versions = new Map<StreamName, Version>()
  readonly #notified = new Set<string>()
  /** For each other code of an aggregate: how many of its snapshots were compared and found equal, or that one was different. */
  readonly #evidence = new Map<string, number | 'different'>()

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options
  }

  /** The newest snapshot that fits this code and the history of this log. Without one, the state is folded from its events. */
  async find(aggregate: AnyAggregate, stream: StreamName): Promise<Snapshot | undefined> {
    const { store, snapshots } = this.#options
    const { fingerprint } = aggregate
    if (fingerprint === null) return undefined
    const found = await this.#orNone(
      aggregate,
      stream,
      async () => await fittingSnapshot(store, snapshots, { stream, fingerprint }),
    )
    if (!found || this.#evidence.get(evidenceKey(aggregate, found)) === 'different') return undefined
    this.#versions.set(stream, found.version)
    return found
  }

  /** Whether a snapshot may be used, or must first be compared with the log. */
  trust(aggregate: AnyAggregate, snapshot: Snapshot): SnapshotTrust {
    if (snapshot.code === aggregate.code) return 'trusted'
    const equal = this.#evidence.get(evidenceKey(aggregate, snapshot)) ?? 0
    return equal !== 'different' && equal >= snapshotsComparedMax ? 'trusted' : 'unknown'
  }

  /** Notes the result of the comparison of a snapshot with the log. */
  judge(aggregate: AnyAggregate, snapshot: Snapshot, isEqual: boolean): void {
    const key = evidenceKey(aggregate, snapshot)
    const before = this.#evidence.get(key) ?? 0
    if (before === 'different') return
    this.#evidence.set(key, isEqual ? before + 1 : 'different')
    if (isEqual) return
    const { category, version } = aggregate
    this.#notifyOnce(
      'version not raised',
      aggregate,
      snapshot.stream,
      `This code makes another state of ${snapshot.stream} at version ${snapshot.version} than the one in the snapshot. Both have version ${version} ` +
        `of "${category}". Snapshots of that code are not used. Raise the version: aggregate('${category}', { version: ${version + 1}, … }).`,
    )
  }

  /** Makes a snapshot if one is due. Never throws. */
  async keep(aggregate: AnyAggregate, stream: StreamName, loaded: Folded): Promise<void> {
    const last = this.#versions.get(stream) ?? 0
    if (Math.floor(loaded.version / snapshotEveryEvents) === Math.floor(last / snapshotEveryEvents)) return
    this.#versions.set(stream, loaded.version)
    const reason = await this.#orNone(aggregate, stream, async () => await this.#save(aggregate, stream, loaded))
    if (reason !== undefined) this.#notifyOnce('no snapshot', aggregate, stream, reason)
  }

  forget(stream: StreamName): void {
    this.#versions.delete(stream)
  }

  /** Returns why there is none. */
  async #save(
    { fingerprint, code }: AnyAggregate,
    stream: StreamName,
    { state, version, position }: Folded,
  ): Promise<string | undefined> {
    if (fingerprint === null)
      return 'the initial state contains something that cannot be compared with that of other code'
    // If JSON would change the state, it gets no snapshot.
    const problem = unlikeJson(state)
    if (problem !== undefined) return `the state ${problem}`
    const { store, snapshots } = this.#options
    const history = await historyUpTo(store, position)
    await snapshots.save({ stream, fingerprint, code, version, position, history, state })
    return undefined
  }

  /** The result of work with the store of snapshots. Nothing if it fails or takes too long; then there is a notice. */
  async #orNone<Value>(
    aggregate: AnyAggregate,
    stream: StreamName,
    work: () => Promise<Value>,
  ): Promise<Value | undefined> {
    const late = Promise.withResolvers<never>()
    const limit = timer(snapshotMsMax, () =>
      late.reject(new Error(`the store of snapshots did not answer within ${snapshotMsMax} ms`)),
    )
    try {
      return await Promise.race([work(), late.promise])
    } catch (error) {
      this.#notifyOnce('no snapshot', aggregate, stream, messageOf(error))
      return undefined
    } finally {
      limit.cancel()
    }
  }

  #notifyOnce(
    kind: SnapshotNotice['kind'],
    { category: name }: AnyAggregate,
    stream: StreamName,
    reason: string,
  ): void {
    if (this.#notified.has(`${name} ${reason}`) || this.#notified.size >= noticesMax) return
    this.#notified.add(`${name} ${reason}`)
    try {
      this.#options.notify({ kind, name, stream, reason })
    } catch {
      // The user's `onNotice` failed, directly after a successful command.
    }
  }
}

function evidenceKey({ category, code }: AnyAggregate, snapshot: Snapshot): string {
  return `${category} ${code} ${snapshot.code}`
}

/** Faults may have many different messages, so their number is limited. */
const noticesMax = 1_000
