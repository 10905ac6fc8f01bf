// Files of a log kept open for reading at once, up to a limit; the one used longest ago is closed first.
import { join } from 'node:path'
import { isIndelibleError } from '../kernel/errors.ts'
import type { FileNow } from './disk.ts'
import type { LogSource } from './limits.ts'

export class OpenFiles {
  readonly #log: LogSource
  /** By name; the one used longest ago comes first. */
  readonly #open = new Map<string, FileNow>()
  #latest: { name: string; file: FileNow } | undefined
  #closed = false

  constructor(log: LogSource) {
    this.#log = log
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
    if (file) closeQuietly(file)
  }

  /** Whoever reads after this, for an event that was kept, opens a file for it alone. */
  closeAll(): void {
    this.#closed = true
    for (const name of [...this.#open.keys()]) this.close(name)
  }

  #file(name: string): FileNow {
    if (this.#latest?.name === name) return this.#latest.file
    const file = this.#open.get(name) ?? this.#opened(name)
    this.#open.delete(name)
    this.#open.set(name, file)
    if (this.#open.size > this.#log.limits.openFilesMax) this.#closeOldest()
    this.#latest = { name, file }
    return file
  }

  /** Where the process may open no more files, closes some of ours. */
  #opened(name: string): FileNow {
    for (;;) {
      try {
        return this.#log.disk.openNow(join(this.#log.dir, name))
      } catch (error) {
        const { code } = ((error as Error).cause ?? {}) as { code?: unknown }
        if (this.#open.size === 0 || (code !== 'EMFILE' && code !== 'ENFILE')) throw error
        this.#closeOldest()
      }
    }
  }

  #closeOldest(): void {
    const [oldest] = this.#open.keys()
    this.close(oldest!)
  }
}

/** Nothing was written through it, so a fault is nobody's; and however closing ends, the file must not be used again. */
function closeQuietly(file: FileNow): void {
  try {
    file.close()
  } catch (error) {
    if (!isIndelibleError(error)) throw error
  }
}
