// Turns commits into the bytes of a frame, in one buffer that is used again and again.
import type { EncodedEvent } from '../kernel/encoding.ts'
import { jsonContentType } from '../kernel/events.ts'
import type { Position, Version } from '../kernel/positions.ts'
import { ByteWriter } from './bytes.ts'
import { completed, frameAlignment, frameHeaderBytes, type Place } from './frame.ts'

/** A commit on its way into the log. */
export interface NewCommit {
  readonly commandId: string | undefined
  readonly recordedAtMs: number
  readonly events: readonly (EncodedEvent & { readonly id: string })[]
  /** Of each event in its stream. */
  readonly versions: readonly Version[]
}

/** Collects commits into one frame. It is used again for the next one, so it allocates nothing once it has grown. */
export class FrameEncoder {
  #out: ByteWriter
  readonly #capacity: number
  commits = 0
  events = 0

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#out = new ByteWriter(capacity)
    this.clear()
  }

  /** What it comes to as a frame. */
  get size(): number {
    return Math.ceil(this.#out.length / frameAlignment) * frameAlignment
  }

  add({ commandId = '', recordedAtMs, events, versions }: NewCommit): void {
    const out = this.#out
    out.text(commandId)
    out.u64(recordedAtMs)
    out.u32(events.length)
    events.forEach((event, index) => {
      const start = out.length
      out.u32(0)
      out.text(event.id)
      out.text(event.stream)
      out.u64(versions[index]!)
      out.text(event.type)
      out.u16(event.schemaVersion)
      out.text(event.contentType === jsonContentType ? '' : event.contentType)
      out.text(event.validAt ?? '')
      out.u8(event.tags.length)
      for (const tag of event.tags) out.text(tag)
      out.blob(event.metadataBytes)
      out.blob(event.dataBytes)
      out.patchU32(out.length - start - 4, start)
    })
    this.commits++
    this.events += events.length
  }

  /** The bytes to write; they stay as they are until `clear`. */
  finish(place: Place, firstPosition: Position): Buffer {
    this.#out.zeros(this.size - this.#out.length)
    return completed(this.#out.written, { kind: 'commits', commits: this.commits, firstPosition, place })
  }

  clear(): void {
    // A huge commit should not hold its memory for ever.
    if (this.#out.capacity > 4 * this.#capacity) this.#out = new ByteWriter(this.#capacity)
    this.#out.length = 0
    this.#out.zeros(frameHeaderBytes)
    this.commits = 0
    this.events = 0
  }
}
