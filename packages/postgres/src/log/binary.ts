// Parameters in the binary format of Postgres (https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES): a payload is neither
// quoted nor doubled on its way, and the database need not parse it.

/** The object identifiers of the types that we send. They are the same in every database. */
export const oids = { bytea: 17, int8: 20, int4: 23, text: 25, uuid: 2950 } as const
const arrayOids = { bytea: 1001, int8: 1016, int4: 1007, text: 1009, uuid: 2951 } as const

export type ElementType = keyof typeof oids

/** Grows as it is written, and can be used again. */
export class BinaryWriter {
  #bytes: Buffer
  #end = 0

  constructor(size = 65_536) {
    this.#bytes = Buffer.allocUnsafe(size)
  }

  clear(): void {
    this.#end = 0
  }

  /** Valid until it is cleared. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#end)
  }

  int32(value: number): void {
    this.#room(4)
    this.#end = this.#bytes.writeInt32BE(value, this.#end)
  }

  /** A value with its length before it. */
  sized(write: () => void): void {
    const start = this.#end
    this.int32(0)
    write()
    this.#bytes.writeInt32BE(this.#end - start - 4, start)
  }

  null(): void {
    this.int32(-1)
  }

  int4(value: number): void {
    this.int32(4)
    this.int32(value)
  }

  /** A safe integer. */
  int8(value: number): void {
    this.int32(8)
    this.int32(Math.floor(value / 0x1_0000_0000))
    this.#room(4)
    this.#end = this.#bytes.writeUInt32BE(value >>> 0, this.#end)
  }

  /** Text, or bytes as they are. */
  bytea(value: Uint8Array | string): void {
    if (typeof value === 'string') {
      // A UTF-16 unit takes at most three bytes.
      this.#room(4 + 3 * value.length)
      const length = this.#bytes.write(value, this.#end + 4)
      this.#bytes.writeInt32BE(length, this.#end)
      this.#end += 4 + length
      return
    }
    this.int32(value.length)
    this.#room(value.length)
    this.#bytes.set(value, this.#end)
    this.#end += value.length
  }

  /** One array field of a composite value: its type, its length, and its elements. Null if there is no array. */
  arrayField<Type extends ElementType>(type: Type, values: readonly ElementOf[Type][] | undefined): void {
    this.int32(arrayOids[type])
    if (values === undefined) {
      this.null()
      return
    }
    this.sized(() => {
      this.#arrayHeader(oids[type], values.length)
      const write = this.#elements[type] as (value: ElementOf[Type]) => void
      for (const value of values) {
        if (value === null) this.null()
        else write(value)
      }
    })
  }

  /** An array of composite values. */
  arrayOf<Value>(oid: number, values: readonly Value[], write: (value: Value) => void): void {
    this.#arrayHeader(oid, values.length)
    for (const value of values) this.sized(() => write(value))
  }

  #arrayHeader(oid: number, length: number): void {
    // Dimensions, whether there may be nulls, type, length, and the index of the first one.
    for (const each of [1, 1, oid, length, 1]) this.int32(each)
  }

  #elements = {
    int4: (value: number) => this.int4(value),
    int8: (value: number) => this.int8(value),
    text: (value: string) => this.bytea(value),
    bytea: (value: Uint8Array | string) => this.bytea(value),
    uuid: (value: Uint8Array) => this.bytea(value),
  }

  #room(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#end + bytes))
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}

interface ElementOf {
  readonly int4: number | null
  readonly int8: number | null
  readonly text: string | null
  readonly bytea: Uint8Array | string | null
  readonly uuid: Uint8Array | null
}
