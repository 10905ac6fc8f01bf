// The last part of something that grows, shared by all who follow it: it is read once, and what is made of it for a filter is made once.
import type { Position } from '../../kernel/positions.ts'
import { Sleepers } from '../../store/sleepers.ts'
import type { FeedBatch, FeedMessage } from './message.ts'

/** At most one for a position, in their order. */
export interface Entry {
  readonly position: Position
  /** What it takes of the limits, in bytes or thereabouts. */
  readonly size: number
}

/** The messages that readers with one filter get for an entry. Its identity is that of the filter. */
export type View<Each extends Entry> = (entry: Each) => readonly FeedMessage[]

export interface Step {
  readonly messages: FeedBatch
  /** Everything up to here is in the messages. */
  readonly through: Position
}

/** Batches that are kept for each filter: readers who are a little behind get them too. */
const stepsKeptMax = 16

export class Window<Each extends Entry> {
  readonly #sizeMax: number
  readonly #stepSizeMax: number
  #entries: Each[] = []
  #size = 0
  #since: Position
  #through: Position
  #ended: { readonly error?: unknown } | undefined
  readonly #readers = new Sleepers()
  readonly #steps = new WeakMap<View<Each>, Map<Position, Step>>()

  /** It keeps entries up to a size; a step ends after the size of a step. */
  constructor(since: Position, { sizeMax, stepSizeMax }: { readonly sizeMax: number; readonly stepSizeMax: number }) {
    this.#since = since
    this.#through = since
    this.#sizeMax = sizeMax
    this.#stepSizeMax = stepSizeMax
  }

  /** Everything up to here was read. */
  get through(): Position {
    return this.#through
  }

  /** The number of readers who have all there is. */
  get waiting(): number {
    return this.#readers.count
  }

  /** Whether everything after a position is in the window. */
  covers(position: Position): boolean {
    return position >= this.#since
  }

  /** Adds what was read up to a position, and lets the oldest go. */
  push(entries: readonly Each[], through: Position): void {
    for (const entry of entries) {
      this.#entries.push(entry)
      this.#size += entry.size
    }
    this.#through = through
    if (this.#size > this.#sizeMax) this.#trim()
    this.#readers.wake()
  }

  /** What follows a position, as readers with this filter see it: a batch of bounded size. Undefined at the end. */
  after(position: Position, view: View<Each>): Step | undefined {
    if (position >= this.#through) return undefined
    const steps = this.#steps.get(view) ?? new Map<Position, Step>()
    this.#steps.set(view, steps)
    const known = steps.get(position)
    if (known) return known
    const step = this.#made(position, view)
    steps.set(position, step)
    if (steps.size > stepsKeptMax) steps.delete(steps.keys().next().value!)
    return step
  }

  /** Nothing more comes: it was closed, or failed. */
  end(ended: { readonly error?: unknown } = {}): void {
    this.#ended ??= ended
    this.#readers.wake()
  }

  /** Resolves when there is more after a position, the signal aborts, or nothing more comes: then false. Throws what it failed with. */
  async grows(position: Position, signal: AbortSignal): Promise<boolean> {
    while (this.#through <= position && !signal.aborted) {
      if (this.#ended) {
        if ('error' in this.#ended) throw this.#ended.error
        return false
      }
      await this.#readers.sleep(signal)
    }
    return true
  }

  #made(position: Position, view: View<Each>): Step {
    const messages: FeedMessage[] = []
    let size = 0
    for (let at = this.#firstAfter(position); at < this.#entries.length; at++) {
      const entry = this.#entries[at]!
      const made = view(entry)
      messages.push(...made)
      if (made.length > 0) size += entry.size
      if (size >= this.#stepSizeMax) return { messages, through: entry.position }
    }
    return { messages, through: this.#through }
  }

  #firstAfter(position: Position): number {
    let [low, high] = [0, this.#entries.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#entries[middle]!.position <= position) low = middle + 1
      else high = middle
    }
    return low
  }

  /** A fifth at a time, so that the list is not moved for each entry. */
  #trim(): void {
    let gone = 0
    while (this.#size > 0.8 * this.#sizeMax && gone < this.#entries.length) this.#size -= this.#entries[gone++]!.size
    this.#since = this.#entries[gone - 1]?.position ?? this.#since
    this.#entries.splice(0, gone)
  }
}
