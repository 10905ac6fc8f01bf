// The payloads of a stretch that its columns do not give back byte for byte: bytes, and JSON in another form than `JSON.stringify` writes it.
// Each as: the number of its event in the stretch u32, 0 for data or 1 for metadata u8, its length u32, its bytes. Little-endian.
import type { RecordedEvent } from 'indelible'
import { isJson, utf8 } from 'indelible/adapter'
import type { Part, Parts } from './event-sum.ts'

const dataKind = 0
const metadataKind = 1
const headBytes = 9

export class Payloads {
  readonly #kept = new Map<number, Uint8Array>()
  /** All of them, as they are encoded. */
  bytes = 0

  constructor(encoded: Buffer = Buffer.alloc(0)) {
    for (let at = 0; at < encoded.length; ) {
      const length = encoded.readUInt32LE(at + 5)
      const bytes = encoded.subarray(at + headBytes, at + headBytes + length)
      this.#keep(encoded.readUInt32LE(at), encoded[at + 4]!, bytes)
      at += headBytes + length
    }
  }

  /** Keeps what `of` would not give back. The bytes are not copied. */
  add(index: number, event: RecordedEvent): void {
    if (!isSame(event.dataBytes, () => dataText(event))) this.#keep(index, dataKind, event.dataBytes)
    if (!isSame(event.metadataBytes, () => metadataText(event))) this.#keep(index, metadataKind, event.metadataBytes)
  }

  /** Those of an event whose values are in the columns. */
  of(index: number, event: RecordedEvent): { readonly dataBytes: Uint8Array; readonly metadataBytes: Uint8Array } {
    const { dataBytes, metadataBytes } = this.partsOf(index, event)
    return { dataBytes: bytesOf(dataBytes), metadataBytes: bytesOf(metadataBytes) }
  }

  /** The same, as they are at hand. */
  partsOf(index: number, event: RecordedEvent): Parts {
    return {
      dataBytes: this.#kept.get(2 * index + dataKind) ?? dataText(event),
      metadataBytes: this.#kept.get(2 * index + metadataKind) ?? metadataText(event),
    }
  }

  encoded(): Buffer {
    const parts = [...this.#kept].flatMap(([key, bytes]) => {
      const head = Buffer.alloc(headBytes)
      head.writeUInt32LE(Math.floor(key / 2), 0)
      head[4] = key % 2
      head.writeUInt32LE(bytes.length, 5)
      return [head, bytes]
    })
    return Buffer.concat(parts)
  }

  #keep(index: number, kind: number, bytes: Uint8Array): void {
    this.#kept.set(2 * index + kind, bytes)
    this.bytes += headBytes + bytes.length
  }
}

function isSame(bytes: Uint8Array, made: () => string): boolean {
  try {
    const text = made()
    const most = 3 * text.length
    if (bytes.length > most) return false
    const room = most > scratch.length ? Buffer.allocUnsafe(most) : scratch
    const length = room.write(text)
    return length === bytes.length && room.compare(bytes, 0, length, 0, length) === 0
  } catch {
    // It claims to be JSON and is not.
    return false
  }
}

const scratch = Buffer.allocUnsafe(16 * 1024)

/** Bytes that are not JSON are kept, unless there are none. */
function dataText(event: RecordedEvent): string {
  return isJson(event.contentType) ? JSON.stringify(event.data) : ''
}

/** An event without metadata has no bytes of them. */
function metadataText({ metadata }: RecordedEvent): string {
  const text = JSON.stringify(metadata)
  return text === '{}' ? '' : text
}

/** The reader owns them. */
function bytesOf(part: Part): Uint8Array {
  return typeof part === 'string' ? utf8(part) : new Uint8Array(part)
}
