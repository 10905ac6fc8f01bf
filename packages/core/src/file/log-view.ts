// What readers see of a log: everything that is known to be durable. Writer and follower each move its end; reading is the same for both.
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position, Version } from '../kernel/positions.ts'
import type { Query } from '../kernel/queries.ts'
import type { StreamName } from '../kernel/streams.ts'
import { instant } from '../kernel/time.ts'
import type { Frame } from '../log/frame.ts'
import type { LogSource } from '../log/limits.ts'
import type { LogReader } from '../log/reader.ts'
import { corrupt } from '../log/segment.ts'
import type { FramePlace } from '../log/writer.ts'
import { Growth } from '../store/growth.ts'
import { Ledger } from '../store/ledger.ts'
import type { EventBatch, Head, ReadOptions, WrittenCommit } from '../store/port.ts'
import { follow, type Readable, readBatches } from '../store/reading.ts'
import { FrameFiles } from './frame-files.ts'

export class LogView implements Readable {
  readonly ledger = new Ledger()
  readonly #growth = new Growth()
  readonly #files: FrameFiles
  /** Of the last event that is visible. */
  lastRecordedAtMs = 0
  /** The last event that was read of the log. */
  #taken = { position: 0, recordedAtMs: 0 }
  /** Why nothing more can be read of this log, if it is so. */
  #fault: unknown

  constructor(log: LogSource) {
    this.#files = new FrameFiles(log)
  }

  /** Takes in the next frame that was read of the log, without showing it. Throws `log_corrupt`. */
  take(frame: Frame, place: FramePlace): void {
    for (const commit of frame.commits) {
      const versions: Record<StreamName, Version> = {}
      const firstPosition = this.ledger.head + 1
      for (let index = commit.first; index < commit.first + commit.events; index++) {
        const { stream, version, type, tags } = frame.event(index)
        this.ledger.add({ stream, type, tags })
        const expected = this.ledger.versionOf(stream)
        if (version !== expected) throw corrupt(place, `${stream} has version ${version} where ${expected} must follow`)
        versions[stream] = version
      }
      const { commandId, recordedAtMs } = commit
      const lastPosition = this.ledger.head
      if (commandId !== undefined) {
        this.ledger.remember(commandId, { firstPosition, lastPosition, versions, recordedAt: instant(recordedAtMs) })
      }
      this.#taken = { position: lastPosition, recordedAtMs }
    }
    this.#files.add(place)
  }

  /** Takes in a frame that was just written; its commits are in the ledger. */
  addWritten(place: FramePlace): void {
    this.#files.add(place)
  }

  /** Shows readers everything up to an event. */
  show({ position, recordedAtMs }: { position: Position; recordedAtMs: number }): void {
    this.lastRecordedAtMs = recordedAtMs
    this.#growth.advance(position)
  }

  /** Whether something was taken in but not shown. */
  get hasUnseen(): boolean {
    return this.#taken.position > this.visible()
  }

  showTaken(): void {
    this.show(this.#taken)
  }

  /** Ends all reading with this fault. */
  fail(fault: unknown): void {
    this.#fault ??= fault
    this.#growth.close()
  }

  assertOpen(): void {
    if (this.#fault !== undefined) throw this.#fault
    this.#growth.assertOpen()
  }

  visible = (): Position => this.#growth.visible

  fetch = async (positions: readonly Position[]): Promise<readonly RecordedEvent[]> => {
    this.assertOpen()
    return await this.#files.fetch(positions)
  }

  grown = async (above: Position, signal: AbortSignal): Promise<void> => {
    await this.#growth.beyond(above, signal).catch((closed) => Promise.reject(this.#fault ?? closed))
  }

  async *read(query: Query, options: ReadOptions | undefined): AsyncGenerator<EventBatch> {
    this.assertOpen()
    yield* readBatches(this, query, options)
  }

  async *subscribe(query: Query, options: { after: Position; signal: AbortSignal }): AsyncGenerator<EventBatch> {
    this.assertOpen()
    yield* follow(this, query, options)
  }

  findCommit(commandId: string): WrittenCommit | undefined {
    this.assertOpen()
    const found = this.ledger.findCommit(commandId)
    return found && found.lastPosition <= this.visible() ? found : undefined
  }

  head(): Head {
    this.assertOpen()
    const position = this.visible()
    return { position, recordedAt: position === 0 ? null : instant(this.lastRecordedAtMs) }
  }

  /** Ends waiting and reading at once. */
  end(): void {
    this.#growth.close()
  }

  async close(): Promise<void> {
    this.end()
    await this.#files.close()
  }
}

/** Brings everything that a reader still finds into a view. */
export async function takeAll(reader: LogReader, view: LogView): Promise<void> {
  for (let next = await reader.next(); next; next = await reader.next()) {
    const { frame, place } = next
    view.take(frame, { ...place, length: frame.bytes, firstPosition: frame.firstPosition })
  }
  if (!view.hasUnseen) return
  // Who wrote it may not have synced it yet, and what readers have seen must stay.
  await reader.sync()
  view.showTaken()
}

/** Brings a whole log into a view. Gives what is behind its last frame. */
export async function takeWhole(reader: LogReader, view: LogView): Promise<'clean' | 'torn'> {
  for (;;) {
    await takeAll(reader, view)
    const tail = await reader.tail()
    if (tail !== 'grown') return tail
  }
}
