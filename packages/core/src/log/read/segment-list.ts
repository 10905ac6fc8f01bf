// Which segments a log has, by the names of the files in its directory.
import { corrupt } from '../format/index.ts'
import type { LogSource } from '../limits.ts'

const nameForm = /^(\d{8,})\.log$/

/** The number of the last segment in a directory, 0 if there is none. Throws `log_corrupt` where one before it is missing. */
export async function lastSegment(log: Pick<LogSource, 'disk' | 'dir'>): Promise<number> {
  const numbers = await segmentNumbers(log)
  const last = Math.max(0, ...numbers)
  if (firstGap(numbers, last) === undefined) return last
  // A file that is created while the directory is read may be missed, though a later one is seen. A second look finds it.
  const missing = firstGap(await segmentNumbers(log), last)
  if (missing !== undefined) throw corrupt({ segment: missing, offset: 0 }, 'the file is missing')
  return last
}

async function segmentNumbers({ disk, dir }: Pick<LogSource, 'disk' | 'dir'>): Promise<Set<number>> {
  const numbers = (await disk.list(dir)).map((name) => Number(nameForm.exec(name)?.[1]))
  return new Set(numbers.filter((number) => number > 0))
}

function firstGap(numbers: ReadonlySet<number>, last: number): number | undefined {
  for (let number = 1; number <= last; number++) if (!numbers.has(number)) return number
  return undefined
}
