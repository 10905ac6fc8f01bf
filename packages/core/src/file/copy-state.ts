// What a log is to those who copy: an unfinished copy, or one whose history goes on elsewhere. A log without such a file is a log like any other.
import { join } from 'node:path'
import { IndelibleError } from '../kernel/errors.ts'
import { syncDir } from '../log/disk/index.ts'
import type { LogSource } from '../log/limits.ts'
import { retired, unfinished } from '../store/copying.ts'
import { readChecksummed, writeChecksummed } from './checksummed-file.ts'

export interface CopyState {
  readonly state: 'unfinished' | 'retired'
  /** The copy that it is, or for which it was retired. */
  readonly copyId: string
}

const fileName = 'copy.json'

/** Throws `log_corrupt` where the file is not what was written. */
export async function copyStateOf({ dir, disk }: LogSource): Promise<CopyState | undefined> {
  const path = join(dir, fileName)
  const found = await readChecksummed(disk, path)
  if (found === 'missing') return undefined
  const { state, copyId }: Partial<CopyState> = found === 'damaged' ? {} : (found.value as CopyState)
  if ((state === 'unfinished' || state === 'retired') && typeof copyId === 'string') return { state, copyId }
  throw new IndelibleError(
    'log_corrupt',
    `${path} is not what was written. It says whether this log is an unfinished copy.`,
    {
      details: { file: path },
    },
  )
}

/** Durable when it resolves. */
export async function setCopyState({ dir, disk }: LogSource, state: CopyState | undefined): Promise<void> {
  const path = join(dir, fileName)
  if (state !== undefined) return await writeChecksummed(disk, path, state, { durable: true })
  await disk.remove(path)
  await syncDir(disk, dir)
}

/** Throws `store_unfinished`, `store_retired`. */
export async function assertWritable(log: LogSource): Promise<void> {
  const { state } = (await copyStateOf(log)) ?? {}
  if (state === 'unfinished') throw unfinished(log.dir)
  if (state === 'retired') throw retired(log.dir)
}

/** Whether a directory has more than the lock of a writer. */
export async function hasFiles({ disk, dir }: LogSource): Promise<boolean> {
  return (await disk.list(dir)).some((name) => !name.startsWith('writer.'))
}
