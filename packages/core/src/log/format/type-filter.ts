// Decides from the bytes of a record whether its type is one that was asked for. Decoding every name would cost more than everything else.
import { recordFixedBytes } from './record.ts'

export class TypeFilter {
  /** By the length of the name, then its bytes and its number. */
  readonly #byLength: { readonly name: Buffer; readonly number: number }[][] = []

  constructor(asked: ReadonlyMap<string, number>) {
    for (const [text, number] of asked) {
      const name = Buffer.from(text)
      this.#byLength[name.length] ??= []
      this.#byLength[name.length]!.push({ name, number })
    }
  }

  /** The number of the type of a record, or -1. */
  numberOf(bytes: Buffer, record: number): number {
    const length = bytes[record + 32]! | (bytes[record + 33]! << 8)
    const candidates = this.#byLength[length]
    if (candidates === undefined) return -1
    const at = record + recordFixedBytes + (bytes[record + 30]! | (bytes[record + 31]! << 8))
    for (let index = 0; index < candidates.length; index++) {
      const { name, number } = candidates[index]!
      if (isAt(bytes, at, name)) return number
    }
    return -1
  }
}

function isAt(bytes: Buffer, at: number, name: Buffer): boolean {
  for (let byte = 0; byte < name.length; byte++) if (bytes[at + byte] !== name[byte]) return false
  return true
}
