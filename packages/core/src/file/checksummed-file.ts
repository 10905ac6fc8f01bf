// Small files of JSON behind a checksum, replaced as a whole: what is read is what was once written, or it is noticed.
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Disk } from '../log/disk/index.ts'

/** How the name of a file ends that is being written. */
export const unfinishedEnding = '.new'

let written = 0

/** Writes the file beside its place and renames it. `durable` says whether it must survive a loss of power. */
export async function writeChecksummed(
  disk: Disk,
  path: string,
  value: unknown,
  { durable }: { readonly durable: boolean },
): Promise<void> {
  const dir = dirname(path)
  await disk.makeDir(dir)
  const temporary = `${path}.${process.pid}-${++written}${unfinishedEnding}`
  const json = JSON.stringify(value)
  try {
    const file = await disk.open(temporary, 'create')
    try {
      await file.write(Buffer.from(`${checksum(json)}\n${json}`), 0)
      if (durable) await file.sync()
    } finally {
      await file.close()
    }
    await disk.rename(temporary, path)
  } catch (error) {
    await disk.remove(temporary).catch(() => {})
    throw error
  }
  if (!durable) return
  const directory = await disk.openDir(dir)
  await directory.sync().finally(() => directory.close())
}

/** `damaged` where it is not what was written. Throws `io_failed` where the disk refuses. */
export async function readChecksummed(
  disk: Disk,
  path: string,
): Promise<{ readonly value: unknown } | 'missing' | 'damaged'> {
  if (!disk.hasNow(path)) return 'missing'
  const file = await disk.open(path, 'read')
  try {
    const bytes = Buffer.alloc(await file.size())
    await file.read(bytes, 0)
    const text = bytes.toString()
    const json = text.slice(text.indexOf('\n') + 1)
    return text.startsWith(`${checksum(json)}\n`) ? { value: JSON.parse(json) } : 'damaged'
  } finally {
    await file.close()
  }
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0')
}
