// Keeps snapshots of states and finds them again. A snapshot is only a shortcut: nothing that goes wrong with one may be told as a failed command, whose
// events are in the log by then.
import type { AnyAggregate } from '../kernel/aggregates.ts'
import type { Version } from '../kernel/positions.ts'
import { messageOf } from '../kernel/shown.ts'
import type { StreamName } from '../kernel/streams.ts'
import { timer } from '../kernel/timers.ts'
import { historyUpTo } from '../store/history.ts'
import type { EventStore } from '../store/port.ts'
import type { Snapshot, SnapshotStore } from '../store/snapshots.ts'
import { unlikeJson } from './json-likeness.ts'
import { snapshotEveryEvents, snapshotMsMax } from './limits.ts'

/** A state and the point of history it stands for. */
export type Folded = Pick<Snapshot, 'state' | 'version' | 'position'>

/** Told once for each kind of aggregate and reason: its states are folded from their events each time. */
export interface SnapshotNotice {
  readonly kind: 'no snapshot'
  /** The category of the aggregate. */
  readonly name: string
  readonly stream: StreamName
  readonly reason: string
}

export interface SnapshotKeeperParts {
  readonly store: EventStore
  readonly snapshots: SnapshotStore
  readonly notify: (notice: SnapshotNotice) => void
}

export class SnapshotKeeper {
  readonly #parts: SnapshotKeeperParts
  /** Of the newest snapshot of each stream, as far as is known. */
  readonly #versions = new Map<StreamName, Version>()
  readonly #told = new Set<string>()

  constructor(parts: SnapshotKeeperParts) {
    this.#parts = parts
  }

  /** The newest snapshot that this code made, of the history of this log. Where none can be got, the state is folded from its events. */
  async find(aggregate: AnyAggregate, stream: StreamName): Promise<Snapshot | undefined> {
    const { store, snapshots } = this.#parts
    const { fingerprint } = aggregate
    if (fingerprint === null) return undefined
    const found = await this.#orNone(aggregate, stream, async () => {
      const snapshot = await snapshots.load(stream, fingerprint)
      if (!snapshot) return undefined
      // A log that was put back from an older copy does not have the events that a snapshot was made of, or others in their place.
      const history = await store.historyAt(snapshot.position)
      return history !== undefined && history === snapshot.history ? snapshot : undefined
    })
    if (found) this.#versions.set(stream, found.version)
    return found
  }

  /** Makes a snapshot where one is due. Never throws. */
  async keep(aggregate: AnyAggregate, stream: StreamName, loaded: Folded): Promise<void> {
    const last = this.#versions.get(stream) ?? 0
    if (Math.floor(loaded.version / snapshotEveryEvents) === Math.floor(last / snapshotEveryEvents)) return
    this.#versions.set(stream, loaded.version)
    const reason = await this.#orNone(aggregate, stream, async () => await this.#save(aggregate, stream, loaded))
    if (reason !== undefined) this.#tell(aggregate, stream, reason)
  }

  forget(stream: StreamName): void {
    this.#versions.delete(stream)
  }

  /** Gives why there is none. */
  async #save(
    { fingerprint }: AnyAggregate,
    stream: StreamName,
    { state, version, position }: Folded,
  ): Promise<string | undefined> {
    if (fingerprint === null) return 'the initial state holds what cannot be compared with that of other code'
    // What would come back from JSON as something else is folded from its events each time instead.
    const problem = unlikeJson(state)
    if (problem !== undefined) return `the state ${problem}`
    const { store, snapshots } = this.#parts
    const history = await historyUpTo(store, position)
    await snapshots.save({ stream, fingerprint, version, position, history, state })
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
      this.#tell(aggregate, stream, messageOf(error))
      return undefined
    } finally {
      limit.cancel()
    }
  }

  #tell({ category: name }: AnyAggregate, stream: StreamName, reason: string): void {
    if (this.#told.has(`${name} ${reason}`) || this.#told.size >= noticesMax) return
    this.#told.add(`${name} ${reason}`)
    try {
      this.#parts.notify({ kind: 'no snapshot', name, stream, reason })
    } catch {
      // The caller's code, in the middle of a command that succeeded.
    }
  }
}

/** Messages of faults may all be different. */
const noticesMax = 1_000
