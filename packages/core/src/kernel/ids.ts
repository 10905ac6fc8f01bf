// Ids that sort by the time they were made: UUIDv7, RFC 9562 section 5.7 (https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7).
import { IndelibleError } from './errors.ts'
import type { Clock } from './time.ts'

/** Makes one id for each call, a UUID in lower case. It is passed in where ids are needed, so that tests know the ids. */
export type IdGenerator = () => string

/** Writes one id for each call, for something that happens at a time (ms since 1970), as 16 bytes at an offset. */
export type IdWriter = (into: Uint8Array, at: number, nowMs: number) => void

export const uuidBytes = 16
const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function isUuid(text: string): boolean {
  return form.test(text)
}

/** Checks an id of a generator. Throws `invalid_event`. */
export function checkedId(id: string): string {
  if (isUuid(id)) return id
  throw new IndelibleError('invalid_event', `The ids given to this store made "${id}", which is not a lower-case UUID.`)
}

/** Writes a UUID as bytes. */
export function writeUuid(text: string, into: Uint8Array, at: number): void {
  const digits = text.replaceAll('-', '')
  for (let byte = 0; byte < uuidBytes; byte++) {
    into[at + byte] = Number.parseInt(digits.slice(2 * byte, 2 * byte + 2), 16)
  }
}

/** Reads a UUID from bytes. */
export function readUuid(bytes: Uint8Array, at: number): string {
  let text = ''
  for (let byte = 0; byte < uuidBytes; byte++) {
    if (byte === 4 || byte === 6 || byte === 8 || byte === 10) text += '-'
    text += hex[bytes[at + byte]!]
  }
  return text
}

type FillRandom = (bytes: Uint8Array) => void

/** UUIDv7 generator; ids made in one millisecond keep their order by a counter in the 12 bits after the version. */
export function uuidV7({ clock, fillRandom }: { clock: Clock; fillRandom: FillRandom }): IdGenerator {
  const write = uuidV7Writer(fillRandom)
  const bytes = new Uint8Array(uuidBytes)
  return () => {
    write(bytes, 0, clock.now())
    return readUuid(bytes, 0)
  }
}

/** The same as bytes, with the time passed in. */
export function uuidV7Writer(fillRandom: FillRandom): IdWriter {
  const pool = new Uint8Array(8 * 512)
  let used = pool.length
  let lastMs = 0
  let counter = 0

  return (into, at, nowMs) => {
    if (nowMs > lastMs) {
      lastMs = nowMs
      counter = 0
    } else if (++counter > 0xfff) {
      lastMs++
      counter = 0
    }
    if (used === pool.length) {
      fillRandom(pool)
      used = 0
    }
    const high = Math.floor(lastMs / 0x1_0000_0000)
    into[at] = high >>> 8
    into[at + 1] = high
    into[at + 2] = lastMs / 0x100_0000
    into[at + 3] = lastMs / 0x1_0000
    into[at + 4] = lastMs / 0x100
    into[at + 5] = lastMs
    into[at + 6] = 0x70 | (counter >>> 8)
    into[at + 7] = counter
    into[at + 8] = 0x80 | (pool[used]! & 0x3f)
    for (let byte = 1; byte < 8; byte++) into[at + 8 + byte] = pool[used + byte]!
    used += 8
  }
}
