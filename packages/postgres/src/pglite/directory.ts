// The directory with the files of PGlite. Only one process at a time opens it, and files that a power failure may have damaged are not used again.
import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { uptime } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { newDirectoryBytesMin, openAttemptsMax } from '../limits.ts'

export interface PgliteDirectory {
  /** Calls `create` with the directory of the files. */
  create<Database>(create: (data: string) => Promise<Database>): Promise<Database>
  /** Call it after PGlite was closed. */
  close(): void
}

/**
 * PGlite takes no lock and never syncs its files, so this is done here. Two processes that write one directory would destroy it. If the machine stops
 * while the directory is open, the files on disk may be of different moments: they are deleted, and the read tables are built again from the log.
 * The same happens to files that PGlite cannot open any more after a crash. If PGlite was closed properly and still cannot open its files, they are kept.
 */
export function openDirectory(dir: string): PgliteDirectory {
  mkdirSync(dir, { recursive: true })
  const lock = takeLock(join(dir, 'indelible.lock'))
  const data = join(dir, 'data')
  const marker = new Marker(join(dir, 'indelible.boot'))
  const left = marker.read()
  const isOfThisBoot = left?.boot === bootId()
  const attempts = isOfThisBoot ? left.attempts : 0
  const mayStartEmpty = left !== undefined || !existsSync(data)
  const hasRoom = () => bytesFree(dir) >= newDirectoryBytesMin
  const startsEmpty = left !== undefined && (!isOfThisBoot || (attempts >= openAttemptsMax && hasRoom()))
  if (startsEmpty) rmSync(data, { recursive: true, force: true })

  return {
    async create(create) {
      // An attempt that hangs or kills the process counts too. An attempt without free disk space does not count: it says nothing about the files.
      const attemptsBefore = startsEmpty ? 0 : attempts
      marker.write(hasRoom() ? Math.min(attemptsBefore + 1, openAttemptsMax) : attemptsBefore)
      try {
        const database = await create(data)
        marker.write(0)
        return database
      } catch (error) {
        if (!hasRoom()) throw notOpened(error, 'The disk is almost full. Free some space: then it is tried again.')
        if (mayStartEmpty) {
          const advice = `After ${openAttemptsMax} attempts it starts empty, and the read tables are built again from the log.`
          throw notOpened(error, advice)
        }
        marker.remove()
        throw notOpened(error, 'If the directory is damaged, delete it: the read tables are built again from the log.')
      }
    },
    close() {
      for (const entry of readdirSync(data, { recursive: true, withFileTypes: true })) {
        sync(join(entry.parentPath, entry.name))
      }
      marker.remove()
      lock.close()
    },
  }
}

/** A file that exists while the directory is open, and remains after a crash. It holds the boot of the machine, and how often PGlite failed to open the directory. */
class Marker {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  read(): { boot: string; attempts: number } | undefined {
    if (!existsSync(this.#path)) return undefined
    const [boot = '', attempts] = readFileSync(this.#path, 'utf8').split(' ')
    return { boot, attempts: Number(attempts) }
  }

  /** Overwrites the file in place with text of the same length, so that a full disk causes neither a failure nor a loss. */
  write(attempts: number): void {
    const isNew = !existsSync(this.#path)
    const file = openSync(this.#path, constants.O_RDWR | constants.O_CREAT)
    try {
      const text = `${bootId()} ${attempts}`
      writeSync(file, text, 0)
      ftruncateSync(file, text.length)
      fsyncSync(file)
    } catch (error) {
      if (isNew) this.remove()
      throw error
    } finally {
      closeSync(file)
    }
    if (isNew) sync(dirname(this.#path))
  }

  remove(): void {
    rmSync(this.#path)
  }
}

function notOpened(cause: unknown, advice: string): Error {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new Error(`${message.replace(/[^.]$/, '$&.')} ${advice}`, { cause })
}

function bytesFree(dir: string): number {
  const { bavail, bsize } = statfsSync(dir)
  return bavail * bsize
}

/** The operating system releases the lock of SQLite when the process dies, for any reason. */
function takeLock(file: string): DatabaseSync {
  const lock = new DatabaseSync(file)
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    const isTaken = (error as { errcode?: number }).errcode === 5
    throw isTaken ? new Error('it is open already, here or in another process.') : error
  }
}

/** Identifies the current boot of the machine: by its id on Linux, elsewhere by the time of the boot to ten minutes. A wrong difference only costs a rebuild. */
function bootId(): string {
  const file = '/proc/sys/kernel/random/boot_id'
  return existsSync(file)
    ? readFileSync(file, 'utf8').trim()
    : new Date(Date.now() - uptime() * 1_000).toISOString().slice(0, 15)
}

function sync(path: string): void {
  // Windows syncs neither directories nor files that are open for reading.
  if (process.platform === 'win32') return
  const descriptor = openSync(path, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
