// The index of one segment, as a file beside it: `00000001.idx`. It can be deleted and rebuilt from the segment at any time.
//
//   page 0      magic "INDELIDX", format version u32, segment u32, id of the log (16 bytes), first position u64, events u32, commits u32,
//               end of the last frame u64, last recorded at u64 (ms), terms u32, filter blocks u32, then the first page of the
//               places, the filter, the directory and the entries, and the number of pages, each u32
//   places      for each event where its record begins in the segment u32, and its crc32 u32
//   filter      blocks of 64 bytes
//   directory   for each term, ordered by hash: hash 2 x u32, where its entry begins in the entries u32
//   entries     for each term: kind u8, length of its text, text, for a stream the version of its first event here, the number of its events,
//               and their places in the segment (0 for its first event), each but the first as the distance from the one before
//
// Little-endian; in the entries numbers are LEB128 (https://en.wikipedia.org/wiki/LEB128), elsewhere as named. Each section begins with a page; a
// place, a block and a directory line do not cross pages, the entries do. Each page ends in its crc32 (see pages.ts).
import { join } from 'node:path'
import { readUuid, writeUuid } from '../../kernel/ids.ts'
import type { Position } from '../../kernel/positions.ts'
import { segmentName } from '../format/index.ts'
import { payloadBytes } from './pages.ts'

export const indexFormatVersion = 1
const magic = 'INDELIDX'

export const placeBytes = 8
export const placesPerPage = Math.floor(payloadBytes / placeBytes)
export const lineBytes = 12
export const linesPerPage = Math.floor(payloadBytes / lineBytes)

export interface IndexHeader {
  readonly segment: number
  readonly logId: string
  readonly firstPosition: Position
  readonly events: number
  readonly commits: number
  /** Where the segment's last indexed frame ends. */
  readonly logEnd: number
  readonly lastRecordedAtMs: number
  readonly terms: number
  readonly filterBlocks: number
  readonly placesPage: number
  readonly filterPage: number
  readonly directoryPage: number
  readonly entriesPage: number
  readonly pages: number
}

export function indexPath(dir: string, segment: number): string {
  return join(dir, indexName(segment))
}

export function indexName(segment: number): string {
  return segmentName(segment).replace('.log', '.idx')
}

const wideFields = ['firstPosition', 'logEnd', 'lastRecordedAtMs'] as const
const fields = [
  'events',
  'commits',
  'terms',
  'filterBlocks',
  'placesPage',
  'filterPage',
  'directoryPage',
  'entriesPage',
  'pages',
] as const

export function encodeIndexHeader(header: IndexHeader, page: Buffer): void {
  page.write(magic, 0)
  page.writeUInt32LE(indexFormatVersion, 8)
  page.writeUInt32LE(header.segment, 12)
  writeUuid(header.logId, page, 16)
  let at = 32
  for (const field of wideFields) at = page.writeBigUInt64LE(BigInt(header[field]), at)
  for (const field of fields) at = page.writeUInt32LE(header[field], at)
}

/** Undefined if the page is not a header of this format. */
export function decodeIndexHeader(page: Buffer): IndexHeader | undefined {
  if (page.toString('latin1', 0, 8) !== magic || page.readUInt32LE(8) !== indexFormatVersion) return undefined
  const numbers: Record<string, number> = {}
  let at = 32
  for (const field of wideFields) {
    numbers[field] = Number(page.readBigUInt64LE(at))
    at += 8
  }
  for (const field of fields) {
    numbers[field] = page.readUInt32LE(at)
    at += 4
  }
  return { segment: page.readUInt32LE(12), logId: readUuid(page, 16), ...numbers } as unknown as IndexHeader
}
