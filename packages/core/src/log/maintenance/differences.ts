// Compares what is in a file with what should be there.
import type { DiskFile } from '../disk/index.ts'

const chunkBytes = 256 * 1024

/** The first byte of a file that is not the expected one, if there is any. What is expected comes in pieces. */
export async function firstDifference(file: DiskFile, expected: Iterable<Buffer>): Promise<number | undefined> {
  const chunk = Buffer.allocUnsafe(chunkBytes)
  let at = 0
  for (const piece of expected) {
    for (let from = 0; from < piece.length; from += chunkBytes) {
      const wanted = piece.subarray(from, from + chunkBytes)
      const read = chunk.subarray(0, await file.read(chunk.subarray(0, wanted.length), at))
      if (!read.equals(wanted)) return at + sameBytes(read, wanted)
      at += wanted.length
    }
  }
  return (await file.size()) > at ? at : undefined
}

function sameBytes(read: Buffer, wanted: Buffer): number {
  let same = 0
  while (same < read.length && read[same] === wanted[same]) same++
  return same
}
