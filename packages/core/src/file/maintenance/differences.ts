// Compares what is in a file with what should be there.
import type { DiskFile } from '../../log/disk.ts'

const chunkBytes = 256 * 1024

/** The first byte of a file that is not the expected one, if there is any. */
export async function firstDifference(file: DiskFile, expected: Buffer): Promise<number | undefined> {
  const chunk = Buffer.allocUnsafe(chunkBytes)
  for (let at = 0; at < expected.length; at += chunk.length) {
    const read = chunk.subarray(0, await file.read(chunk, at))
    const wanted = expected.subarray(at, at + chunk.length)
    if (read.equals(wanted)) continue
    let same = 0
    while (same < Math.min(read.length, wanted.length) && read[same] === wanted[same]) same++
    return at + same
  }
  return (await file.size()) > expected.length ? expected.length : undefined
}
