// Records that were read lately, copied into two buffers that are used again and again: single ones would each be garbage to be collected, and what waits
// for its collection comes to several times the cache. What is used goes into the young buffer; when that is full, the old one is overwritten.
import type { Position } from '../../kernel/positions.ts'

interface Generation {
  readonly places: Map<Position, number>
  bytes: Buffer
  end: number
}

export class RecordCache {
  readonly #bytesEach: number
  #young = newGeneration()
  #old = newGeneration()

  constructor({ bytesMax }: { bytesMax: number }) {
    this.#bytesEach = Math.floor(bytesMax / 2)
  }

  /** A copy. */
  get(position: Position): Buffer | undefined {
    const young = copied(this.#young, position)
    if (young) return young
    const old = copied(this.#old, position)
    if (old) this.keep(position, old)
    return old
  }

  keep(position: Position, record: Uint8Array): void {
    if (record.length > this.#bytesEach) return
    if (this.#young.end + record.length > this.#bytesEach) this.#turn()
    const { places, end } = this.#young
    if (this.#young.bytes.length === 0) this.#young.bytes = Buffer.allocUnsafeSlow(this.#bytesEach)
    this.#young.bytes.set(record, end)
    places.set(position, end)
    this.#young.end += record.length
  }

  clear(): void {
    this.#young = newGeneration()
    this.#old = newGeneration()
  }

  #turn(): void {
    const emptied = this.#old
    this.#old = this.#young
    this.#young = emptied
    emptied.places.clear()
    emptied.end = 0
  }
}

function newGeneration(): Generation {
  return { places: new Map(), bytes: Buffer.alloc(0), end: 0 }
}

function copied({ places, bytes }: Generation, position: Position): Buffer | undefined {
  const at = places.get(position)
  if (at === undefined) return undefined
  // A record begins with its length.
  return Buffer.from(bytes.subarray(at, at + bytes.readUInt32LE(at)))
}
