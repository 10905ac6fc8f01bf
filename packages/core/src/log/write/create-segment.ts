// Creates the file of a segment, so that no process ever sees it without its header.
import { join } from 'node:path'
import { closeOnError, type DiskFile } from '../disk/index.ts'
import { corrupt, encodeHeader, type SegmentHeader, segmentHeaderBytes, segmentName } from '../format/index.ts'
import type { LogSource } from '../limits.ts'

const unfinishedForm = /^\d{8,}\.(log|(idx|col)\.\d+-\d+)\.new$/

/** Takes away what a process that died was still making. A file of the log never has such a name. */
export async function removeUnfinished({ disk, dir }: Pick<LogSource, 'disk' | 'dir'>): Promise<void> {
  for (const name of await disk.list(dir)) if (unfinishedForm.test(name)) await disk.remove(join(dir, name))
}

/**
 * Makes a segment that never is seen without its header, and opens it before it is seen at all: once it has its name, all that is left to do is
 * to make that durable, which is the caller's. Where that name was given by an earlier try, though it failed, the file that has it is taken up.
 */
export async function createSegment({ disk, dir }: LogSource, header: SegmentHeader): Promise<DiskFile> {
  const path = join(dir, segmentName(header.segment))
  if (disk.hasNow(path)) return await openFresh({ disk, dir }, header)
  const temporary = `${path}.new`
  try {
    const made = await disk.open(temporary, 'create')
    try {
      await made.write(encodeHeader(header), 0)
      await made.sync()
    } finally {
      await made.close()
    }
    const file = await disk.open(temporary, 'write')
    return await closeOnError(file, async () => {
      await disk.rename(temporary, path)
      return file
    })
  } catch (error) {
    await disk.remove(temporary).catch(() => {})
    throw error
  }
}

/** Opens a segment that has nothing but the header that it must have. Throws `log_corrupt` where that is not so. */
async function openFresh({ disk, dir }: Pick<LogSource, 'disk' | 'dir'>, header: SegmentHeader): Promise<DiskFile> {
  const { segment } = header
  const file = await disk.open(join(dir, segmentName(segment)), 'write')
  return await closeOnError(file, async () => {
    const found = Buffer.alloc(segmentHeaderBytes + 1)
    const length = await file.read(found, 0)
    if (length === segmentHeaderBytes && found.subarray(0, length).equals(encodeHeader(header))) return file
    throw corrupt({ segment, offset: 0 }, 'it is there before the log has come to it')
  })
}
