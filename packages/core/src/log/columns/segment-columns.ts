// The columns of one segment, opened: reads what a fold needs of the file first, and the rest when it is first used. A damaged section counts as missing.
import { crc32 } from 'node:zlib'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import { type DiskFile, isOutOfFiles } from '../disk/index.ts'
import {
  type ColumnsHeader,
  type ColumnsOwner,
  claimedHeaderBytes,
  decodeColumnsHeader,
  isOwner,
  type Plan,
} from './column-file.ts'
import { type LoadedColumn, loadColumn, sectionsOf } from './load-column.ts'

/** Read at first; most headers are shorter. */
const firstReadBytes = 16 * 1024
/** Sections at most this far apart are read together. */
const gapBytesMax = 64 * 1024

/** The same on every machine that matters; where it is not, there are no columns. */
export const readsColumns = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

export type LoggedEvent = RecordedEvent & { readonly recordedAtMs: number }

/** The bytes of a file of columns. */
export type ColumnsFile = Pick<DiskFile, 'read' | 'size'>

/** Where the columns of a segment find what they have not read yet. */
export interface ColumnsSource {
  /** Fills the bytes from a place in the file of columns, at once. Gives their number. */
  readonly read: (into: Uint8Array, at: number) => number
  /** An event as the log has it, and as it is in the columns. */
  readonly logged: (event: LoggedEvent) => LoggedEvent
  /** Something in the file is not what was written. */
  readonly damaged: () => void
}

/** The columns of an event that are not needed to fold its data. */
export type EnvelopeColumn = Exclude<keyof Plan['events'], 'type' | 'stream' | 'position' | 'id'>

export class SegmentColumns {
  readonly firstPosition: Position
  readonly recordedFrom: number
  readonly #header: ColumnsHeader
  readonly #source: ColumnsSource
  readonly #envelope = new Map<EnvelopeColumn, LoadedColumn | undefined>()
  #ids: Buffer | undefined

  private constructor(header: ColumnsHeader, source: ColumnsSource) {
    this.#header = header
    this.#source = source
    this.firstPosition = header.owner.firstPosition
    this.recordedFrom = header.plan.recordedFrom
  }

  /** Nothing where the file is not the columns of just this segment. */
  static async open(
    file: ColumnsFile,
    owner: ColumnsOwner,
    source: ColumnsSource,
  ): Promise<SegmentColumns | undefined> {
    const first = Buffer.allocUnsafe(firstReadBytes)
    let bytes: Buffer = first.subarray(0, await file.read(first, 0))
    const length = claimedHeaderBytes(bytes)
    const size = await file.size()
    // A wrong length must not make us allocate more than the file has.
    if (length === undefined || length > size) return undefined
    if (length > bytes.length) {
      bytes = Buffer.allocUnsafe(length)
      if ((await file.read(bytes, 0)) < length) return undefined
    }
    const header = decodeColumnsHeader(bytes.subarray(0, length))
    return header && header.bytes === size && isOwner(header.owner, owner)
      ? new SegmentColumns(header, source)
      : undefined
  }

  get plan(): Plan {
    return this.#header.plan
  }

  get events(): number {
    return this.#header.owner.events
  }

  /** A column of the envelope of each event, or nothing where it is damaged. */
  envelope(name: EnvelopeColumn): LoadedColumn | undefined {
    if (!this.#envelope.has(name)) {
      const plan = this.plan.events[name]
      const sections = this.readNow(sectionsOf(plan))
      this.#envelope.set(name, sections && loadColumn(plan, (section) => sections.get(section)!))
    }
    return this.#envelope.get(name)
  }

  /** 16 bytes for each event. */
  ids(): Buffer | undefined {
    const section = this.plan.events.id
    this.#ids ??= this.readNow([section])?.get(section)
    return this.#ids
  }

  logged(event: LoggedEvent): LoggedEvent {
    return this.#source.logged(event)
  }

  /** Sections, at once; nothing where one of them is damaged. */
  readNow(wanted: Iterable<number>): ReadonlyMap<number, Buffer> | undefined {
    const found = new Map<number, Buffer>()
    try {
      for (const section of wanted) {
        const { offset, length } = this.#header.sections[section]!
        const bytes = Buffer.allocUnsafeSlow(length)
        if (this.#source.read(bytes, offset) < length || !this.#isWhole(section, bytes)) return this.#damage()
        found.set(section, bytes)
      }
      return found
    } catch (error) {
      // The file is gone, for example.
      return isOutOfFiles(error) ? undefined : this.#damage()
    }
  }

  /** The same without holding up the thread; `wanted` in ascending order. */
  async read(file: ColumnsFile, wanted: readonly number[]): Promise<ReadonlyMap<number, Buffer> | undefined> {
    const found = new Map<number, Buffer>()
    const { sections } = this.#header
    for (let at = 0; at < wanted.length; ) {
      // Sections follow one another in the file.
      const from = sections[wanted[at]!]!.offset
      let to = from
      let next = at
      for (; next < wanted.length; next++) {
        const { offset, length } = sections[wanted[next]!]!
        if (offset > to + gapBytesMax) break
        to = offset + length
      }
      const bytes = Buffer.allocUnsafeSlow(to - from)
      if ((await file.read(bytes, from)) < bytes.length) return this.#damage()
      for (; at < next; at++) {
        const { offset, length } = sections[wanted[at]!]!
        const section = bytes.subarray(offset - from, offset - from + length)
        if (!this.#isWhole(wanted[at]!, section)) return this.#damage()
        found.set(wanted[at]!, section)
      }
    }
    return found
  }

  #isWhole(section: number, bytes: Buffer): boolean {
    return crc32(bytes) === this.#header.sections[section]!.crc
  }

  #damage(): undefined {
    this.#source.damaged()
    return undefined
  }
}
