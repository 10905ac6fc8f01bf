// The newest events of a log, in memory for all who follow it here. What this process appends comes without being read; what others append is read once for all.
import { type EventBatch, IndelibleError, type Position, type Query, type RecordedEvent } from 'indelible'
import { batchEventsMax, copyOf, matchesQuery, Sleepers } from 'indelible/adapter'
import { tailBytesMax, tailEventsMax, tailMs } from './limits.ts'

/** Events that follow each other without a gap. */
export interface Written {
  /** The position before the first one. */
  readonly after: Position
  readonly events: readonly RecordedEvent[]
}

export interface TailOptions {
  /** Reads all events after a position up to another one, or the first of them. */
  readonly read: (after: Position, to: Position) => Promise<readonly RecordedEvent[]>
  /** Has `heard` called when the log moves, until the returned function is called. */
  readonly watch: () => () => void
}

export class Tail {
  readonly #options: TailOptions
  /** All events after `#after`, up to `#through`. */
  #events: RecordedEvent[] = []
  #after: Position = 0
  /** Nothing as long as no follower said where the log ends. */
  #through: Position | undefined
  /** When which events came, the oldest first. */
  #arrivals: { readonly through: Position; readonly bytes: number; readonly ms: number }[] = []
  #bytes = 0
  /** Written here, behind what others wrote and nobody has read yet. */
  #ahead: Written[] = []
  /** The log reaches at least so far. */
  #goal: Position = 0
  /** What this process wrote, whether somebody followed or not. */
  #wroteTo: Position = 0
  #looking: Promise<void> | undefined
  #followers = 0
  #rest: (() => void) | undefined
  #isClosed = false
  readonly #sleepers = new Sleepers()

  constructor(options: TailOptions) {
    this.#options = options
  }

  assertOpen(): void {
    if (this.#isClosed) throw new IndelibleError('store_closed', 'The store is closed.')
  }

  /** Until the returned function is called. */
  join(): () => void {
    if (this.#followers++ === 0) this.#rest = this.#options.watch()
    return () => {
      if (--this.#followers > 0) return
      this.#rest?.()
      this.#forget()
    }
  }

  /** A follower has read up to the end of the log, as it was a moment ago. */
  begin(head: Position): void {
    if (this.#followers === 0) return
    // The log went back: a failover lost its end, or it was restored. What is here may be lost.
    if (this.#through !== undefined && head < this.#after) this.#forget()
    if (this.#through === undefined) {
      this.#after = head
      this.#through = head
      this.#goal = head
    }
    this.heard(Math.max(head, this.#wroteTo))
  }

  /** What a query finds after a position. Nothing if that is no longer here: then it is to be read. */
  find(query: Query, after: Position, reserved: boolean): EventBatch | undefined {
    if (this.#through === undefined || after < this.#after) return undefined
    const events: RecordedEvent[] = []
    for (let at = after - this.#after; at < this.#events.length; at++) {
      const event = this.#events[at]!
      if (!matchesQuery(query, event, reserved)) continue
      events.push(copyOf(event))
      if (events.length === batchEventsMax) return { events, through: event.position }
    }
    return { events, through: this.#through }
  }

  /** Resolves once there is more than up to a position, or the signal aborts. Throws `store_closed`. */
  async waitBeyond(position: Position, signal: AbortSignal): Promise<void> {
    while (this.#through !== undefined && this.#through <= position && !signal.aborted) {
      this.assertOpen()
      await this.#sleepers.sleep(signal)
    }
    this.assertOpen()
  }

  /** This process has written events up to a position. */
  wrote(through: Position, written: () => Written): void {
    this.#wroteTo = Math.max(this.#wroteTo, through)
    if (this.#through === undefined) return
    const events = written()
    const at = this.#ahead.findIndex(({ after }) => after > events.after)
    this.#ahead.splice(at === -1 ? this.#ahead.length : at, 0, events)
    this.#connect()
    this.heard(through)
  }

  /** The log reaches at least so far. */
  heard(head: Position): void {
    if (this.#through === undefined) return
    this.#trim()
    this.#goal = Math.max(this.#goal, head)
    if (this.#goal > this.#through) this.#look()
  }

  close(): void {
    this.#isClosed = true
    this.#sleepers.wake()
  }

  #look(): void {
    this.#looking ??= this.#readOn()
      // Each follower reads for itself then, and meets the fault if there still is one.
      .catch(() => this.#forget())
      .finally(() => {
        this.#looking = undefined
        // It may have been told more after its last look.
        if (this.#through !== undefined && this.#goal > this.#through && !this.#isClosed) this.#look()
      })
  }

  async #readOn(): Promise<void> {
    // The answers to two batches of ours that arrive together may come in either order.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#through !== undefined && this.#goal > this.#through && !this.#isClosed) {
      const from = this.#through
      if (this.#goal - from > tailEventsMax) {
        this.#forget()
        // If the log went back, it does not reach so far any more.
        this.#wroteTo = 0
        return
      }
      const events = await this.#options.read(from, this.#ahead[0]?.after ?? Number.MAX_SAFE_INTEGER)
      // Another follower may have begun it anew meanwhile.
      if (this.#through !== from) continue
      if (events.length === 0) {
        // The server that answers may not have what another one told.
        this.#goal = from
        return
      }
      this.#add(events)
      this.#connect()
    }
  }

  /** Takes over what was written here and now follows. */
  #connect(): void {
    while (this.#ahead.length > 0 && this.#ahead[0]!.after <= this.#through!) {
      const { after, events } = this.#ahead.shift()!
      // What is here already was read.
      this.#add(events.slice(Math.min(events.length, this.#through! - after)))
    }
  }

  #add(events: readonly RecordedEvent[]): void {
    if (events.length === 0) return
    let bytes = 0
    for (const event of events) {
      this.#events.push(event)
      bytes += event.dataBytes.length + event.metadataBytes.length
    }
    this.#through = events.at(-1)!.position
    this.#goal = Math.max(this.#goal, this.#through)
    this.#bytes += bytes
    this.#arrivals.push({ through: this.#through, bytes, ms: performance.now() })
    this.#trim()
    this.#sleepers.wake()
  }

  #trim(): void {
    const oldest = performance.now() - tailMs
    let after = this.#after
    let count = 0
    for (const { through, bytes, ms } of this.#arrivals) {
      const isTooMuch = this.#through! - after > tailEventsMax || this.#bytes > tailBytesMax
      if (ms >= oldest && !isTooMuch) break
      this.#bytes -= bytes
      after = through
      count++
    }
    if (count === 0) return
    this.#arrivals.splice(0, count)
    this.#events.splice(0, after - this.#after)
    this.#after = after
  }

  #forget(): void {
    this.#events = []
    this.#arrivals = []
    this.#ahead = []
    this.#bytes = 0
    this.#through = undefined
    this.#sleepers.wake()
  }
}
