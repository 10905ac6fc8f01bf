// Reads index files from outside: to compare one with the log, and to count from it.
import { join } from 'node:path'
import type { DiskFile } from '../disk/index.ts'
import {
  decodeIndexHeader,
  EntryCounter,
  type IndexCounts,
  type IndexHeader,
  indexName,
  isPage,
  pageBytes,
} from '../index/index.ts'
import type { LogSource } from '../limits.ts'
import { firstDifference } from './differences.ts'

const chunkBytes = 64 * pageBytes
/** Where the header has the number of events. */
const eventsAt = 56

/** The index file of a segment as it was when it was opened: a newer one gets its name, and changes nothing here. */
export class StoredIndex {
  readonly file: string
  readonly bytes: number
  readonly #file: DiskFile
  readonly #firstPage: Buffer

  private constructor(file: string, parts: { file: DiskFile; bytes: number; firstPage: Buffer }) {
    this.file = file
    this.bytes = parts.bytes
    this.#file = parts.file
    this.#firstPage = parts.firstPage
  }

  static async open({ disk, dir }: Pick<LogSource, 'disk' | 'dir'>, segment: number): Promise<StoredIndex> {
    const name = indexName(segment)
    const file = await disk.open(join(dir, name), 'read')
    try {
      const bytes = await file.size()
      const firstPage = Buffer.alloc(Math.min(bytes, pageBytes))
      await file.read(firstPage, 0)
      return new StoredIndex(name, { file, bytes, firstPage })
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** The events that it says it has; it may be wrong about it. */
  get claimedEvents(): number | undefined {
    return this.#firstPage.length < pageBytes ? undefined : this.#firstPage.readUInt32LE(eventsAt)
  }

  /** The first byte that is not the expected one, if there is any. */
  async differsAt(expected: Buffer): Promise<number | undefined> {
    return await firstDifference(this.#file, [expected])
  }

  /** Undefined unless it has a whole header of this segment and log, and is as long as the header says. */
  headerOf({ segment, logId }: { segment: number; logId: string }): IndexHeader | undefined {
    if (this.#firstPage.length < pageBytes || !isPage(this.#firstPage, { segment, logId }, 0)) return undefined
    const header = decodeIndexHeader(this.#firstPage)
    const fits = header?.segment === segment && header.logId === logId && this.bytes === header.pages * pageBytes
    return fits ? header : undefined
  }

  /** Undefined when a page is damaged. */
  async counts(header: IndexHeader): Promise<IndexCounts | undefined> {
    const counter = new EntryCounter(header)
    const pages = Buffer.allocUnsafe(chunkBytes)
    for (let number = header.entriesPage; number < header.pages; number += chunkBytes / pageBytes) {
      const read = await this.#file.read(pages, number * pageBytes)
      for (let at = 0; at + pageBytes <= read; at += pageBytes) {
        const page = pages.subarray(at, at + pageBytes)
        if (!isPage(page, header, number + at / pageBytes)) return undefined
        counter.take(page)
      }
    }
    return counter.result
  }

  /** All bytes, if every page has its checksum. */
  async whole(header: IndexHeader): Promise<Buffer | undefined> {
    const bytes = Buffer.allocUnsafe(this.bytes)
    if ((await this.#file.read(bytes, 0)) < bytes.length) return undefined
    for (let number = 0; number < header.pages; number++) {
      if (!isPage(bytes.subarray(number * pageBytes, (number + 1) * pageBytes), header, number)) return undefined
    }
    return bytes
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

/** The same of an index that is in memory only. */
export function countsOf(bytes: Buffer): IndexCounts {
  const header = decodeIndexHeader(bytes)!
  const counter = new EntryCounter(header)
  for (let number = header.entriesPage; number < header.pages; number++) {
    counter.take(bytes.subarray(number * pageBytes, (number + 1) * pageBytes))
  }
  return counter.result!
}
