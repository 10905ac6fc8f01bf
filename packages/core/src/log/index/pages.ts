// An index file is a sequence of pages. Each has its own checksum, so any page can be read alone and is checked whenever it is read.
import { crc32 } from 'node:zlib'

export const pageBytes = 4096
/** The bytes of a page before its checksum, which comes last. */
export const payloadBytes = pageBytes - 4

/** Of which file: its checksums depend on it. An index that a longer one replaced is another file, and their pages must never be mixed. */
export interface PageOwner {
  readonly logId: string
  readonly segment: number
  /** Left out for the first page, which is what says it. */
  readonly events?: number
}

export function sealPage(page: Buffer, owner: PageOwner, number: number): void {
  page.writeUInt32LE(pageChecksum(page, owner, number), payloadBytes)
}

export function isPage(page: Buffer, owner: PageOwner, number: number): boolean {
  return pageChecksum(page, owner, number) === page.readUInt32LE(payloadBytes)
}

function pageChecksum(page: Buffer, { logId, segment, events }: PageOwner, number: number): number {
  const place = number === 0 ? `${logId}:${segment}` : `${logId}:${segment}:${events}:${number}`
  return crc32(page.subarray(0, payloadBytes), crc32(place))
}
