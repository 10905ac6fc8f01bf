// Keeps files of a log open for synchronous reads, up to a limit. A file that was not used since the last search is closed first (the clock algorithm).
import { join } from 'node:path'
import { isIndelibleError } from '../../kernel/errors.ts'
import { type FileNow, isOutOfFiles } from '../disk/index.ts'
import type { LogSource } from '../limits.ts'

/** The share of the files that the process may have open. The rest is for the writer, for scans, and for the rest of the process. */
const shareMax = 1 / 4

interface OpenFile {
  readonly file: FileNow
  used: boolean
}

export class OpenFiles {
  readonly #log: LogSource
  readonly #openMax: number
  /** By name, in the order in which they are considered for closing. */
  readonly #open = new Map<string, OpenFile>()
  #latest: { name: string; file: FileNow } | undefined
  #closed = false

  constructor(log: LogSource) {
    this.#log = log
    this.#openMax = Math.min(log.limits.openFilesMax, Math.ceil(log.disk.filesMax() * shareMax))
  }

  /** Fills the bytes from a place in a file. Gives their number, less than asked for only at the end of the file. */
  read(name: string, into: Uint8Array, at: number): number {
    const read = this.#file(name).read(into, at)
    if (this.#closed) this.close(name)
    return read
  }

  size(name: string): number {
    const size = this.#file(name).size()
    if (this.#closed) this.close(name)
    return size
  }

  close(name: string): void {
    const file = this.#open.get(name)
    this.#open.delete(name)
    this.#latest = undefined
    if (file) closeQuietly(file.file)
  }

  /** A read after this, by an event that a caller still holds, opens the file for that read only. */
  closeAll(): void {
    this.#closed = true
    for (const name of [...this.#open.keys()]) this.close(name)
  }

  #file(name: string): FileNow {
    if (this.#latest?.name === name) return this.#latest.file
    let open = this.#open.get(name)
    if (!open) {
      open = { file: this.#opened(name), used: true }
      if (this.#open.size >= this.#openMax) this.#closeOne()
      this.#open.set(name, open)
    }
    open.used = true
    this.#latest = { name, file: open.file }
    return open.file
  }

  /** When the process may open no more files, closes some of these and tries again. */
  #opened(name: string): FileNow {
    for (;;) {
      try {
        return this.#log.disk.openNow(join(this.#log.dir, name))
      } catch (error) {
        if (this.#open.size === 0 || !isOutOfFiles(error)) throw error
        this.#closeOne()
      }
    }
  }

  #closeOne(): void {
    for (const [name, open] of this.#open) {
      if (!open.used) {
        this.close(name)
        return
      }
      open.used = false
      // Move it behind the others. The search comes back to it when all were used.
      this.#open.delete(name)
      this.#open.set(name, open)
    }
  }
}

/** Nothing was written through the file, so a fault of the operating system at closing is ignored. The file must not be used again either way. */
function closeQuietly(file: FileNow): void {
  try {
    file.close()
  } catch (error) {
    if (!isIndelibleError(error)) throw error
  }
}
