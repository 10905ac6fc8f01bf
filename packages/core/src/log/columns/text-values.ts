// Texts as they come, one behind the other in bytes: as JavaScript strings, each with a head of its own, they would take two to three times as much.
import type { SectionList, TextPlan } from './column-file.ts'
import { Growing } from './growing.ts'
import type { UnitBuffer } from './texts.ts'

export class TextValues {
  /** Where each ends, in units. */
  readonly #ends = new Growing(Uint32Array)
  /** One byte for each unit or, once there is one that needs it, two. */
  #units = new Growing(Uint8Array)
  #unitBytes: 1 | 2 = 1

  push(text: string): void {
    if (this.#unitBytes === 1 && isWide(text)) this.#widen()
    const start = this.#units.length
    const bytes = bufferOf(this.#units.extend(this.#unitBytes * text.length))
    if (this.#unitBytes === 1) bytes.latin1Write(text, start)
    else bytes.ucs2Write(text, start)
    this.#ends.push(this.#units.length / this.#unitBytes)
  }

  at(index: number): string {
    const bytes = bufferOf(this.#units.items)
    const [start, end] = [this.#start(index), this.#ends.at(index)]
    return this.#unitBytes === 1 ? bytes.latin1Slice(start, end) : bytes.ucs2Slice(2 * start, 2 * end)
  }

  /** All of them, in an order. Their memory is given back. */
  encode(order: Uint32Array, sections: SectionList): TextPlan {
    const offsets = new Uint32Array(order.length + 1)
    for (let row = 0; row < order.length; row++) {
      const index = order[row]!
      offsets[row + 1] = offsets[row]! + this.#ends.at(index) - this.#start(index)
    }
    const scale = this.#unitBytes
    const [from, units] = [bufferOf(this.#units.items), Buffer.allocUnsafeSlow(scale * offsets[order.length]!)]
    for (let row = 0; row < order.length; row++) {
      const index = order[row]!
      from.copy(units, scale * offsets[row]!, scale * this.#start(index), scale * this.#ends.at(index))
    }
    this.#units.release()
    this.#ends.release()
    return { count: order.length, wide: scale === 2, offsets: sections.add(offsets), units: sections.add(units) }
  }

  #start(index: number): number {
    return index === 0 ? 0 : this.#ends.at(index - 1)
  }

  #widen(): void {
    const narrow = this.#units.items
    const units = new Growing(Uint8Array)
    const wide = units.extend(2 * narrow.length)
    for (let unit = 0; unit < narrow.length; unit++) wide[2 * unit] = narrow[unit]!
    this.#units.release()
    this.#units = units
    this.#unitBytes = 2
  }
}

function isWide(text: string): boolean {
  for (let unit = 0; unit < text.length; unit++) if (text.charCodeAt(unit) > 0xff) return true
  return false
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): UnitBuffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength) as UnitBuffer
}
