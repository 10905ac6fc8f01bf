// What the machine can do: the same bytes moved by plain calls, without an event store around them.

import { once } from 'node:events'
import * as fs from 'node:fs'
import { constants } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { crc32 } from 'node:zlib'
import { type ClosedLoop, closedLoop } from './closed-loop.ts'

/** The files with the events, without indexes. */
const segmentSuffix = '.log'

/** A file of zeros on the disk: writing into it changes no metadata, so fdatasync has to write only the data. */
export function preallocatedFile(path: string, bytes: number): string {
  const fd = fs.openSync(path, 'w')
  const zeros = Buffer.alloc(1024 * 1024)
  for (let at = 0; at < bytes; at += zeros.length) fs.writeSync(fd, zeros, 0, Math.min(zeros.length, bytes - at), at)
  fs.fsyncSync(fd)
  fs.closeSync(fd)
  return path
}

/** Records per second, each written and synced alone with synchronous calls, one after the other. */
export async function syncAppendLimit(file: string, { recordBytes, loop }: RecordLoop): Promise<number> {
  const fd = fs.openSync(file, 'r+')
  const place = ring(fs.fstatSync(fd).size)
  const record = Buffer.alloc(recordBytes, 'r')
  try {
    const { rate } = await closedLoop(loop, async () => {
      fs.writeSync(fd, record, 0, recordBytes, place(recordBytes))
      fs.fdatasyncSync(fd)
    })
    return rate
  } finally {
    fs.closeSync(fd)
  }
}

export interface RecordLoop {
  readonly recordBytes: number
  readonly loop: ClosedLoop
}

/** Records per second in plain group commit: what clients bring during a write is written together in the next one. */
export async function groupCommitLimit(
  file: string,
  { recordBytes, loop, how }: RecordLoop & { how: 'fdatasync' | 'O_DSYNC' },
): Promise<number> {
  const fd = fs.openSync(file, how === 'O_DSYNC' ? constants.O_RDWR | constants.O_DSYNC : constants.O_RDWR)
  const append = groupCommit(fd, { bytesMax: recordBytes * loop.clients, withSync: how === 'fdatasync' })
  const record = Buffer.alloc(recordBytes, 'r')
  try {
    return (await closedLoop(loop, () => append(record))).rate
  } finally {
    fs.closeSync(fd)
  }
}

interface Group {
  readonly bytes: Buffer<ArrayBuffer>
  used: number
  readonly answers: (() => void)[]
}

/** Gives each caller its own answer, as every store must. */
function groupCommit(fd: number, { bytesMax, withSync }: { bytesMax: number; withSync: boolean }) {
  const place = ring(fs.fstatSync(fd).size)
  let collecting: Group = { bytes: Buffer.alloc(bytesMax), used: 0, answers: [] }
  let spare = Buffer.alloc(bytesMax)
  let isRunning = false

  const run = async () => {
    isRunning = true
    while (collecting.used > 0) {
      // Other appends in this turn of the event loop share the write.
      await new Promise((resolve) => setImmediate(resolve))
      const { bytes, used, answers } = collecting
      collecting = { bytes: spare, used: 0, answers: [] }
      await new Promise<void>((resolve, reject) => {
        const done = (error: Error | null) => (error ? reject(error) : resolve())
        const written = (error: Error | null) => (error || !withSync ? done(error) : fs.fdatasync(fd, done))
        fs.write(fd, bytes, 0, used, place(used), written)
      })
      spare = bytes
      for (const answer of answers) answer()
    }
    isRunning = false
  }
  return (record: Buffer): Promise<void> => {
    collecting.bytes.set(record, collecting.used)
    collecting.used += record.length
    const { answers } = collecting
    const answered = new Promise<void>((resolve) => void answers.push(resolve))
    if (!isRunning) void run()
    return answered
  }
}

/** Returns places in a file one after the other, and starts again at the beginning when the file is full. */
function ring(fileBytes: number): (bytes: number) => number {
  let next = 0
  return (bytes) => {
    if (next + bytes > fileBytes) next = 0
    const place = next
    next += bytes
    return place
  }
}

/** Reads the segments of a log once, in order, a megabyte at a time, and computes the checksum of everything. Returns the number of bytes. */
export function readWithChecksum(dir: string): number {
  const buffer = Buffer.alloc(1024 * 1024)
  let bytes = 0
  for (const path of filesIn(dir, segmentSuffix)) {
    const fd = fs.openSync(path, 'r')
    let checksum = 0
    for (let read = fs.readSync(fd, buffer); read > 0; read = fs.readSync(fd, buffer)) {
      checksum = crc32(buffer.subarray(0, read), checksum)
      bytes += read
    }
    fs.closeSync(fd)
  }
  return bytes
}

/** Reads the directory, and of each file the first 4 KiB: the minimum of opening a log. Returns milliseconds. */
export function touchFilesMs(dir: string): number {
  const begin = performance.now()
  const buffer = Buffer.alloc(4096)
  for (const path of filesIn(dir)) {
    const fd = fs.openSync(path, 'r')
    fs.readSync(fd, buffer)
    fs.closeSync(fd)
  }
  return performance.now() - begin
}

/** Reads per second, each a synchronous pread from one of this many random places in the segments of a log. */
export function randomReadLimit(
  dir: string,
  { pieceBytes, pieces, places }: { pieceBytes: number; pieces: number; places: number },
): number {
  const files = filesIn(dir, segmentSuffix)
    .map((path) => ({ fd: fs.openSync(path, 'r'), bytes: fs.statSync(path).size }))
    .filter(({ bytes }) => bytes > pieceBytes)
  const chosen = Array.from({ length: places }, () => {
    const { fd, bytes } = files[Math.floor(Math.random() * files.length)]!
    return { fd, at: Math.floor(Math.random() * (bytes - pieceBytes)) }
  })
  const buffer = Buffer.alloc(pieceBytes)
  const begin = performance.now()
  for (let piece = 0; piece < pieces; piece++) {
    const { fd, at } = chosen[piece % places]!
    fs.readSync(fd, buffer, 0, pieceBytes, at)
  }
  const seconds = (performance.now() - begin) / 1000
  for (const { fd } of files) fs.closeSync(fd)
  return pieces / seconds
}

function filesIn(dir: string, suffix = ''): string[] {
  const entries = fs.readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isFile())
  return entries
    .map(({ name }) => join(dir, name))
    .filter((path) => path.endsWith(suffix))
    .sort()
}

/** A thread that makes objects, keeps a million of them, and starts again: what any background work costs the work in the foreground. */
export async function busyThread(): Promise<{ stop(): Promise<unknown> }> {
  const code = `
    const { parentPort } = require('node:worker_threads')
    parentPort.postMessage('begun')
    for (let kept = []; ; kept = kept.length < 1e6 ? kept : []) kept.push({ n: kept.length })`
  const worker = new Worker(code, { eval: true })
  await once(worker, 'message')
  return { stop: () => worker.terminate() }
}
