// Whether something was asked for lately, roughly: what is asked for once would push out of a cache what is asked for often, and cost its copy besides.
// (The doorkeeper of Einziger, Friedman and Manes, TinyLFU, 2017, with the keys themselves in place of a Bloom filter.)

/** So many keys share their places; the one that came first goes. */
const ways = 4

export class SeenBefore {
  readonly #keys: Float64Array

  constructor({ keysMax }: { keysMax: number }) {
    this.#keys = new Float64Array(Math.ceil(keysMax / ways) * ways)
  }

  /** A whole number from 1 on. From now on it was seen, until others take its place. */
  see(key: number): boolean {
    const first = ways * (key % (this.#keys.length / ways))
    for (let place = first; place < first + ways; place++) if (this.#keys[place] === key) return true
    for (let place = first + ways - 1; place > first; place--) this.#keys[place] = this.#keys[place - 1]!
    this.#keys[first] = key
    return false
  }
}
