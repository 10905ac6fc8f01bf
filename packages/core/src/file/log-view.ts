// What readers see of a log: everything that is known to be durable. Writer and follower each move its end; reading is the same for both.
import { isIndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import { batchEventsMax } from '../kernel/limits.ts'
import { position as checkedPosition, type Position } from '../kernel/positions.ts'
import type { Stretch } from '../kernel/postings.ts'
import type { Query } from '../kernel/queries.ts'
import { isReserved } from '../kernel/reserved.ts'
import { instant, lastMsOf, type ValidTime } from '../kernel/time.ts'
import type { LogEvent, PlacedFrame } from '../log/format/index.ts'
import type { LogIndex } from '../log/index/index.ts'
import type { LogSource } from '../log/limits.ts'
import { EventFiles } from '../log/open/index.ts'
import { type FrameStart, scanEvents } from '../log/read/index.ts'
import { lastVersions } from '../store/commit.ts'
import { HeadWatcher } from '../store/head-watcher.ts'
import { historyName, lastPosition } from '../store/history.ts'
import type {
  EventBatch,
  Head,
  ReadOptions,
  ReplayBatch,
  ReplayOptions,
  SubscribeOptions,
  WrittenCommit,
} from '../store/port.ts'
import { follow, type Readable, readBatches } from '../store/reading.ts'
import { replayRange } from '../store/replaying.ts'
import { EventLoopTurns } from './event-loop-turns.ts'
import { type Replayed, replayLog } from './replay.ts'

export class LogView implements Readable {
  readonly index: LogIndex
  readonly #log: LogSource
  readonly #head = new HeadWatcher()
  readonly #turns = new EventLoopTurns()
  readonly #files: EventFiles
  readonly #repair: (segment: number) => Promise<void>
  readonly #columnsMissing: (segment: number) => void
  /** Of the last event that is visible. */
  lastRecordedAtMs = 0
  /** Set when nothing more can be read from this log. */
  #fault: unknown

  /** `repair` replaces a damaged index of a segment, if it can. `columnsMissing` is called with a segment whose columns are missing or damaged. */
  constructor(
    log: LogSource,
    index: LogIndex,
    {
      repair,
      columnsMissing,
    }: { repair: (segment: number) => Promise<void>; columnsMissing: (segment: number) => void },
  ) {
    this.#log = log
    this.index = index
    this.#files = new EventFiles(log, index)
    this.#repair = repair
    this.#columnsMissing = columnsMissing
  }

  /** Adds a frame that was just written; its commits are in the index already. */
  addWritten(frame: PlacedFrame, recordedAtMs: number): void {
    this.index.place(frame)
    this.show({ position: frame.firstPosition + frame.starts.length - 1, recordedAtMs })
  }

  /** Makes everything up to an event visible to readers. */
  show({ position, recordedAtMs }: { position: Position; recordedAtMs: number }): void {
    this.lastRecordedAtMs = recordedAtMs
    this.#head.advance(position)
  }

  /** Ends all reading with this fault. */
  fail(fault: unknown): void {
    this.#fault ??= fault
    this.#head.close()
  }

  /** Lets the event loop turn when it has not for a while. Every method that may answer without waiting calls it. */
  turn(): Promise<void> | undefined {
    return this.#turns.due()
  }

  assertOpen(): void {
    if (this.#fault !== undefined) throw this.#fault
    this.#head.assertOpen()
  }

  visible = (): Position => this.#head.visible

  find = async (query: Query, stretch: Stretch): Promise<readonly Position[]> => {
    await this.turn()
    return await this.withRepair(() => this.index.find(query, stretch))
  }

  fetch = async (positions: readonly Position[]): Promise<readonly RecordedEvent[]> =>
    await this.withRepair(() => this.#files.fetch(positions))

  scan = async function* (
    this: LogView,
    { from, to, reserved }: { from: Position; to: Position; reserved?: boolean | undefined },
  ): AsyncGenerator<EventBatch> {
    const { start, before } = await this.withRepair(() => this.#frameFrom(from, to))
    for (let at = 0; at < before.length; at += batchEventsMax) {
      const events = before.slice(at, at + batchEventsMax)
      const through = events.at(-1)!.position
      yield { events: reserved ? events : events.filter(({ stream }) => !isReserved(stream)), through }
    }
    if (!start) return
    for await (const batch of scanEvents(this.#log, start, { to, batch: batchEventsMax, reserved })) {
      this.assertOpen()
      yield batch
    }
  }.bind(this)

  waitBeyond = async (above: Position, signal: AbortSignal): Promise<void> => {
    await this.#head.waitBeyond(above, signal).catch((closed) => Promise.reject(this.#fault ?? closed))
  }

  async *read(query: Query, options: ReadOptions | undefined): AsyncGenerator<EventBatch> {
    await this.turn()
    this.assertOpen()
    yield* readBatches(this, query, options)
  }

  async *subscribe(query: Query, options: SubscribeOptions): AsyncGenerator<EventBatch> {
    this.assertOpen()
    yield* follow(this, query, options)
  }

  async *replay(types: readonly string[], options: ReplayOptions): AsyncGenerator<ReplayBatch> {
    await this.turn()
    this.assertOpen()
    const of: Replayed = {
      log: this.#log,
      index: this.index,
      assertOpen: () => this.assertOpen(),
      withRepair: (run) => this.withRepair(run),
      logged: (position) => this.#logged(position),
      frameFrom: (from, to) => this.#frameFrom(from, to),
      columnsMissing: this.#columnsMissing,
    }
    yield* replayLog(of, replayRange(types, options, this.visible()))
  }

  async findCommit(commandId: string): Promise<WrittenCommit | undefined> {
    await this.turn()
    return await this.withRepair(() => {
      const first = this.index.commitOf(commandId)
      return first === undefined || first > this.visible() ? undefined : this.writtenAt(first)
    })
  }

  /** The commit that begins at a position. */
  writtenAt(firstPosition: Position): WrittenCommit {
    const [first] = this.#files.fetch([firstPosition])
    const { commitEvents, recordedAt } = first!
    const others = Array.from({ length: commitEvents - 1 }, (_, index) => firstPosition + 1 + index)
    const events = [first!, ...this.#files.fetch(others)]
    const versions = lastVersions(events, (index) => events[index]!.version)
    return { firstPosition, lastPosition: firstPosition + commitEvents - 1, versions, recordedAt }
  }

  head(): Head {
    this.assertOpen()
    const position = this.visible()
    return { position, recordedAt: position === 0 ? null : instant(this.lastRecordedAtMs) }
  }

  async positionAt(time: ValidTime, options?: { readonly before?: boolean }): Promise<Position> {
    await this.turn()
    this.assertOpen()
    const lastMs = lastMsOf(time, options)
    return await this.withRepair(() => this.#lastRecordedBy(lastMs))
  }

  async countTypes(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>()
    const add = (found: ReadonlyMap<string, number>) => {
      for (const [type, count] of found) counts.set(type, (counts.get(type) ?? 0) + count)
    }
    const recent = this.index.recentTypeCounts(this.visible())
    const segments = this.index.segments.map(({ header }) => header.segment)
    recent.forEach(add)
    for (const segment of segments) {
      await this.turn()
      // A rebuilt index takes the place of a damaged one.
      const known = () => this.index.segments.find(({ header }) => header.segment === segment)!
      add(await this.withRepair(() => known().typeCounts()))
    }
    return counts
  }

  async historyAt(position: Position, logId: string): Promise<string | undefined> {
    await this.turn()
    this.assertOpen()
    if (checkedPosition(position) > this.visible()) return undefined
    return historyName(logId, position === 0 ? undefined : (await this.fetch([position]))[0])
  }

  /** Runs something that needs the index. When the index of a segment is damaged, repairs it and runs it again. */
  async withRepair<Value>(run: () => Value | Promise<Value>): Promise<Value> {
    for (const repaired = new Set<unknown>(); ; ) {
      this.assertOpen()
      try {
        return await run()
      } catch (error) {
        if (!isIndelibleError(error, 'index_damaged') || repaired.has(error.details.segment)) throw error
        repaired.add(error.details.segment)
        await this.#repair(error.details.segment as number)
      }
    }
  }

  /** Ends waiting and reading at once. */
  end(): void {
    this.#head.close()
  }

  close(): void {
    this.end()
    this.#files.close()
    this.index.close()
  }

  /** The indexes say when the last event of each segment was recorded, so only events of one segment are read, as many as its number of events has bits. */
  #lastRecordedBy(lastMs: number): Position {
    const to = this.visible()
    if (this.lastRecordedAtMs <= lastMs) return to
    const { segments, indexedThrough } = this.index
    const number = lastPosition(
      { from: 0, to: segments.length },
      (at) => segments[at - 1]!.header.lastRecordedAtMs <= lastMs,
    )
    const segment = segments[number]
    const range = segment
      ? { from: segment.firstPosition - 1, to: Math.min(to, segment.lastPosition) }
      : { from: Math.min(to, indexedThrough), to }
    return lastPosition(range, (position) => this.#files.fetch([position])[0]!.recordedAtMs <= lastMs)
  }

  /** Reads an event synchronously, also when its index is damaged. */
  #logged(position: Position): LogEvent {
    try {
      return this.#files.fetch([position])[0]!
    } catch (error) {
      if (!isIndelibleError(error, 'index_damaged')) throw error
      this.#repair(error.details.segment as number).catch(() => {})
      return this.#files.inFrames(position)
    }
  }

  /** The first frame that begins at a position or after it, and the events before that frame: only from a frame on can a log be read by frames. */
  #frameFrom(from: Position, to: Position): { start: FrameStart | undefined; before: readonly LogEvent[] } {
    const before: LogEvent[] = []
    for (let position = from; position <= to; ) {
      const start = this.#files.frameStart(position)
      if (start) return { start, before }
      const events = this.#files.untilFrameEnd(position, to)
      before.push(...events)
      position += events.length
    }
    return { start: undefined, before }
  }
}
