// Texts as columns keep them: one behind the other, decoded some at a time, which costs a fraction of decoding each.
import type { TextPlan } from './column-file.ts'

/** How many are decoded at once. More would save little, and a text that is kept may keep all texts that were decoded with it. */
const togetherBits = 4
/** In units. Longer texts are decoded alone. */
const togetherUnitsMax = 2048

/** Node's own ways between bytes and text, without the choice of encodings that `write` and `toString` make each time. */
export type UnitBuffer = Buffer & {
  latin1Write(text: string, at: number): number
  ucs2Write(text: string, at: number): number
  latin1Slice(start: number, end: number): string
  ucs2Slice(start: number, end: number): string
}

export class Texts {
  readonly #offsets: Uint32Array
  readonly #units: UnitBuffer
  readonly #wide: boolean
  /** What was decoded last, and where in the units that is. */
  #decoded = ''
  #from = 0
  #to = 0

  constructor(offsets: Uint32Array, units: Buffer, wide: boolean) {
    this.#offsets = offsets
    this.#units = units as UnitBuffer
    this.#wide = wide
  }

  at(index: number): string {
    const start = this.#offsets[index]!
    const end = this.#offsets[index + 1]!
    if (start < this.#from || end > this.#to) return this.#decode(index, start, end)
    return this.#decoded.substring(start - this.#from, end - this.#from)
  }

  /** Each text on its own. */
  all(): string[] {
    return Array.from({ length: this.#offsets.length - 1 }, (_, index) =>
      this.#slice(this.#offsets[index]!, this.#offsets[index + 1]!),
    )
  }

  #decode(index: number, start: number, end: number): string {
    const first = (index >>> togetherBits) << togetherBits
    const last = Math.min(first + (1 << togetherBits), this.#offsets.length - 1)
    const [from, to] = [this.#offsets[first]!, this.#offsets[last]!]
    if (to - from > togetherUnitsMax) return this.#slice(start, end)
    this.#decoded = this.#slice(from, to)
    this.#from = from
    this.#to = to
    return this.#decoded.substring(start - from, end - from)
  }

  #slice(start: number, end: number): string {
    return this.#wide ? this.#units.ucs2Slice(2 * start, 2 * end) : this.#units.latin1Slice(start, end)
  }
}

export type ReadSection = (section: number) => Buffer

export function loadTexts({ offsets, units, wide }: TextPlan, read: ReadSection): Texts {
  return new Texts(wordsOf(read(offsets)), read(units), wide)
}

export function wordsOf({ buffer, byteOffset, byteLength }: Buffer): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4)
}
