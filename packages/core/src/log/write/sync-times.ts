// Counts how long durable writes take, in a file beside the log for `logStats`. The classes are powers of two, because the slow writes matter.
import { join } from 'node:path'
import { isIndelibleError } from '../../kernel/errors.ts'
import type { LogSource } from '../limits.ts'

const fileName = 'syncs.json'
/** The classes end at 2^4 us to 2^24 us (17 s). */
const [firstPower, lastPower] = [4, 24]
/** How often they are written while the log is being written. */
const saveMs = 10_000

export interface SyncTimes {
  /** When the writer that they are of was opened. */
  readonly since: string
  readonly count: number
  /** How many durable writes took at most `microsecondsMax`, and more than that of the class before. The last class has no upper bound. */
  readonly classes: readonly { readonly microsecondsMax: number | null; readonly count: number }[]
}

export class SyncClock {
  readonly #log: LogSource
  readonly #since: string
  readonly #counts = new Float64Array(lastPower - firstPower + 2)
  #count = 0
  #ms = 0
  #savedMs = performance.now()
  #saving: Promise<void> = Promise.resolve()

  constructor(log: LogSource, since: string) {
    this.#log = log
    this.#since = since
  }

  add(ms: number): void {
    const power = Math.ceil(Math.log2(Math.max(1, ms * 1000)))
    this.#counts[Math.min(Math.max(power, firstPower), lastPower + 1) - firstPower]!++
    this.#count++
    this.#ms += ms
    const nowMs = performance.now()
    if (nowMs - this.#savedMs < saveMs) return
    this.#savedMs = nowMs
    this.#saving = this.#save()
  }

  /** How many there were, and how long they took together. */
  get total(): { readonly count: number; readonly ms: number } {
    return { count: this.#count, ms: this.#ms }
  }

  async close(): Promise<void> {
    await this.#saving
    if (this.#count > 0) await this.#save()
  }

  #result(): SyncTimes {
    const classes = Array.from(this.#counts, (count, index) => {
      const power = firstPower + index
      return { microsecondsMax: power > lastPower ? null : 2 ** power, count }
    })
    return { since: this.#since, count: this.#count, classes }
  }

  /** Nothing depends on the file, so it is not synced, and an error is ignored. */
  async #save(): Promise<void> {
    const { disk, dir } = this.#log
    const path = join(dir, fileName)
    try {
      const file = await disk.open(`${path}.new`, 'create')
      await file.write(Buffer.from(`${JSON.stringify(this.#result())}\n`), 0).finally(() => file.close())
      await disk.rename(`${path}.new`, path)
    } catch (error) {
      if (!isIndelibleError(error)) throw error
    }
  }
}

/** The times of the last writer, if it left any. */
export async function readSyncTimes({ disk, dir }: Pick<LogSource, 'disk' | 'dir'>): Promise<SyncTimes | undefined> {
  try {
    const file = await disk.open(join(dir, fileName), 'read')
    try {
      const bytes = Buffer.alloc(await file.size())
      await file.read(bytes, 0)
      return JSON.parse(bytes.toString()) as SyncTimes
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}
