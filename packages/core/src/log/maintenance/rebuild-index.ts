// Rebuilds the index and the columns of a log from the log, while it may be read and written.
import { join } from 'node:path'
import { buildColumns, columnsName, readsColumns, unpaced } from '../columns/index.ts'
import { type Disk, nodeDisk, syncDir } from '../disk/index.ts'
import { buildIndex, indexName } from '../index/index.ts'
import { type LogSource, logLimits } from '../limits.ts'
import { checkSegment } from './check-segment.ts'
import { type OnProgress, ProgressReporter } from './progress.ts'
import { headerOf, lastSegmentOf, segmentsWith, sizeOf } from './segment-files.ts'

export interface RebuildOptions {
  readonly dir: string
  readonly disk?: Disk
  /** Only these. All sealed segments when left out. */
  readonly segments?: readonly number[]
  /** Called after each segment. */
  readonly onProgress?: OnProgress
}

export interface RebuildSummary {
  readonly segments: number
  readonly events: number
  /** Of the index files. */
  readonly bytes: number
  /** Of the files of columns. */
  readonly columnBytes: number
  readonly ms: number
}

/**
 * Rebuilds the index files and column files of sealed segments. Each new file replaces the old one in one step, with the same bytes unless the old one was
 * damaged. The segment that is being written has its index in memory; a damaged index file of that segment is deleted.
 * Throws `store_missing`, `log_corrupt`, `log_format_unknown`, `store_full`, `io_failed`.
 */
export async function rebuildIndex({
  dir,
  disk = nodeDisk,
  segments: wanted,
  onProgress,
}: RebuildOptions): Promise<RebuildSummary> {
  const log: LogSource = { dir, disk, limits: logLimits }
  const startMs = performance.now()
  const last = await lastSegmentOf(log)
  const sealed = Array.from({ length: last - 1 }, (_, index) => index + 1)
  const segments = wanted ? sealed.filter((segment) => wanted.includes(segment)) : sealed
  const progress = new ProgressReporter(onProgress, await bytesOf(log, segments))
  const sum = { segments: segments.length, events: 0, bytes: 0, columnBytes: 0 }
  for (const segment of segments) {
    const { header, bytes } = await headerOf(log, segment)
    const lastPosition = (await headerOf(log, segment + 1)).header.firstPosition - 1
    await buildIndex(log, { segment, lastPosition })
    if (readsColumns) await buildColumns(log, { segment, lastPosition }, unpaced)
    sum.events += lastPosition + 1 - header.firstPosition
    sum.bytes += await sizeOf(log, indexName(segment))
    if (readsColumns) sum.columnBytes += await sizeOf(log, columnsName(segment))
    progress.add(bytes)
  }
  if (wanted?.includes(last) ?? true) await dropDamaged(log, last)
  await syncDir(disk, dir)
  progress.end()
  return { ...sum, ms: Math.round(performance.now() - startMs) }
}

/** Opening the log does not need this index. If the segment is sealed meanwhile, the deleted file may be its new index; that is rebuilt too. */
async function dropDamaged(log: LogSource, segment: number): Promise<void> {
  if (!(await segmentsWith('idx', log)).has(segment)) return
  const { index } = await checkSegment(log, { segment, indexed: true, hasColumns: false })
  if (typeof index === 'object') await log.disk.remove(join(log.dir, indexName(segment)))
}

async function bytesOf(log: LogSource, segments: readonly number[]): Promise<number> {
  let bytes = 0
  for (const segment of segments) bytes += (await headerOf(log, segment)).bytes
  return bytes
}
