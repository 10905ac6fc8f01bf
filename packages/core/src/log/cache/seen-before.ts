// Remembers, roughly, which keys were asked for lately. A cache admits only those: a key that is asked for once would evict keys that are asked for often.
// (The doorkeeper of Einziger, Friedman and Manes, TinyLFU, 2017, with the keys themselves in place of a Bloom filter.)

/** The number of keys that share a set of places. The oldest is replaced first. */
const ways = 4

export class SeenBefore {
  readonly #keys: Float64Array

  constructor({ keysMax }: { keysMax: number }) {
    this.#keys = new Float64Array(Math.ceil(keysMax / ways) * ways)
  }

  /** Whether a key, a whole number from 1 on, was seen lately. It counts as seen from now on, until other keys replace it. */
  see(key: number): boolean {
    const first = ways * (key % (this.#keys.length / ways))
    for (let place = first; place < first + ways; place++) if (this.#keys[place] === key) return true
    for (let place = first + ways - 1; place > first; place--) this.#keys[place] = this.#keys[place - 1]!
    this.#keys[first] = key
    return false
  }
}
