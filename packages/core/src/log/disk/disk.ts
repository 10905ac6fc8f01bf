// The only way from the log to the disk, small enough for a simulated disk to replace it. Nothing here deletes a segment or renames one away.
import * as fs from 'node:fs'
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { unguarded } from '../../kernel/unguarded.ts'
import { lockDirectory } from './lock.ts'
import { fault } from './os-fault.ts'

/** Events read their parts from the log when domain code asks for them. */
const now = {
  open: unguarded(fs.openSync),
  close: unguarded(fs.closeSync),
  read: unguarded(fs.readSync),
  stat: unguarded(fs.statSync),
  fstat: unguarded(fs.fstatSync),
}

/** Every method throws `store_full` where space or quota is used up, otherwise `io_failed`. */
export interface Disk {
  /** `create` makes the file, or empties the one that is there: for temporary files. */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<DiskFile>
  /** Opens a file for small synchronous reads: they block the thread, and cost a tenth of an asynchronous one. */
  openNow(path: string): FileNow
  /** Whether there is a file of this name, synchronously. */
  hasNow(path: string): boolean
  /** The names in a directory; none if there is no such directory. */
  list(dir: string): Promise<readonly string[]>
  /** Makes a directory with all above it, durably. */
  makeDir(dir: string): Promise<void>
  /** Opens a directory, to make durable what is created or renamed in it. */
  openDir(dir: string): Promise<DiskDir>
  /** Gives a finished temporary file its name. */
  rename(from: string, to: string): Promise<void>
  /** Removes a temporary file, or one that can be rebuilt from the log. */
  remove(path: string): Promise<void>
  /** Calls back when a file of a directory changes, perhaps too often and perhaps late; its name may be unknown. Returns a function that ends the watch. */
  watch(dir: string, changed: (name: string | undefined) => void): () => void
  /** How many files this process may have open, connections included. */
  filesMax(): number
  /** Takes the lock of the writer of a directory. Returns a function that releases it. Throws `store_locked`. */
  lock(dir: string): Promise<() => Promise<void>>
}

export interface DiskFile {
  size(): Promise<number>
  /** Fills the bytes from a place in the file. Gives their number, less than asked for only at the end of the file. */
  read(into: Uint8Array, at: number): Promise<number>
  /** The same synchronously, for small reads. */
  readNow(into: Uint8Array, at: number): number
  /**
   * Writes all of the bytes, or throws; what is on the disk then is unknown. A file opened with `write` has them durable when it resolves, as if
   * synced; one opened with `create` after `sync`.
   */
  write(bytes: Uint8Array, at: number): Promise<void>
  /** The same synchronously: it blocks the thread as long as the disk takes, and saves the time of waiting for another thread. */
  writeNow(bytes: Uint8Array, at: number): void
  /** Resolves when all that was written is durable (fdatasync). */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  close(): Promise<void>
}

export interface DiskDir {
  /** Resolves when every name that was given in the directory is durable. */
  sync(): Promise<void>
  close(): Promise<void>
}

export interface FileNow {
  size(): number
  /** Fills the bytes from a place in the file. Gives their number, less than asked for only at the end of the file. */
  read(into: Uint8Array, at: number): number
  close(): void
}

// On Linux one call writes and syncs (O_DSYNC, open(2)); elsewhere it may not reach the platter, and a sync follows.
const { O_RDWR, O_DSYNC = 0 } = fs.constants
const durableFlag = process.platform === 'linux' ? O_DSYNC : 0
const flags = { read: 'r', write: O_RDWR | durableFlag, create: 'w+' } as const

export const nodeDisk: Disk = {
  async open(path, mode) {
    const fd = await called<number>(path, (done) => fs.open(path, flags[mode], done))
    return nodeFile(fd, path, mode === 'write' && durableFlag === 0)
  },
  openNow(path) {
    const fd = calledNow(path, () => now.open(path, 'r'))
    return {
      size: () => calledNow(path, () => now.fstat(fd).size),
      read: (into, at) => calledNow(path, () => filledNow(fd, into, at)),
      close: () => calledNow(path, () => now.close(fd)),
    }
  },
  hasNow: (path) => calledNow(path, () => now.stat(path, { throwIfNoEntry: false })) !== undefined,
  async list(dir) {
    return await readdir(dir).catch((cause) => {
      if (cause.code === 'ENOENT') return []
      throw fault(cause, dir)
    })
  },
  async makeDir(path) {
    const dir = resolve(path)
    const outermost = await mkdir(dir, { recursive: true }).catch((cause) => Promise.reject(fault(cause, dir)))
    if (outermost === undefined) return
    const made = [dir]
    while (made.at(-1) !== outermost) made.push(dirname(made.at(-1)!))
    try {
      for (const each of made) await syncDir(this, dirname(each))
    } catch (error) {
      // A later try would find the directories there and take their names for durable.
      for (const each of made) await rmdir(each).catch(() => {})
      throw error
    }
  },
  async openDir(dir) {
    // Windows cannot open a directory; its file systems keep names durable by themselves.
    if (process.platform === 'win32') return { sync: async () => {}, close: async () => {} }
    const { sync, close } = await this.open(dir, 'read')
    return { sync, close }
  },
  async rename(from, to) {
    await rename(from, to).catch((cause) => Promise.reject(fault(cause, to)))
  },
  async remove(path) {
    await rm(path, { force: true }).catch((cause) => Promise.reject(fault(cause, path)))
  },
  watch(dir, changed) {
    // The number of watchers is limited. A follower also looks by itself from time to time, so it works without one.
    try {
      const watcher = fs.watch(dir, (_, name) => changed(name ?? undefined)).on('error', () => {})
      return () => watcher.close()
    } catch {
      return () => {}
    }
  },
  filesMax() {
    try {
      const [, limit] = /^Max open files\s+(\d+)/m.exec(fs.readFileSync('/proc/self/limits', 'utf8')) ?? []
      return Number(limit ?? Number.POSITIVE_INFINITY)
    } catch {
      // Only Linux says so in a file.
      return Number.POSITIVE_INFINITY
    }
  },
  lock: lockDirectory,
}

/** Makes what was created or renamed in a directory durable. */
export async function syncDir(disk: Disk, path: string): Promise<void> {
  const dir = await disk.openDir(path)
  await dir.sync().finally(() => dir.close())
}

/** Runs something with a file or directory, and closes it when that fails. */
export async function closeOnError<Value>(file: DiskFile | DiskDir, run: () => Promise<Value>): Promise<Value> {
  try {
    return await run()
  } catch (error) {
    await file.close().catch(() => {})
    throw error
  }
}

// The callback functions of node:fs cost about half as much a call as those of node:fs/promises.
function nodeFile(fd: number, path: string, syncsWrites: boolean): DiskFile {
  return {
    async size() {
      return (await called<fs.Stats>(path, (done) => fs.fstat(fd, done))).size
    },
    async read(into, at) {
      let filled = 0
      while (filled < into.length) {
        const read = await called<number>(path, (done) =>
          fs.read(fd, into, filled, into.length - filled, at + filled, done),
        )
        if (read === 0) break
        filled += read
      }
      return filled
    },
    readNow: (into, at) => calledNow(path, () => filledNow(fd, into, at)),
    async write(bytes, at) {
      for (let done = 0; done < bytes.length; ) {
        const from = done
        const written = await called<number>(path, (then) =>
          fs.write(fd, bytes, from, bytes.length - from, at + from, then),
        )
        done += some(path, written)
      }
      if (syncsWrites) await this.sync()
    },
    writeNow(bytes, at) {
      for (let done = 0; done < bytes.length; ) {
        const from = done
        done += some(
          path,
          calledNow(path, () => fs.writeSync(fd, bytes, from, bytes.length - from, at + from)),
        )
      }
      if (syncsWrites) calledNow(path, () => fs.fdatasyncSync(fd))
    },
    sync: () => called(path, (done) => fs.fdatasync(fd, done)),
    truncate: (size) => called(path, (done) => fs.ftruncate(fd, size, done)),
    close: () => called(path, (done) => fs.close(fd, done)),
  }
}

/** A disk that writes nothing and reports no error would be tried for ever. */
function some(path: string, written: number): number {
  if (written > 0) return written
  throw fault(Object.assign(new Error('Nothing was written.'), { code: 'EIO' }), path)
}

function filledNow(fd: number, into: Uint8Array, at: number): number {
  let filled = 0
  while (filled < into.length) {
    const read = now.read(fd, into, filled, into.length - filled, at + filled)
    if (read === 0) break
    filled += read
  }
  return filled
}

type Done<Value> = (error: NodeJS.ErrnoException | null, value?: Value) => void

function called<Value = void>(path: string, call: (done: Done<Value>) => void): Promise<Value> {
  return new Promise((resolve, reject) =>
    call((error, value) => (error ? reject(fault(error, path)) : resolve(value as Value))),
  )
}

function calledNow<Value>(path: string, call: () => Value): Value {
  try {
    return call()
  } catch (cause) {
    throw fault(cause as NodeJS.ErrnoException, path)
  }
}
