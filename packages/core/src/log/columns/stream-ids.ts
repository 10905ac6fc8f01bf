// The stream ids of a segment, and the order of its events by them, which is that of the columns.
import { hash } from 'node:crypto'
import { Growing } from './growing.ts'
import { sortedBy } from './orders.ts'

/** In numbers. */
const keyLength = 4

export interface SortedStreams {
  /** In the order of their keys. */
  readonly ids: readonly string[]
  /** Of each id its key, in four numbers. */
  readonly keys: Uint32Array
  /** The events by stream id, each by its number in the order of the log. */
  readonly order: Uint32Array
  /** Of each event in this order the number of its stream id. */
  readonly numbers: Uint32Array
}

export class StreamIds {
  readonly #numbers = new Map<string, number>()
  /** Of each event, in the order of the log. */
  readonly #numberOf = new Growing(Uint32Array)

  push(id: string): void {
    let number = this.#numbers.get(id)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(id, number)
    }
    this.#numberOf.push(number)
  }

  /** All of them. Their memory is given back. */
  sorted(): SortedStreams {
    const ids = [...this.#numbers.keys()]
    const keys = keysOf(ids)
    const sorted = Uint32Array.from(ids, (_, number) => number).sort((a, b) => compareKeys(keys, a, b))
    const ranks = new Uint32Array(ids.length)
    const sortedKeys = new Uint32Array(keys.length)
    for (let rank = 0; rank < sorted.length; rank++) {
      const number = sorted[rank]!
      ranks[number] = rank
      for (let part = 0; part < keyLength; part++)
        sortedKeys[keyLength * rank + part] = keys[keyLength * number + part]!
    }
    const rankOf = this.#numberOf.items.map((number) => ranks[number]!)
    this.#numberOf.release()
    const order = sortedBy(rankOf, ids.length)
    return {
      ids: Array.from(sorted, (number) => ids[number]!),
      keys: sortedKeys,
      order,
      numbers: order.map((event) => rankOf[event]!),
    }
  }
}

/** The first 128 bits of the SHA-256 of each. */
function keysOf(ids: readonly string[]): Uint32Array {
  const keys = new Uint32Array(keyLength * ids.length)
  for (let number = 0; number < ids.length; number++) {
    const digest = hash('sha256', ids[number]!, 'buffer')
    for (let part = 0; part < keyLength; part++) keys[keyLength * number + part] = digest.readUInt32BE(4 * part)
  }
  return keys
}

function compareKeys(keys: Uint32Array, a: number, b: number): number {
  for (let part = 0; part < keyLength; part++) {
    const difference = keys[keyLength * a + part]! - keys[keyLength * b + part]!
    if (difference !== 0) return difference
  }
  return 0
}
