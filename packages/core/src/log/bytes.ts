// Numbers, texts and blobs in one growing buffer, and back. Little-endian, every length before what it measures.

const u32 = 0x1_0000_0000

export class ByteWriter {
  #bytes: Buffer
  length = 0

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity)
  }

  get capacity(): number {
    return this.#bytes.length
  }

  /** What was written so far; overwritten by what is written next. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }

  u8(value: number): void {
    this.#room(1)
    this.length = this.#bytes.writeUInt8(value, this.length)
  }

  u16(value: number): void {
    this.#room(2)
    this.length = this.#bytes.writeUInt16LE(value, this.length)
  }

  u32(value: number): void {
    this.#room(4)
    this.length = this.#bytes.writeUInt32LE(value, this.length)
  }

  /** A safe integer, as 64 bits. */
  u64(value: number): void {
    this.u32(value % u32)
    this.u32(Math.floor(value / u32))
  }

  /** At most 65,535 bytes. */
  text(value: string): void {
    this.#room(2 + 3 * value.length)
    const written = this.#bytes.write(value, this.length + 2)
    this.#bytes.writeUInt16LE(written, this.length)
    this.length += 2 + written
  }

  blob(value: Uint8Array): void {
    this.u32(value.length)
    this.#room(value.length)
    this.#bytes.set(value, this.length)
    this.length += value.length
  }

  zeros(count: number): void {
    this.#room(count)
    this.#bytes.fill(0, this.length, this.length + count)
    this.length += count
  }

  /** Fills in a number whose place was left open. */
  patchU32(value: number, at: number): void {
    this.#bytes.writeUInt32LE(value, at)
  }

  #room(count: number): void {
    if (this.length + count <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.length + count))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }
}

/** Throws a RangeError past the end, so that a wrong length can never make it allocate more than there is. */
export class ByteReader {
  readonly #bytes: Buffer
  at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  get atEnd(): boolean {
    return this.at >= this.#bytes.length
  }

  u8(): number {
    return this.#bytes.readUInt8(this.skip(1))
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.skip(2))
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.skip(4))
  }

  u64(): number {
    return this.u32() + u32 * this.u32()
  }

  text(): string {
    const length = this.u16()
    return this.#bytes.toString('utf8', this.skip(length), this.at)
  }

  /** A copy, which becomes the caller's. */
  blob(): Uint8Array {
    const length = this.u32()
    const start = this.skip(length)
    return new Uint8Array(this.#bytes.subarray(start, this.at))
  }

  /** Passes some bytes; gives where they began. */
  skip(count: number): number {
    const start = this.at
    if (start + count > this.#bytes.length) throw new RangeError(`${count} bytes at ${start} reach past the end.`)
    this.at = start + count
    return start
  }
}
