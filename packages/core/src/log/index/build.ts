// Reads a segment and writes its index file.
import { join } from 'node:path'
import { corrupt, Frame } from '../format/index.ts'
import type { LogSource } from '../limits.ts'
import { type BuildTask, SegmentReader } from '../read/index.ts'
import { IndexBuilder } from './index-builder.ts'
import { indexName } from './index-file.ts'

let builds = 0

/** Throws `log_corrupt` where the segment does not reach the last position, `store_full` or `io_failed`. */
export async function buildIndex(log: LogSource, task: BuildTask): Promise<void> {
  const bytes = await indexOf(log, task)
  const path = join(log.dir, indexName(task.segment))
  // Two processes may do the same work. The later one replaces the file by an equal one.
  const temporary = `${path}.${process.pid}-${++builds}.new`
  try {
    const file = await log.disk.open(temporary, 'create')
    try {
      await file.write(bytes, 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await log.disk.rename(temporary, path)
  } catch (error) {
    await log.disk.remove(temporary).catch(() => {})
    throw error
  }
}

/** The bytes that the index of a segment must have. Throws `log_corrupt`. */
export async function indexOf(log: LogSource, { segment, lastPosition }: BuildTask): Promise<Buffer> {
  const reader = await SegmentReader.open(log, { segment })
  try {
    const builder = new IndexBuilder(reader.header)
    const eventsMax = lastPosition + 1 - reader.header.firstPosition
    while (builder.events < eventsMax) {
      const offset = reader.end
      const bytes = await reader.next()
      const frame = bytes && new Frame(bytes)
      if (!frame || frame.kind === 'sealed') throw corrupt({ segment, offset }, 'there is no whole frame')
      if (frame.kind === 'commits') builder.add(frame, { segment, offset }, startsOf(frame, { segment, offset }))
    }
    return builder.finish()
  } finally {
    await reader.close()
  }
}

function startsOf(frame: Frame, place: { segment: number; offset: number }): number[] {
  try {
    return frame.starts()
  } catch (cause) {
    throw corrupt(place, `the frame there cannot be read (${(cause as Error).message})`)
  }
}
