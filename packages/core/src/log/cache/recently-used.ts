// A cache of bytes with a limit, in two generations. A value that is used moves to the young generation. When the young one has half of the limit, the old
// one is dropped. A hit costs one look at a map; an exact order of use would cost three changes of it.

export class RecentlyUsed<Key, Value extends { readonly byteLength: number }> {
  readonly #youngBytesMax: number
  #young = new Map<Key, Value>()
  #old = new Map<Key, Value>()
  #youngBytes = 0

  constructor({ bytesMax }: { bytesMax: number }) {
    this.#youngBytesMax = bytesMax / 2
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key)
    if (young) return young
    const old = this.#old.get(key)
    if (old) this.keep(key, old)
    return old
  }

  keep(key: Key, value: Value): void {
    if (value.byteLength + entryBytes > this.#youngBytesMax) return
    if (this.#youngBytes + value.byteLength + entryBytes > this.#youngBytesMax) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngBytes = 0
    }
    this.#young.set(key, value)
    this.#youngBytes += value.byteLength + entryBytes
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
    this.#youngBytes = 0
  }
}

/** The bytes that an entry costs on top of its value. */
const entryBytes = 200
