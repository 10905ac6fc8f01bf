// Creates the file of a segment, so that no process ever sees it without its header.
import { join } from 'node:path'
import { closeOnError, type DiskFile } from '../disk/index.ts'
import { corrupt, encodeHeader, type SegmentHeader, segmentHeaderBytes, segmentName } from '../format/index.ts'
import type { LogSource } from '../limits.ts'

const unfinishedForm = /^\d{8,}\.(log|(idx|col)\.\d+-\d+)\.new$/

/** Deletes unfinished files of a process that died. A file of the log never has such a name. */
export async function removeUnfinished({ disk, dir }: Pick<LogSource, 'disk' | 'dir'>): Promise<void> {
  for (const name of await disk.list(dir)) if (unfinishedForm.test(name)) await disk.remove(join(dir, name))
}

/**
 * Creates a segment and opens it before it gets its name, so that no process sees it without its header. The caller makes the name durable. If an earlier try
 * failed after it gave the name, the file of that try is used.
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

/** Opens a segment that has nothing but the expected header. Throws `log_corrupt` when it has anything else. */
async function openFresh({ disk, dir }: Pick<LogSource, 'disk' | 'dir'>, header: SegmentHeader): Promise<DiskFile> {
  const { segment } = header
  const file = await disk.open(join(dir, segmentName(segment)), 'write')
  return await closeOnError(file, async () => {
    const found = Buffer.alloc(segmentHeaderBytes + 1)
    const length = await file.read(found, 0)
    if (length === segmentHeaderBytes && found.subarray(0, length).equals(encodeHeader(header))) return file
    throw corrupt({ segment, offset: 0 }, 'it exists though the log has not reached it')
  })
}
