// The store port: the only way to an event log. Adapters implement it, the contract suite tests them, everything above depends only on this.
import type { ErrorCode } from '../kernel/errors.ts'
import type { NewEvent, RecordedEvent } from '../kernel/events.ts'
import type { Position, Version } from '../kernel/positions.ts'
import type { Query } from '../kernel/queries.ts'
import type { StreamName } from '../kernel/streams.ts'
import type { Instant, ValidTime } from '../kernel/time.ts'

/** What a stream must look like for a commit to be written: nothing in particular, not existing, existing, or at exactly this version. */
export type ExpectedVersion = 'any' | 'none' | 'exists' | Version

/** The commit fails if an event matches the query: after that position, or anywhere when `after` is left out (https://dcb.events/specification/). */
export interface AppendCondition {
  readonly failIfEventsMatch: Query
  readonly after?: Position
}

/** Events that are written together or not at all, over one or many streams. */
export interface Commit {
  readonly events: readonly NewEvent[]
  /** By stream. Streams that are not named are not checked; a stream may be named without getting an event. */
  readonly expected?: Readonly<Record<StreamName, ExpectedVersion>>
  readonly condition?: AppendCondition
  /** Makes the commit idempotent: a second commit with this id is not written, it gets the first one's outcome. */
  readonly commandId?: string
}

/** Where a commit is in the log. */
export interface WrittenCommit {
  readonly firstPosition: Position
  readonly lastPosition: Position
  /** The version of each stream that the commit touched, after it. */
  readonly versions: Readonly<Record<StreamName, Version>>
  readonly recordedAt: Instant
}

/** Why a commit was not written. */
export type Conflict =
  | {
      readonly cause: 'version'
      readonly stream: StreamName
      readonly expected: ExpectedVersion
      readonly actual: Version
    }
  | { readonly cause: 'condition'; readonly matchedPosition: Position }

export type AppendOutcome =
  | ({ readonly status: 'written' } & WrittenCommit)
  | ({ readonly status: 'duplicate' } & WrittenCommit)
  | { readonly status: 'conflict'; readonly conflict: Conflict }

export interface ReadOptions {
  /** The first position to read, inclusive. */
  readonly from?: Position
  /** The last position to read, inclusive. */
  readonly to?: Position
  /** `forwards` when left out. */
  readonly direction?: 'forwards' | 'backwards'
  /** The number of events, over all batches. */
  readonly limit?: number
  /** Includes reserved events that the query does not name; see {@link EventStore.read}. */
  readonly reserved?: boolean
}

export interface SubscribeOptions extends Pick<ReadOptions, 'reserved'> {
  /** Events after this position, which may be 0. */
  readonly after: Position
  readonly signal: AbortSignal
}

export interface AppendOptions {
  readonly signal?: AbortSignal
  /** The commit may have names that begin with `$`. Only Indelible itself sets this. */
  readonly reserved?: boolean
}

/** Some events of a read, in its direction. A follower may get a batch without events: then nothing up to `through` matched. */
export interface EventBatch {
  readonly events: readonly RecordedEvent[]
  /** Every match up to here (backwards: down to here) has now been delivered. */
  readonly through: Position
}

/**
 * Some of the events that a fold asked for, in the order of the log. They may come from a copy made for folds (replay columns), so that only
 * the fields that a handler reads are decoded.
 */
export interface ReplayBatch {
  /** The number of events. */
  readonly length: number
  /** Of each event, the index of its type among the types that were asked for. */
  readonly types: Uint16Array
  /** Of each event, a number below `streamCount`, the same for all events of a stream in this batch; or each its own. */
  readonly streams: Uint32Array
  readonly streamCount: number
  /** The id in the name of a stream: what comes after the category. */
  streamId(stream: number): string
  /** The event at an index. A new object each time, which may be kept. */
  event(index: number): RecordedEvent
  /** Every event of these types up to here has now been delivered. */
  readonly through: Position
  /** The schema version of all events, if it is known without reading each of them. */
  readonly schemaVersion?: number
  /** Set if it is known, without reading each of them, that no event has a tag that begins with `$`. */
  readonly hasReservedTags?: false
  /** The same events by stream, if the store has them in that order. */
  readonly byStream?: StreamRuns
}

/**
 * The events of a batch, grouped by stream id: a fold into rows by stream then works on one row at a time, which is faster than jumping between rows all
 * over the memory. Streams have the same numbers as in the batch, whatever their category.
 */
export interface StreamRuns {
  /** Of each stream id, ascending: the first 128 bits of its SHA-256, in four numbers. */
  readonly keys: Uint32Array
  /** The events of stream s are those from `starts[s]` up to, not including, `starts[s + 1]`, in the order of the log. */
  readonly starts: Uint32Array
  /** Of each event in this order, the index of its type among those that were asked for. */
  readonly types: Uint16Array
  /** The event at an index of this order. A new object each time, which may be kept. */
  event(index: number): RecordedEvent
}

export interface ReplayOptions {
  /** Events after this position, which may be 0. */
  readonly after: Position
  /** The last position, inclusive; what is durable now when left out. */
  readonly to?: Position
}

/** How far something derived from a log has come, and in which history: a log that was restored from an older copy may continue differently. */
export interface Checkpoint {
  readonly position: Position
  /** What `EventStore.historyAt` returned for that position. */
  readonly history: string
}

export interface Head {
  /** The position of the last event, 0 for an empty log. */
  readonly position: Position
  readonly recordedAt: Instant | null
}

/** What an acknowledged append survives: the end of this process, the crash of the machine of the log, or the loss of that machine. */
export type Durability = 'process' | 'machine' | 'two-machines'

/** Whether a store can write now. */
export type StoreHealth = {
  /** The appends that it refused because of a fault since it was opened, by the code of the fault. */
  readonly refusedAppends: Readonly<Partial<Record<ErrorCode, number>>>
  /** The durable writes since it was opened, each with its fsync, and how long they took together. Missing where there are none, as in memory. */
  readonly syncs?: { readonly count: number; readonly ms: number }
  /** What an acknowledgement survives, where the store depends on the settings of another program for that. */
  readonly durability?: Durability
  /** What an operator should mend although appends are written, and how. Missing where the store looks at nothing of the kind. */
  readonly concerns?: readonly { readonly problem: string; readonly remedy: string }[]
} & (
  | { readonly canWrite: true }
  | {
      readonly canWrite: false
      readonly error: { readonly code: ErrorCode; readonly message: string }
      /** When an append was first refused, or when the store was opened for reading only. */
      readonly since: Instant
    }
)

/**
 * An append-only log. There is no method to change or delete an event (the first law).
 *
 * Positions are gapless and in commit order: a reader that has seen position n will never later find an event below n.
 *
 * Names that begin with `$` are reserved: of categories, and so of streams, of event types, tags and command ids. An event of a reserved stream has a
 * reserved type and the other way round; it is a reserved event. Readers see reserved events only when they ask for them. Otherwise positions have gaps there.
 *
 * Every method throws `store_closed` after `close`.
 */
export interface EventStore {
  /**
   * Writes a commit. When it resolves with `written`, the commit is durable. It checks, in this order, the command id, the expected versions and the
   * condition, against every commit accepted before, durable or not. A conflict is reported only once the commit it conflicts with is durable.
   * Throws `invalid_event`, `invalid_commit`, `invalid_stream_name`, `invalid_query`, `invalid_time`, `reserved_name`, `aborted`, `store_read_only`;
   * `store_full`, `io_failed`, `durability_missing` and `index_damaged` when nothing was written and the same append may succeed later; `store_poisoned` when
   * it is unknown what was written, and nothing more is written; `append_unknown` when that is so for this append alone.
   */
  append(commit: Commit, options?: AppendOptions): Promise<AppendOutcome>
  /** Finds what an earlier commit with this command id wrote. */
  findCommit(commandId: string): Promise<WrittenCommit | undefined>
  /**
   * Reads what is durable now, then ends. A query finds a reserved event when it names its stream, category or type; a query for all events, or by tags or
   * correlation ids alone, finds it only with `reserved: true`. All reserved events have the category `$`. The same is true for `subscribe`, and for
   * conditions, which have no such option. Throws `invalid_query`, `invalid_position`, `log_corrupt`.
   */
  read(query: Query, options?: ReadOptions): AsyncIterable<EventBatch>
  /**
   * All events of some types after a position, for folding a large part of a log: faster than `read`, in batches of a size that the store chooses. The last
   * batch, which may be empty, reaches the end that was asked for. Throws `invalid_query`, `invalid_position`, `log_corrupt`.
   */
  replay(types: readonly string[], options: ReplayOptions): AsyncIterable<ReplayBatch>
  /** Reads everything after a position, then every new event, until the signal aborts. That ends the iteration without an error. */
  subscribe(query: Query, options: SubscribeOptions): AsyncIterable<EventBatch>
  head(): Promise<Head>
  /**
   * The position of the last event that was recorded at a time or before it, 0 if there is none. A day stands for all of it (UTC): what was recorded before the
   * next day begins. With `before`, that of the last event recorded before the time, or before the day begins: the events of a day are those after
   * `positionAt(day, { before: true })` up to `positionAt(day)`. Reads a few events, however long the log is. Throws `invalid_time`.
   */
  positionAt(time: ValidTime, options?: { readonly before?: boolean }): Promise<Position>
  /**
   * Names the history up to a position: the log, the event that is there, and when it was recorded. Store it with everything
   * that is derived from a log: when the log later returns another name, or none, the thing was derived from another history. Undefined beyond the end of the log.
   * At position 0 it names the log alone. Throws `invalid_position`.
   */
  historyAt(position: Position): Promise<string | undefined>
  /** How often each type of event is in the log, reserved ones too, as far as it is durable. The index says it: no event is read. */
  countTypes(): Promise<ReadonlyMap<string, number>>
  /**
   * Whether an append could be written now, and if not, why. After a refusal for a fault that may pass, the store tries by itself whether it has passed, so no
   * append is needed to find out.
   */
  health(): Promise<StoreHealth>
  /** Waits for appends under way, then releases everything. May be called twice. */
  close(): Promise<void>
}
