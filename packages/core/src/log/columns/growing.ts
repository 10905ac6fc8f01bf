// Numbers that come one by one, in an array that grows. Room that is too small by now, or done with, is given back at once: until the collector comes
// for it, it would come to several times what is used.

export type Numbers = Uint8Array | Uint16Array | Uint32Array | Float64Array

/** The first room. A segment may have very many columns of a few values each. */
const firstBytes = 64

export class Growing<Items extends Numbers> {
  readonly #view: new (
    buffer: ArrayBuffer,
  ) => Items
  #room: Items
  #length = 0

  constructor(view: new (buffer: ArrayBuffer) => Items) {
    this.#view = view
    this.#room = new view(new ArrayBuffer(0))
  }

  get length(): number {
    return this.#length
  }

  /** Good until the next is added. */
  get items(): Items {
    return this.#room.subarray(0, this.#length) as Items
  }

  at(index: number): number {
    return this.#room[index]!
  }

  /** Some of them, in an order. */
  inOrder(order: Uint32Array): Items {
    const found = new this.#view(new ArrayBuffer(order.length * this.#room.BYTES_PER_ELEMENT))
    const room = this.#room
    for (let row = 0; row < order.length; row++) found[row] = room[order[row]!]!
    return found
  }

  push(value: number): void {
    if (this.#length === this.#room.length) this.#grow(1)
    this.#room[this.#length++] = value
  }

  /** Adds so many zeros. Gives all the items, to be written over behind those that were there. */
  extend(count: number): Items {
    if (this.#length + count > this.#room.length) this.#grow(count)
    this.#length += count
    return this.#room
  }

  /** They are gone then. */
  release(): void {
    letGo(this.#room)
    this.#length = 0
  }

  #grow(count: number): void {
    const { byteLength, BYTES_PER_ELEMENT } = this.#room
    const bytes = Math.max(firstBytes, 2 * byteLength, (this.#length + count) * BYTES_PER_ELEMENT)
    this.#room = new this.#view((this.#room.buffer as ArrayBuffer).transfer(bytes))
  }
}

/** Gives the memory of an array back that has all of it for itself; the array is empty then. */
export function letGo({ buffer }: ArrayBufferView): void {
  ;(buffer as ArrayBuffer).transfer(0)
}
