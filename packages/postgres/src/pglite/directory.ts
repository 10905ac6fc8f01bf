// The directory that PGlite keeps its files in: one process at a time, and none of the files outlives a loss of power.
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
import { anewBytesMin, openTriesMax } from '../limits.ts'

export interface PgliteDirectory {
  /** Gives the directory of the files to `create`. */
  open<Database>(create: (data: string) => Promise<Database>): Promise<Database>
  /** After PGlite was closed. */
  leave(): void
}

/**
 * PGlite takes no lock and never syncs, so both are done here. Two that write one directory would destroy it. And when the machine stops while
 * it is open, the pages on disk may be of different moments: such tables are thrown away, to be made again from the log. So are those that PGlite
 * cannot open any more after it crashed. What was left in order, and still cannot be opened, is left as it is.
 */
export function enter(dir: string): PgliteDirectory {
  mkdirSync(dir, { recursive: true })
  const lock = takeLock(join(dir, 'indelible.lock'))
  const data = join(dir, 'data')
  const marker = new Marker(join(dir, 'indelible.boot'))
  const left = marker.read()
  const isOfThisBoot = left?.boot === bootId()
  const tries = isOfThisBoot ? left.tries : 0
  const mayBeginAnew = left !== undefined || !existsSync(data)
  const hasRoom = () => bytesFree(dir) >= anewBytesMin
  const beginsAnew = left !== undefined && (!isOfThisBoot || (tries >= openTriesMax && hasRoom()))
  if (beginsAnew) rmSync(data, { recursive: true, force: true })

  return {
    async open(create) {
      // A try that hangs, or takes the process with it, counts too. One that lacks room says nothing of the directory.
      const triesBefore = beginsAnew ? 0 : tries
      marker.write(hasRoom() ? Math.min(triesBefore + 1, openTriesMax) : triesBefore)
      try {
        const database = await create(data)
        marker.write(0)
        return database
      } catch (error) {
        if (!hasRoom()) throw notOpened(error, 'The disk has little room left. Once it has more, this is tried again.')
        if (mayBeginAnew)
          throw notOpened(
            error,
            `After ${openTriesMax} tries it begins empty; read tables are made again from the log.`,
          )
        marker.remove()
        throw notOpened(error, 'If the directory is damaged, delete it: read tables are made again from the log.')
      }
    },
    leave() {
      for (const entry of readdirSync(data, { recursive: true, withFileTypes: true }))
        sync(join(entry.parentPath, entry.name))
      marker.remove()
      lock.close()
    },
  }
}

/** A file that is there while a directory is open, and after it was not left in order. It says since which start of the machine, and how often PGlite failed to open it. */
class Marker {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  read(): { boot: string; tries: number } | undefined {
    if (!existsSync(this.#path)) return undefined
    const [boot = '', tries] = readFileSync(this.#path, 'utf8').split(' ')
    return { boot, tries: Number(tries) }
  }

  /** In place and of one length, so that on a full disk it neither fails nor loses what was there. */
  write(tries: number): void {
    const isNew = !existsSync(this.#path)
    const file = openSync(this.#path, constants.O_RDWR | constants.O_CREAT)
    try {
      const text = `${bootId()} ${tries}`
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

/** The kernel lets go of SQLite's lock when the process dies, however it dies. */
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

/** Names the time since the machine was started: by its own name on Linux, elsewhere to ten minutes; a needless new name costs a rebuild, no more. */
function bootId(): string {
  const file = '/proc/sys/kernel/random/boot_id'
  return existsSync(file)
    ? readFileSync(file, 'utf8').trim()
    : new Date(Date.now() - uptime() * 1_000).toISOString().slice(0, 15)
}

function sync(path: string): void {
  // Windows syncs neither directories nor what is open for reading.
  if (process.platform === 'win32') return
  const descriptor = openSync(path, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
