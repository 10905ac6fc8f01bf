// Keeps snapshots of states and finds them again. A snapshot is only a shortcut: nothing that goes wrong with one may be told as a failed command, whose
// events are in the log by then.
import type { AnyAggregate } from '../../kernel/any-aggregate.ts'
import type { Version } from '../../kernel/positions.ts'
import { messageOf } from '../../kernel/shown.ts'
import type { StreamName } from '../../kernel/streams.ts'
import { timer } from '../../kernel/timers.ts'
import { historyUpTo } from '../../store/history.ts'
import type { EventStore } from '../../store/port.ts'
import type { Snapshot, SnapshotStore } from '../../store/snapshots.ts'
import { snapshotEveryEvents, snapshotMsMax, snapshotsComparedMax } from '../limits.ts'
import { unlikeJson } from './json-likeness.ts'

/** A state and the point of history it stands for. */
export type Folded = Pick<Snapshot, 'state' | 'version' | 'position'>

/**
 * `no snapshot`, once for each kind of aggregate and reason: its states are folded from their events each time.
 * `version not raised`: the code of an aggregate makes another state than that of a snapshot, which was made under the same version. Its snapshots by that
 * code are no longer used. Raise the version of the aggregate.
 */
export interface SnapshotNotice {
  readonly kind: 'no snapshot' | 'version not raised'
  /** The category of the aggregate. */
  readonly name: string
  readonly stream: StreamName
  readonly reason: string
}

/** Whether snapshots of other code, made under the same version, hold what this code would make. */
export type SnapshotTrust = 'trusted' | 'unknown'

export interface SnapshotKeeperOptions {
  readonly store: EventStore
  readonly snapshots: SnapshotStore
  readonly notify: (notice: SnapshotNotice) => void
}

export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions
  /** Of the newest snapshot of each stream, as far as is known. */
  readonly #versions = new Map<StreamName, Version>()
  readonly #told = new Set<string>()
  /** Of code other than that of an aggregate: how many of its snapshots were compared and found equal, or that one was found different. */
  readonly #evidence = new Map<string, number | 'different'>()

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options
  }

  /** The newest snapshot that this code made, of the history of this log. Where none can be got, the state is folded from its events. */
  async find(aggregate: AnyAggregate, stream: StreamName): Promise<Snapshot | undefined> {
    const { store, snapshots } = this.#options
    const { fingerprint } = aggregate
    if (fingerprint === null) return undefined
    const found = await this.#orNone(aggregate, stream, async () => {
      const snapshot = await snapshots.load(stream, fingerprint)
      if (!snapshot) return undefined
      // A log that was put back from an older copy does not have the events that a snapshot was made of, or others in their place.
      const history = await store.historyAt(snapshot.position)
      return history !== undefined && history === snapshot.history ? snapshot : undefined
    })
    if (!found || this.#evidence.get(evidenceKey(aggregate, found)) === 'different') return undefined
    this.#versions.set(stream, found.version)
    return found
  }

  /** Whether a snapshot may be used as it is, or is to be compared with the log first. */
  trust(aggregate: AnyAggregate, snapshot: Snapshot): SnapshotTrust {
    if (snapshot.code === aggregate.code) return 'trusted'
    const equal = this.#evidence.get(evidenceKey(aggregate, snapshot)) ?? 0
    return equal !== 'different' && equal >= snapshotsComparedMax ? 'trusted' : 'unknown'
  }

  /** Takes in that a snapshot of other code was compared with the log. */
  judge(aggregate: AnyAggregate, snapshot: Snapshot, isEqual: boolean): void {
    const key = evidenceKey(aggregate, snapshot)
    const before = this.#evidence.get(key) ?? 0
    if (before === 'different') return
    this.#evidence.set(key, isEqual ? before + 1 : 'different')
    if (isEqual) return
    const { category, version } = aggregate
    this.#tell(
      'version not raised',
      aggregate,
      snapshot.stream,
      `This code makes another state of ${snapshot.stream} at version ${snapshot.version} than the snapshot has, which was made under version ${version} ` +
        `of "${category}" too. Snapshots of that code are not used. Raise the version: aggregate('${category}', { version: ${version + 1}, … }).`,
    )
  }

  /** Makes a snapshot where one is due. Never throws. */
  async keep(aggregate: AnyAggregate, stream: StreamName, loaded: Folded): Promise<void> {
    const last = this.#versions.get(stream) ?? 0
    if (Math.floor(loaded.version / snapshotEveryEvents) === Math.floor(last / snapshotEveryEvents)) return
    this.#versions.set(stream, loaded.version)
    const reason = await this.#orNone(aggregate, stream, async () => await this.#save(aggregate, stream, loaded))
    if (reason !== undefined) this.#tell('no snapshot', aggregate, stream, reason)
  }

  forget(stream: StreamName): void {
    this.#versions.delete(stream)
  }

  /** Gives why there is none. */
  async #save(
    { fingerprint, code }: AnyAggregate,
    stream: StreamName,
    { state, version, position }: Folded,
  ): Promise<string | undefined> {
    if (fingerprint === null) return 'the initial state holds what cannot be compared with that of other code'
    // What would come back from JSON as something else is folded from its events each time instead.
    const problem = unlikeJson(state)
    if (problem !== undefined) return `the state ${problem}`
    const { store, snapshots } = this.#options
    const history = await historyUpTo(store, position)
    await snapshots.save({ stream, fingerprint, code, version, position, history, state })
    return undefined
  }

  /** What comes of work on snapshots, or nothing where it fails or does not end in time: then that is told. */
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
      this.#tell('no snapshot', aggregate, stream, messageOf(error))
      return undefined
    } finally {
      limit.cancel()
    }
  }

  #tell(kind: SnapshotNotice['kind'], { category: name }: AnyAggregate, stream: StreamName, reason: string): void {
    if (this.#told.has(`${name} ${reason}`) || this.#told.size >= noticesMax) return
    this.#told.add(`${name} ${reason}`)
    try {
      this.#options.notify({ kind, name, stream, reason })
    } catch {
      // The caller's code, in the middle of a command that succeeded.
    }
  }
}

function evidenceKey({ category, code }: AnyAggregate, snapshot: Snapshot): string {
  return `${category} ${code} ${snapshot.code}`
}

/** Messages of faults may all be different. */
const noticesMax = 1_000
