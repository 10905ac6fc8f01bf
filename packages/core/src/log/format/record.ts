// A record is one event in the log: numbers at fixed places, then its texts, then its payloads. It has everything about the event, so it can be read
// alone, and a field is decoded only when it is read.
//
//    0  length of the record u32       28  flags u8 (1: has a content type, 2: has a time of validity)
//    4  position u48                   29  tags u8
//   10  version u48                    30  length of the stream u16, of the type u16, of the command id u16
//   16  recorded at u48 (ms)           36  length of the metadata u32
//   22  schema version u16             40  id (16 bytes)
//   24  index in its commit u16        56  stream, type, command id (only the first event of a commit has one),
//   26  events of its commit u16           content type, valid at, tags (each u16 and text), metadata, data (the rest)
//
// Little-endian; texts are UTF-8. Lengths are in bytes. A content type that is left out is application/json.
export const recordFixedBytes = 56
export const hasContentType = 1
export const hasValidAt = 2
export const u32 = 0x1_0000_0000

/** Node's own conversions from and to UTF-8, without the choice of an encoding that `write` and `toString` make at each call. */
export type Utf8Buffer = Buffer & {
  utf8Write(text: string, at: number): number
  utf8Slice(start: number, end: number): string
}

export function readU16(bytes: Buffer, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8)
}

export function readU32(bytes: Buffer, at: number): number {
  return (readU16(bytes, at) | (readU16(bytes, at + 2) << 16)) >>> 0
}

export function readU48(bytes: Buffer, at: number): number {
  return readU32(bytes, at) + u32 * readU16(bytes, at + 4)
}

/** True for the record of a reserved event: the name of its stream begins with "$". */
export function isReservedAt(bytes: Buffer, at: number): boolean {
  return bytes[at + recordFixedBytes] === 0x24
}

/** The length of the record at a place. Throws a RangeError unless all of it lies before an end and fits together. */
export function checkRecord(bytes: Buffer, at: number, end: number): number {
  if (at + recordFixedBytes > end) throw new RangeError('a record is cut off')
  const length = readU32(bytes, at)
  if (at + length > end) throw new RangeError('a record is longer than what holds it')
  const texts = bytes[at + 29]! + (bytes[at + 28]! === 0 ? 0 : flagsIn(bytes[at + 28]!))
  let from = afterCommandId(bytes, at)
  for (let text = 0; text < texts; text++) {
    if (from + 2 > at + length) throw new RangeError('the texts of a record reach past its end')
    from += 2 + readU16(bytes, from)
  }
  if (from + readU32(bytes, at + 36) > at + length) throw new RangeError('the parts of a record reach past its end')
  if (readU16(bytes, at + 24) >= readU16(bytes, at + 26)) throw new RangeError('a record is outside its commit')
  return length
}

function flagsIn(flags: number): number {
  return (flags & hasContentType) + ((flags & hasValidAt) >> 1)
}

export function afterCommandId(bytes: Buffer, at: number): number {
  return at + recordFixedBytes + readU16(bytes, at + 30) + readU16(bytes, at + 32) + readU16(bytes, at + 34)
}
