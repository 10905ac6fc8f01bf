// One checksum over events with all that readers see of them, so that two forms of the same events can be compared.
import { crc32 } from 'node:zlib'
import type { RecordedEvent } from 'indelible'

/** Bytes, or the text that they are in UTF-8. */
export type Part = Uint8Array | string

export interface Parts {
  readonly dataBytes: Part
  readonly metadataBytes: Part
}

export class EventSum {
  #crc = 0
  readonly #gathered = Buffer.allocUnsafe(64 * 1024)
  #length = 0

  get value(): number {
    this.#flush()
    return this.#crc
  }

  add(event: Omit<RecordedEvent, keyof Parts>, { dataBytes, metadataBytes }: Parts): void {
    const { id, stream, version, position, type, schemaVersion, contentType, recordedAt, validAt, tags } = event
    const tagText = tags.length === 0 ? '' : JSON.stringify(tags)
    this.#add(
      `${position} ${id} ${stream} ${version} ${type} ${schemaVersion} ${contentType} ${recordedAt} ${validAt} ${tagText}`,
    )
    this.#add(dataBytes)
    this.#add(metadataBytes)
  }

  #add(part: Part): void {
    const most = typeof part === 'string' ? 3 * part.length : part.length
    if (this.#length + most > this.#gathered.length) this.#flush()
    if (most > this.#gathered.length) this.#crc = crc32(part, this.#crc)
    else if (typeof part === 'string') this.#length += this.#gathered.write(part, this.#length)
    else {
      this.#gathered.set(part, this.#length)
      this.#length += part.length
    }
  }

  #flush(): void {
    this.#crc = crc32(this.#gathered.subarray(0, this.#length), this.#crc)
    this.#length = 0
  }
}
