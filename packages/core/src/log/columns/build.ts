// Reads a segment and puts its columns beside it, once they were read back and every event in them is the one in the log.
import { join } from 'node:path'
import type { Disk } from '../disk/index.ts'
import type { LogSource } from '../limits.ts'
import { type BuildTask, eachFrame } from '../read/index.ts'
import { checkColumns } from './check-columns.ts'
import { type ColumnsOwner, columnsName } from './column-file.ts'
import { ColumnsBuilder } from './columns-builder.ts'
import type { Pace } from './pace.ts'

let builds = 0

/** Throws `log_corrupt` where the segment does not reach the last position, `store_full` or `io_failed`, and what `pace` throws. */
export async function buildColumns(log: LogSource, task: BuildTask, pace: Pace): Promise<void> {
  const { pieces, owner } = await columnsOf(log, task, pace)
  const path = join(log.dir, columnsName(task.segment))
  // Two processes may do the same work. The later one replaces the file by an equal one.
  const temporary = `${path}.${process.pid}-${++builds}.new`
  try {
    await write(log.disk, temporary, pieces)
    await checkColumns(log, task, { path: temporary, owner, pace })
    await log.disk.rename(temporary, path)
  } catch (error) {
    await log.disk.remove(temporary).catch(() => {})
    throw error
  }
}

/** The bytes that the columns of a segment must have, in pieces. Throws `log_corrupt`. */
async function columnsOf(
  log: LogSource,
  task: BuildTask,
  pace: Pace,
): Promise<{ readonly pieces: Iterable<Buffer>; readonly owner: ColumnsOwner }> {
  let builder: ColumnsBuilder | undefined
  await eachFrame(log, task, async (frame, starts, header) => {
    builder ??= new ColumnsBuilder(header)
    builder.add(frame, starts)
    await pace.turn()
  })
  return { pieces: builder!.finish(), owner: builder!.owner }
}

async function write(disk: Disk, path: string, pieces: Iterable<Buffer>): Promise<void> {
  const file = await disk.open(path, 'create')
  try {
    let at = 0
    for (const piece of pieces) {
      await file.write(piece, at)
      at += piece.length
    }
    await file.sync()
  } finally {
    await file.close()
  }
}
