// What is to be looked at, and when: a heap in two flat arrays, 16 bytes an entry, so that a million timers fit in little memory.
import type { Position } from '../../kernel/positions.ts'
import type { Checkpoint } from '../../store/port.ts'

export interface DueEntry {
  readonly dueMs: number
  /** Of the newest event of the stream that it is about. An entry whose stream has a newer event is out of date. */
  readonly position: Position
}

/** What is kept of those that are under way, beside what their own streams say. */
export interface KeptDue {
  /** What was appended to their streams up to here is in it. */
  readonly upTo: Checkpoint
  /** Of the saga. Another one must be compared with every instance that is under way. */
  readonly version: number
  readonly due: string
  /** The ids of those that were being driven, or need intervention. */
  readonly driven: readonly string[]
}

export class DueList {
  #due = new Float64Array(16)
  #positions = new Float64Array(16)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** When the first entry is due. */
  get firstMs(): number | undefined {
    return this.#length === 0 ? undefined : this.#due[0]
  }

  add({ dueMs, position }: DueEntry): void {
    if (this.#length === this.#due.length) this.#grow()
    let at = this.#length++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#due[parent]! <= dueMs) break
      this.#move(parent, at)
      at = parent
    }
    this.#set(at, dueMs, position)
  }

  /** Takes out the first entry that is due by then. Those of the same time come in any order. */
  take(nowMs: number): DueEntry | undefined {
    if (this.#length === 0 || this.#due[0]! > nowMs) return undefined
    const first = { dueMs: this.#due[0]!, position: this.#positions[0]! }
    const last = --this.#length
    const [dueMs, position] = [this.#due[last]!, this.#positions[last]!]
    let at = 0
    for (let child = 1; child < last; child = 2 * at + 1) {
      if (child + 1 < last && this.#due[child + 1]! < this.#due[child]!) child++
      if (this.#due[child]! >= dueMs) break
      this.#move(child, at)
      at = child
    }
    this.#set(at, dueMs, position)
    return first
  }

  /** All entries as text, in no order, and more that are due at once. */
  encode(also: Iterable<Position> = []): string {
    const more = [...also]
    const length = this.#length + more.length
    const both = new Float64Array(2 * length)
    both.set(this.#due.subarray(0, this.#length))
    both.set(this.#positions.subarray(0, this.#length), length)
    both.set(more, length + this.#length)
    return Buffer.from(both.buffer).toString('base64')
  }

  static decode(text: string): DueList {
    const bytes = Buffer.from(text, 'base64')
    const both = new Float64Array(new Uint8Array(bytes).buffer)
    const list = new DueList()
    const length = both.length / 2
    for (let at = 0; at < length; at++) list.add({ dueMs: both[at]!, position: both[at + length]! })
    return list
  }

  #set(at: number, dueMs: number, position: number): void {
    this.#due[at] = dueMs
    this.#positions[at] = position
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#due[from]!, this.#positions[from]!)
  }

  #grow(): void {
    const [due, positions] = [new Float64Array(2 * this.#length), new Float64Array(2 * this.#length)]
    due.set(this.#due)
    positions.set(this.#positions)
    this.#due = due
    this.#positions = positions
  }
}

/** The entries of several lists that were encoded. */
export function mergedDue(texts: readonly string[]): string {
  const merged = new DueList()
  for (const text of texts) {
    const list = DueList.decode(text)
    for (let entry = list.take(Infinity); entry; entry = list.take(Infinity)) merged.add(entry)
  }
  return merged.encode()
}
