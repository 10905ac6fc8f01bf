// Whether the versions of every stream follow from segment to segment. A stream takes a few bytes here, not its name: 24 to 48 of them, by how full
// the table is.

import { corrupt } from '../format/index.ts'
import { hashTerm, kindCodes, type SegmentStreams } from '../index/index.ts'
import type { LogSource } from '../limits.ts'
import { LogReader } from '../read/index.ts'

const initialSlots = 4096
const fullest = 0.66

/** The last version of each stream by the hash of its name, in open addressing; a version of 0 is a free slot. */
class VersionTable {
  #high = new Uint32Array(initialSlots)
  #low = new Uint32Array(initialSlots)
  #versions = new Float64Array(initialSlots)
  size = 0

  get(high: number, low: number): number {
    return this.#versions[this.#slot(high, low)]!
  }

  set(high: number, low: number, version: number): void {
    const slot = this.#slot(high, low)
    if (this.#versions[slot] === 0) this.size++
    this.#high[slot] = high
    this.#low[slot] = low
    this.#versions[slot] = version
    if (this.size > fullest * this.#versions.length) this.#grow()
  }

  #slot(high: number, low: number): number {
    const mask = this.#versions.length - 1
    let slot = (low ^ (high << 5)) & mask
    while (this.#versions[slot] !== 0 && (this.#high[slot] !== high || this.#low[slot] !== low))
      slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const [high, low, versions] = [this.#high, this.#low, this.#versions]
    this.#high = new Uint32Array(2 * high.length)
    this.#low = new Uint32Array(2 * high.length)
    this.#versions = new Float64Array(2 * high.length)
    this.size = 0
    for (let slot = 0; slot < versions.length; slot++) {
      if (versions[slot] !== 0) this.set(high[slot]!, low[slot]!, versions[slot]!)
    }
  }
}

export class Versions {
  readonly #table = new VersionTable()
  /** Hashes that two names share, in one number each. Their streams are looked at by name. */
  readonly #shared = new Set<bigint>()
  readonly #readByName: (hashes: ReadonlySet<bigint>, segment: number) => Promise<void>

  /** `readByName` reads the log up to the end of a segment and throws where the versions of a stream with one of these hashes do not follow. */
  constructor(readByName: (hashes: ReadonlySet<bigint>, segment: number) => Promise<void>) {
    this.#readByName = readByName
  }

  /** Takes in the streams of the next segment. Throws what `readByName` throws. */
  async take(segment: number, { high, low, firstVersion, lastVersion }: SegmentStreams): Promise<void> {
    const doubtful = new Set<bigint>()
    for (let at = 0; at < high.length; at++) {
      if (this.#table.get(high[at]!, low[at]!) + 1 !== firstVersion[at]) doubtful.add(hashKey(high[at]!, low[at]!))
      this.#table.set(high[at]!, low[at]!, lastVersion[at]!)
    }
    for (const hash of this.#shared) doubtful.delete(hash)
    if (doubtful.size === 0) return
    await this.#readByName(doubtful, segment)
    for (const hash of doubtful) this.#shared.add(hash)
  }

  async finish(lastSegment: number): Promise<void> {
    if (this.#shared.size > 0) await this.#readByName(this.#shared, lastSegment)
  }
}

/** Reads the log again to check a few streams by their names. Throws `log_corrupt`. */
export async function readByName(log: LogSource, hashes: ReadonlySet<bigint>, lastSegment: number): Promise<void> {
  const reader = await LogReader.open(log)
  try {
    const versions = new Map<string, number>()
    const hash = { high: 0, low: 0 }
    for (let next = await reader.next(); next && next.place.segment <= lastSegment; next = await reader.next()) {
      for (const start of next.starts) {
        const { stream, version } = next.frame.event(start)
        const name = Buffer.from(stream)
        hashTerm(kindCodes.stream, name, 0, name.length, hash)
        if (!hashes.has(hashKey(hash.high, hash.low))) continue
        const expected = (versions.get(stream) ?? 0) + 1
        if (version !== expected) {
          throw corrupt(next.place, `${stream} has version ${version} where ${expected} must follow`)
        }
        versions.set(stream, version)
      }
    }
  } finally {
    await reader.close()
  }
}

function hashKey(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low)
}
