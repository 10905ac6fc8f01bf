// A disk in memory that records every change, so that a test can ask what a crash at any moment may have left.
import { basename, dirname } from 'node:path'
import { IndelibleError } from '../../src/kernel/errors.ts'
import type { Disk, DiskFile } from '../../src/log/disk/disk.ts'

type Inode = number

/** What was done to the disk, in order. Names are full paths. */
export type DiskOperation =
  | { readonly kind: 'create'; readonly name: string; readonly inode: Inode }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly inode: Inode }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'syncDir'; readonly dir: string }
  | { readonly kind: 'write'; readonly inode: Inode; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly inode: Inode; readonly size: number }
  | { readonly kind: 'sync'; readonly inode: Inode }

/** All files by name. */
export type DiskImage = ReadonlyMap<string, Buffer>

export interface SimulatedDisk {
  readonly disk: Disk
  readonly operations: readonly DiskOperation[]
  image(): DiskImage
}

/** Starts with an image whose content is all durable. */
export function simulatedDisk(start: DiskImage = new Map()): SimulatedDisk {
  const state = new State(start)
  const operations: DiskOperation[] = []
  const does = (operation: DiskOperation) => {
    operations.push(operation)
    state.apply(operation)
  }
  const disk: Disk = {
    async open(path, mode) {
      let inode = state.names.get(path)
      if (mode === 'create') {
        inode = state.nextInode()
        does({ kind: 'create', name: path, inode })
      }
      if (inode === undefined) throw new IndelibleError('io_failed', `There is no file ${path}.`)
      return fileOf(inode, { state, does, durable: mode === 'write' })
    },
    openNow(path) {
      const inode = state.names.get(path)
      if (inode === undefined) throw new IndelibleError('io_failed', `There is no file ${path}.`)
      return {
        size: () => state.bytesOf(inode).length,
        read: (into, at) => readInto(into, state.bytesOf(inode).subarray(at, at + into.length)),
        close: () => {},
      }
    },
    hasNow: (path) => state.names.has(path),
    list: async (dir) => [...state.names.keys()].filter((name) => dirname(name) === dir).map((name) => basename(name)),
    makeDir: async () => {},
    openDir: async (dir) => ({ sync: async () => does({ kind: 'syncDir', dir }), close: async () => {} }),
    rename: async (from, to) => {
      const inode = state.names.get(from)
      if (inode === undefined) throw new IndelibleError('io_failed', `There is no file ${from}.`)
      does({ kind: 'rename', from, to, inode })
    },
    remove: async (path) => does({ kind: 'remove', name: path }),
    watch: () => () => {},
    filesMax: () => Number.POSITIVE_INFINITY,
    lock: async () => async () => {},
  }
  return { disk, operations, image: () => state.image() }
}

interface Opened {
  readonly state: State
  readonly does: (operation: DiskOperation) => void
  /** Whether every write counts as synced. */
  readonly durable: boolean
}

function fileOf(inode: Inode, { state, does, durable }: Opened): DiskFile {
  const readNow = (into: Uint8Array, at: number) => readInto(into, state.bytesOf(inode).subarray(at, at + into.length))
  const writeNow = (bytes: Uint8Array, at: number) => {
    does({ kind: 'write', inode, at, bytes: Buffer.from(bytes) })
    if (durable) does({ kind: 'sync', inode })
  }
  return {
    size: async () => state.bytesOf(inode).length,
    read: async (into, at) => readNow(into, at),
    readNow,
    write: async (bytes, at) => writeNow(bytes, at),
    writeNow,
    sync: async () => does({ kind: 'sync', inode }),
    truncate: async (size) => does({ kind: 'truncate', inode, size }),
    close: async () => {},
  }
}

function readInto(into: Uint8Array, bytes: Buffer): number {
  into.set(bytes)
  return bytes.length
}

/** What is durable after some operations, and what was in progress: a crash may keep any part of that. */
export function crashAfter(start: DiskImage, operations: readonly DiskOperation[]) {
  const durable = new State(start)
  let pending: DiskOperation[] = []
  for (const operation of operations) {
    const settles =
      operation.kind === 'sync'
        ? (other: DiskOperation) => ('at' in other || 'size' in other ? other.inode === operation.inode : false)
        : operation.kind === 'syncDir'
          ? (other: DiskOperation) => dirOf(other) === operation.dir
          : undefined
    if (!settles) {
      pending.push(operation)
      continue
    }
    for (const settled of pending.filter(settles)) durable.apply(settled)
    pending = pending.filter((other) => !settles(other))
  }
  return {
    pending,
    with: (kept: readonly DiskOperation[]) => durable.after(kept).image(),
    /** The durable bytes of a file from a place on. */
    durableBytes: (inode: Inode, at: number, length: number) => durable.bytesOf(inode).subarray(at, at + length),
  }
}

/** The directory entry that an operation changes, if any. */
function dirOf(operation: DiskOperation): string | undefined {
  if (operation.kind === 'rename') return dirname(operation.to)
  return operation.kind === 'create' || operation.kind === 'remove' ? dirname(operation.name) : undefined
}

class State {
  names = new Map<string, Inode>()
  #files = new Map<Inode, Buffer>()
  #lastInode = 0

  constructor(image: DiskImage) {
    for (const [name, bytes] of image) {
      const inode = this.nextInode()
      this.names.set(name, inode)
      this.#files.set(inode, bytes)
    }
  }

  nextInode(): Inode {
    return ++this.#lastInode
  }

  bytesOf(inode: Inode): Buffer {
    return this.#files.get(inode) ?? Buffer.alloc(0)
  }

  image(): DiskImage {
    return new Map([...this.names].map(([name, inode]) => [name, this.bytesOf(inode)]))
  }

  after(operations: readonly DiskOperation[]): State {
    const copy = new State(new Map())
    copy.names = new Map(this.names)
    copy.#files = new Map(this.#files)
    for (const operation of operations) copy.apply(operation)
    return copy
  }

  /** Buffers are never changed in place: images share them. */
  apply(operation: DiskOperation): void {
    switch (operation.kind) {
      case 'create':
        this.names.set(operation.name, operation.inode)
        this.#lastInode = Math.max(this.#lastInode, operation.inode)
        return
      case 'rename':
        this.names.delete(operation.from)
        this.names.set(operation.to, operation.inode)
        return
      case 'remove':
        this.names.delete(operation.name)
        return
      case 'write': {
        const { inode, at, bytes } = operation
        const before = this.bytesOf(inode)
        const after = Buffer.alloc(Math.max(before.length, at + bytes.length))
        before.copy(after)
        bytes.copy(after, at)
        this.#files.set(inode, after)
        return
      }
      case 'truncate': {
        const after = Buffer.alloc(operation.size)
        this.bytesOf(operation.inode).copy(after)
        this.#files.set(operation.inode, after)
      }
    }
  }
}
