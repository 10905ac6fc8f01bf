// Bytes that our writers did not write, but with correct checksums: every decoder ends soon, with an answer or an IndelibleError, and does not allocate
// memory only because a length field claims that much content.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { type Draw, draws, hours, long, seed } from '../../../../scripts/campaign.ts'
import { fileStore } from '../../src/file/event-store.ts'
import { fileSnapshots } from '../../src/file/snapshots.ts'
import { isIndelibleError } from '../../src/kernel/errors.ts'
import { OpenFiles } from '../../src/log/cache/open-files.ts'
import {
  claimedLength,
  completed,
  Frame,
  type FrameKind,
  frameHeaderBytes,
  isFrame,
} from '../../src/log/format/frame.ts'
import { decodeHeader, segmentHeaderBytes } from '../../src/log/format/segment-header.ts'
import { PageCache } from '../../src/log/index/page-cache.ts'
import { pageBytes, sealPage } from '../../src/log/index/pages.ts'
import { SegmentIndex } from '../../src/log/index/segment-index.ts'
import { wanted } from '../../src/log/index/wanted-term.ts'
import { logLimits } from '../../src/log/limits.ts'
import { type DiskImage, simulatedDisk } from '../crash/simulated-disk.ts'
import { read, soon, withFile } from './support.ts'

const inputs = long ? 1_000_000 : 12_500
const limits = { segmentEventsMax: 40, reserveBytes: 128, readBytesMax: 4096, unindexedEventsMax: 1 }
const log = { dir: '/log', limits: { ...logLimits, ...limits } }
const [first, firstIndex] = ['/log/00000001.log', '/log/00000001.idx']
const heldBytesMax = 96 * 1024 * 1024

test(
  `${inputs} forged frames, headers, indexes and snapshots are decoded or refused with our errors`,
  hours,
  async () => {
    const { image, logId } = await written()
    const next = draws()
    const frames = framesOf(image.get(first)!)
    const stores = new StoreFuzz(image, next)
    const counts: Record<string, { inputs: number; refused: number }> = {}
    const note = (kind: string, refused: boolean) => {
      counts[kind] ??= { inputs: 0, refused: 0 }
      counts[kind].inputs++
      if (refused) counts[kind].refused++
    }
    const memory = new Memory()
    for (let input = 0; input < inputs; input++) {
      const kind = input % 100
      const context = `input ${input} of seed ${seed}`
      try {
        if (kind < 66) note('frames', fuzzFrame(frames[next(frames.length)]!, next))
        else if (kind < 76) note('headers', fuzzHeader(image.get(first)!, next))
        else if (kind < 94) note('indexes', fuzzIndex(image, logId, next))
        else if (kind < 96) note('snapshots', await fuzzSnapshot(image, next))
        else if (kind < 99) note('logs', await soon(context, stores.log()))
        else note('logs with fuzzed indexes', await soon(context, stores.index(logId)))
        // Frames are decoded in place, the others allocate what they need.
        if (kind >= 76 || input % 500 === 0) memory.look()
      } catch (error) {
        throw new Error(context, { cause: error })
      }
    }
    const told = Object.entries(counts).map(([kind, { inputs, refused }]) => `${inputs} ${kind} (${refused} refused)`)
    console.log(`decoders: ${told.join(', ')}, at most ${memory.heldMiB} MiB held, 0 failures, seed ${seed}`)
    for (const [kind, { inputs, refused }] of Object.entries(counts)) {
      expect(refused, kind).toBeGreaterThan(inputs / 20)
      expect(refused, kind).toBeLessThan(inputs)
    }
  },
)

async function written(): Promise<{ image: DiskImage; logId: string }> {
  const simulated = simulatedDisk()
  const store = await fileStore({ dir: '/log', disk: simulated.disk, limits })
  for (let n = 0; n < 40; n++) {
    const events = Array.from({ length: 1 + (n % 3) }, (_, index) => ({
      stream: `s-${(n + index) % 7}` as const,
      type: ['Opened', 'Größe'][n % 2]!,
      data: n % 5 === 0 ? new Uint8Array(n) : { n },
      tags: n % 2 ? ['x', `n:${n}`] : [],
      ...(n % 3 ? { metadata: { correlationId: `r-${n % 4}` } } : {}),
      ...(n % 4 ? {} : { validAt: '1993-01-31' }),
    }))
    await store.append({ events, commandId: `c-${n}` })
  }
  await store.close()
  const snapshots = fileSnapshots({ dir: '/log', disk: simulated.disk })
  await snapshots.save({
    stream: 's-1',
    fingerprint: 'f',
    code: 'c',
    version: 1,
    position: 1,
    history: 'h',
    state: { a: [1, 'ü'] },
  })
  const image = simulated.image()
  return { image, logId: decodeHeader(image.get(first)!.subarray(0, segmentHeaderBytes), 1).logId }
}

interface Placed {
  readonly bytes: Buffer
  readonly offset: number
}

function framesOf(segment: Buffer): Placed[] {
  const frames: Placed[] = []
  for (let offset = segmentHeaderBytes; ; ) {
    const length = claimedLength(segment.subarray(offset, offset + frameHeaderBytes))
    if (length === undefined) return frames
    frames.push({ bytes: segment.subarray(offset, offset + length), offset })
    offset += length
  }
}

/** Returns whether it was refused. The checksum is usually correct, so that the code behind the check is reached. */
function fuzzFrame({ bytes, offset }: Placed, next: Draw): boolean {
  const place = { segment: 1, offset }
  const mutated = mutant(bytes, next, next(8) === 0 ? 0 : frameHeaderBytes)
  const length = claimedLength(mutated)
  if (next(4) === 0 || mutated.length < frameHeaderBytes) return length !== mutated.length || !isFrame(mutated, place)
  return !decodes(resealed(mutated, next, place))
}

/** Reads everything in a frame with a correct checksum. */
function decodes(bytes: Buffer): boolean {
  const frame = new Frame(bytes)
  let starts: readonly number[]
  try {
    starts = frame.starts()
  } catch (error) {
    // Readers of a log turn it into `log_corrupt`; that is tested below.
    if (!(error instanceof RangeError)) throw error
    return false
  }
  for (const start of starts) {
    const event = frame.event(start)
    const { id, position, version, recordedAtMs, recordedAt, schemaVersion, commitIndex, commitEvents } = event
    const { stream, category, streamId, type, commandId, contentType, validAt, tags, dataBytes, metadataBytes } = event
    const length = [stream, type, commandId ?? '', contentType, validAt ?? '', ...tags].join('').length
    const parts = [id, recordedAt, category, streamId].join('').length
    const numbers = position + version + recordedAtMs + schemaVersion + commitIndex + commitEvents + parts
    if (dataBytes.length + metadataBytes.length + length > bytes.length || !(numbers >= 0)) {
      throw new Error('An event is longer than the frame that it is in.')
    }
    for (const field of ['data', 'metadata', 'correlationId'] as const) {
      try {
        void event[field]
      } catch (error) {
        if (!isIndelibleError(error, 'log_corrupt')) throw error
      }
    }
  }
  return true
}

function resealed(bytes: Buffer, next: Draw, place: { segment: number; offset: number }): Buffer {
  const first = bytes.readUInt32LE(0)
  const kinds: readonly FrameKind[] = ['commits', 'commits', 'commits', 'commits', 'closed', 'sealed']
  const kind = kinds[next(kinds.length)]!
  const events = next(6) === 0 ? oddNumber(next) : bytes.readUInt32LE(12)
  const firstPosition = Number(bytes.readBigUInt64LE(16) & 0x1f_ffff_ffff_ffffn)
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 8))
  return completed(whole, { kind: first === 0 ? 'commits' : kind, events, firstPosition, place })
}

function fuzzHeader(segment: Buffer, next: Draw): boolean {
  const mutated = mutant(segment.subarray(0, segmentHeaderBytes), next, 8)
  if (next(4) > 0 && mutated.length === segmentHeaderBytes) {
    mutated.writeUInt32LE(crc32(mutated.subarray(0, segmentHeaderBytes - 4)), segmentHeaderBytes - 4)
  }
  return !answers(() => decodeHeader(mutated, 1), ['log_corrupt', 'log_format_unknown'])
}

/** Changes some pages of an index and corrects their checksums. */
function mutantIndex(whole: Buffer, logId: string, next: Draw): Buffer {
  const bytes = Buffer.from(whole)
  for (let change = 0; change <= next(3); change++) {
    const number = next(3) === 0 ? 0 : next(bytes.length / pageBytes)
    const page = bytes.subarray(number * pageBytes, (number + 1) * pageBytes)
    if (number === 0) {
      // The numbers after the first position. The page count stays, or nothing else would be read.
      const at = 32 + 4 * next(next(8) === 0 ? 15 : 14)
      page.writeUInt32LE(next(3) === 0 ? next(12) : oddNumber(next), at)
    } else {
      for (let spot = 0; spot <= next(4); spot++) change32(page, next(4) === 0 ? next(pageBytes - 8) : next(256), next)
    }
  }
  const events = bytes.readUInt32LE(56)
  const pages = Math.floor(bytes.length / pageBytes)
  for (let number = 0; number < pages; number++) {
    sealPage(bytes.subarray(number * pageBytes, (number + 1) * pageBytes), { logId, segment: 1, events }, number)
  }
  return next(20) === 0 ? bytes.subarray(0, next(bytes.length)) : bytes
}

function fuzzIndex(image: DiskImage, logId: string, next: Draw): boolean {
  const bytes = mutantIndex(image.get(firstIndex)!, logId, next)
  const { disk } = simulatedDisk(new Map([[firstIndex, bytes]]))
  const files = new OpenFiles({ ...log, disk })
  const index = SegmentIndex.open({ files, cache: new PageCache({ pagesMax: 16 }) }, { segment: 1, logId })
  if (!index) return true
  const asks: (() => unknown)[] = [
    () => index.positions('stream', 's-1'),
    () => index.positions('type', 'Opened'),
    () => index.positions('tag', 'x'),
    () => index.positions('correlation', 'r-1'),
    () => index.positions('category', 's'),
    () => index.positions('tag', `nobody-${next(1000)}`),
    () => index.streamPart(wanted('stream', 's-2'))?.positions(),
    () => index.firstOf(wanted('command', 'c-3')),
    () => index.place(index.firstPosition),
    () => index.place(index.lastPosition),
    () => index.place(index.firstPosition + next(40)),
  ]
  const before = performance.now()
  const refused = asks.filter((ask) => !answers(ask, ['index_damaged'])).length
  if (performance.now() - before > 2000) throw new Error('An index took longer than two seconds to answer.')
  files.closeAll()
  return refused > 0
}

async function fuzzSnapshot(image: DiskImage, next: Draw): Promise<boolean> {
  const name = [...image.keys()].find((name) => /\/[0-9a-f]{64}\/\d+-\d+-[0-9a-f]{16}\.json$/.test(name))!
  const whole = image.get(name)!
  const lineEnd = whole.indexOf('\n') + 1
  let bytes = mutant(whole, next, lineEnd)
  if (next(4) > 0) {
    const json = bytes.toString().slice(lineEnd)
    bytes = Buffer.from(`${crc32(json).toString(16).padStart(8, '0')}\n${json}`)
  }
  const snapshots = fileSnapshots({ dir: '/log', disk: simulatedDisk(withFile(image, name, bytes)).disk })
  return (await snapshots.load('s-1', 'f')) === undefined
}

/** Whole stores on fuzzed files: errors of the decoders must arrive as IndelibleErrors. */
class StoreFuzz {
  readonly #image: DiskImage
  readonly #next: Draw

  constructor(image: DiskImage, next: Draw) {
    this.#image = image
    this.#next = next
  }

  /** One changed frame with a correct checksum, without indexes or with them. */
  async log(): Promise<boolean> {
    const next = this.#next
    const names = [...this.#image.keys()].filter((name) => name.endsWith('.log'))
    const segment = 1 + next(names.length)
    const name = names[segment - 1]!
    const whole = Buffer.from(this.#image.get(name)!)
    const frames = framesOf(whole)
    const { bytes, offset } = frames[next(frames.length)]!
    const mutated = mutant(bytes, next, frameHeaderBytes)
    const fitted = Buffer.alloc(bytes.length)
    mutated.copy(fitted)
    resealed(fitted, next, { segment, offset }).copy(whole, offset)
    const image = new Map(this.#image).set(name, whole)
    if (next(2) === 0) for (const each of [...image.keys()]) if (each.endsWith('.idx')) image.delete(each)
    return await this.#refuses(image, ['log_corrupt'])
  }

  async index(logId: string): Promise<boolean> {
    const bytes = mutantIndex(this.#image.get(firstIndex)!, logId, this.#next)
    return await this.#refuses(withFile(this.#image, firstIndex, bytes), ['log_corrupt', 'index_damaged'])
  }

  async #refuses(image: DiskImage, codes: readonly string[]): Promise<boolean> {
    let refused = false
    const ask = async (run: () => Promise<unknown>) => {
      try {
        await run()
      } catch (error) {
        if (!isIndelibleError(error) || !codes.includes(error.code)) throw error
        refused = true
      }
    }
    for (const access of ['write', 'read'] as const) {
      await ask(async () => {
        const store = await fileStore({ dir: '/log', disk: simulatedDisk(image).disk, limits, access })
        await ask(() => read(store))
        await ask(() => read(store, 'all', { direction: 'backwards' }))
        await ask(() => read(store, [{ streams: ['s-1'] }]))
        await ask(() => read(store, [{ tags: ['x'] }, { correlationIds: ['r-1'] }]))
        await ask(() => store.findCommit('c-3'))
        if (access === 'write') await ask(() => store.append({ events: [{ stream: 's-1', type: 'T', data: 0 }] }))
        await store.close()
      })
    }
    return refused
  }
}

/** Whether there is an answer. Rethrows all errors but the expected ones. */
function answers(run: () => unknown, codes: readonly string[]): boolean {
  try {
    run()
    return true
  } catch (error) {
    if (!isIndelibleError(error) || !codes.includes(error.code)) throw error
    return false
  }
}

/** A few changes of bits, bytes, numbers and lengths, none before `from`. */
function mutant(bytes: Buffer, next: Draw, from: number): Buffer {
  const mutated = Buffer.from(bytes)
  const room = mutated.length - from
  if (room <= 4) return mutated
  for (let change = 0; change <= next(4); change++) {
    const at = from + next(room)
    const how = next(6)
    if (how === 0) mutated[at]! ^= 1 << next(8)
    else if (how === 1) mutated[at] = next(256)
    else if (how === 2) change32(mutated, Math.min(at, mutated.length - 4), next)
    else if (how === 3) mutated.fill(next(256), at, Math.min(mutated.length, at + next(16)))
    else if (how === 4) mutated.copy(mutated, at, from + next(room), mutated.length)
    else if (next(4) === 0) return Buffer.from(mutated.subarray(0, at))
  }
  return mutated
}

function change32(bytes: Buffer, at: number, next: Draw): void {
  const value = next(3) === 0 ? bytes.readUInt32LE(at) + next(5) - 2 : oddNumber(next)
  bytes.writeUInt32LE(value >>> 0, at)
}

function oddNumber(next: Draw): number {
  const odd = [0, 1, 2, 7, 8, 255, 256, 4096, 65_535, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff]
  return next(4) === 0 ? next(0x1_0000_0000) : odd[next(odd.length)]!
}

/** External memory counts as soon as it is allocated, whether it is used or not. */
class Memory {
  readonly #collect: () => void
  readonly #before: number
  #held = 0

  constructor() {
    setFlagsFromString('--expose-gc')
    this.#collect = runInNewContext('gc')
    this.#collect()
    this.#before = heldBytes()
  }

  look(): void {
    let held = heldBytes() - this.#before
    if (held > heldBytesMax) {
      this.#collect()
      held = heldBytes() - this.#before
    }
    this.#held = Math.max(this.#held, held)
    if (held > heldBytesMax) throw new Error(`${held} bytes are held.`)
  }

  get heldMiB(): number {
    return Math.ceil(this.#held / 1024 / 1024)
  }
}

function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
