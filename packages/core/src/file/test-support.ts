// What the tests of log/ and file/ share: directories that vanish, short events, and a disk that can be watched and made to fail.
import { mkdtempSync, rmSync } from 'node:fs'
import { cp, open, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { IndelibleError } from '../kernel/errors.ts'
import type { NewEvent, RecordedEvent } from '../kernel/events.ts'
import type { Query } from '../kernel/queries.ts'
import type { StreamName } from '../kernel/streams.ts'
import { type Disk, type DiskFile, nodeDisk } from '../log/disk/index.ts'
import { frameAlignment } from '../log/format/index.ts'
import { logLimits } from '../log/limits.ts'
import { LogReader, type Tail } from '../log/read/index.ts'
import type { EventStore } from '../store/port.ts'
import { type FileStoreOptions, fileStore } from './event-store.ts'

export function temporaryDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** The disk, but with all work on this thread: others take long to start. */
export const diskHere: Disk = { ...nodeDisk }

/** A store in a new directory unless one is given, closed when the test ends. */
export async function openStore(options: Partial<FileStoreOptions> = {}): Promise<EventStore> {
  const store = await fileStore({ dir: temporaryDirectory(), ...options })
  onTestFinished(() => store.close().catch(() => {}))
  return store
}

export function fact(stream: string, type = 'Happened', data: unknown = {}): NewEvent {
  return { stream: stream as StreamName, type, data }
}

export async function all(store: EventStore, query: Query = 'all'): Promise<RecordedEvent[]> {
  return (await Array.fromAsync(store.read(query))).flatMap(({ events }) => events)
}

/** Every field of every event, in a form that two lists can be compared in. */
export async function allFields(store: EventStore): Promise<unknown[]> {
  return (await all(store)).map(fieldsOf)
}

/** Events may keep their fields behind getters, which `toEqual` and spreading do not see, so each is named. */
export function fieldsOf(event: RecordedEvent): Record<keyof RecordedEvent, unknown> {
  const { id, stream, category, streamId, version, position, type, schemaVersion, contentType } = event
  const { data, dataBytes, metadata, metadataBytes, tags, recordedAt, validAt } = event
  return {
    id,
    stream,
    category,
    streamId,
    version,
    position,
    type,
    schemaVersion,
    contentType,
    data,
    // A view of a larger buffer and bytes of their own are the same to a reader.
    dataBytes: [...dataBytes],
    metadata,
    metadataBytes: [...metadataBytes],
    tags: [...tags],
    recordedAt,
    validAt,
  }
}

/**
 * The log as it is on the disk now, in a new directory: what a process that dies at this moment leaves behind. The indexes that it has
 * come to are copied first, as they only ever speak of what is in the log already.
 */
export async function copyOfLog(dir: string): Promise<string> {
  const copy = temporaryDirectory()
  for (const name of [...(await indexesIn(dir)), ...(await segmentsIn(dir))])
    await cp(join(dir, name), join(copy, name))
  return copy
}

export async function indexesIn(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => name.endsWith('.idx')).sort()
}

export async function segmentsIn(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => name.endsWith('.log')).sort()
}

/** Turns over a bit of a file, without replacing the file. */
export async function changeByte(path: string, where: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const { size } = await file.stat()
    const byte = Buffer.alloc(1)
    await file.read(byte, 0, 1, where % size)
    byte[0]! ^= 1 << (where % 8)
    await file.write(byte, 0, 1, where % size)
  } finally {
    await file.close()
  }
}

export async function logBytes(dir: string): Promise<Map<string, Buffer>> {
  const names = await segmentsIn(dir)
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name))] as const)))
}

/** What is behind the last frame of a log. */
export async function tailOf(dir: string): Promise<Tail> {
  const reader = await LogReader.open({ dir, disk: nodeDisk, limits: logLimits })
  while (await reader.next());
  return await reader.tail().finally(() => reader.close())
}

export interface DiskCall {
  readonly call: keyof DiskFile | keyof Disk | 'syncDir'
  readonly file: string
  /** Where a write begins, or the size that a file is cut to. */
  readonly at: number
  readonly length: number
  readonly bytes: Uint8Array
  /** Where what is written ends, but for the zeros of the reserve behind it. */
  readonly end: number
  /** Of a file that has no name of the log's yet. */
  readonly isUnnamed: boolean
}

/**
 * A disk that tells of every change before it is made and after. Throwing from `before` makes it fail; a failing write writes half. A write that
 * is durable when it resolves is told of as a write and then a sync, and may fail as either.
 */
export function observedDisk({
  before = () => {},
  after = () => {},
}: {
  before?: (call: DiskCall) => void | Promise<void>
  after?: (call: DiskCall) => void
}): Disk {
  const observed = async <Value>(call: DiskCall, run: () => Promise<Value>): Promise<Value> => {
    await before(call)
    const value = await run()
    after(call)
    return value
  }
  const beforeNow = (call: DiskCall) => {
    if (before(call) instanceof Promise) throw new TypeError('Who waits needs writes that do: blockingWriteBytesMax 0.')
  }
  return {
    ...nodeDisk,
    async open(path, mode) {
      const isUnnamed = mode === 'create'
      const told = (call: DiskCall['call'], at = 0, bytes?: Uint8Array) => ({
        ...toldOf(call, path, at, bytes),
        isUnnamed,
      })
      const open = () => nodeDisk.open(path, mode)
      const file = mode === 'create' ? await observed(told('open'), open) : await open()
      return {
        ...file,
        async write(bytes, at) {
          const call = told('write', at, bytes)
          try {
            await before(call)
          } catch (error) {
            await file.write(bytes.subarray(0, bytes.length / 2), at)
            throw error
          }
          await file.write(bytes, at)
          after(call)
          if (mode === 'write') await observed(told('sync'), async () => {})
        },
        writeNow(bytes, at) {
          const call = told('write', at, bytes)
          try {
            beforeNow(call)
          } catch (error) {
            file.writeNow(bytes.subarray(0, bytes.length / 2), at)
            throw error
          }
          file.writeNow(bytes, at)
          after(call)
          if (mode !== 'write') return
          beforeNow(told('sync'))
          after(told('sync'))
        },
        sync: () => (mode === 'read' ? file.sync() : observed(told('sync'), () => file.sync())),
        truncate: (size) => observed(told('truncate', size), () => file.truncate(size)),
      }
    },
    async openDir(path) {
      const dir = await nodeDisk.openDir(path)
      return { ...dir, sync: () => observed(toldOf('syncDir', path), () => dir.sync()) }
    },
    rename: (from, to) => observed(toldOf('rename', to), () => nodeDisk.rename(from, to)),
    remove: (path) => observed(toldOf('remove', path), () => nodeDisk.remove(path)),
  }
}

/** Of the log itself, not of what is derived from it. */
export function isOfLog({ file }: DiskCall): boolean {
  return file.endsWith('.log')
}

/** A segment keeps its name here while it still has its temporary one. */
function toldOf(call: DiskCall['call'], path: string, at = 0, bytes: Uint8Array = Buffer.alloc(0)): DiskCall {
  const last = bytes.findLastIndex((byte) => byte !== 0)
  const end = at + Math.ceil((last + 1) / frameAlignment) * frameAlignment
  return { call, file: basename(path, '.new'), at, length: bytes.length, bytes, end, isUnnamed: false }
}

export function diskFull(): IndelibleError {
  return new IndelibleError('store_full', 'There is no space left (injected).')
}

export function diskBroken(): IndelibleError {
  return new IndelibleError('io_failed', 'The disk is broken (injected).')
}

export function noMoreFiles(): IndelibleError {
  const cause = Object.assign(new Error('EMFILE'), { code: 'EMFILE' })
  return new IndelibleError('io_failed', 'The operating system refused (EMFILE, injected).', { cause })
}
