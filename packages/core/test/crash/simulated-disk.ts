// A disk in memory that remembers every change, so that a test can ask what a machine that crashed at any moment may have left behind.
import { basename } from 'node:path'
import { IndelibleError } from '../../src/kernel/errors.ts'
import type { Disk, DiskFile } from '../../src/log/disk.ts'

type Inode = number

/** What was done to the disk, in order. Names are those of one directory. */
export type DiskOperation =
  | { readonly kind: 'create'; readonly name: string; readonly inode: Inode }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly inode: Inode }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'syncDir' }
  | { readonly kind: 'write'; readonly inode: Inode; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly inode: Inode; readonly size: number }
  | { readonly kind: 'sync'; readonly inode: Inode }

/** The files of a directory by name. */
export type DiskImage = ReadonlyMap<string, Buffer>

export interface SimulatedDisk {
  readonly disk: Disk
  readonly operations: readonly DiskOperation[]
  image(): DiskImage
}

/** Begins with an image, all of it durable. */
export function simulatedDisk(start: DiskImage = new Map()): SimulatedDisk {
  const state = new State(start)
  const operations: DiskOperation[] = []
  const does = (operation: DiskOperation) => {
    operations.push(operation)
    state.apply(operation)
  }
  const disk: Disk = {
    async open(path, mode) {
      const name = basename(path)
      let inode = state.names.get(name)
      if (mode === 'create') {
        inode = state.nextInode()
        does({ kind: 'create', name, inode })
      }
      if (inode === undefined) throw new IndelibleError('io_failed', `There is no file ${name}.`)
      return fileOf(inode, state, does)
    },
    list: async () => [...state.names.keys()],
    makeDir: async () => {},
    syncDir: async () => does({ kind: 'syncDir' }),
    rename: async (from, to) => {
      const inode = state.names.get(basename(from))!
      does({ kind: 'rename', from: basename(from), to: basename(to), inode })
    },
    remove: async (path) => does({ kind: 'remove', name: basename(path) }),
    watch: () => () => {},
    lock: async () => async () => {},
  }
  return { disk, operations, image: () => state.image() }
}

function fileOf(inode: Inode, state: State, does: (operation: DiskOperation) => void): DiskFile {
  return {
    size: async () => state.bytesOf(inode).length,
    read: async (into, at) => {
      const bytes = state.bytesOf(inode).subarray(at, at + into.length)
      into.set(bytes)
      return bytes.length
    },
    write: async (bytes, at) => does({ kind: 'write', inode, at, bytes: Buffer.from(bytes) }),
    sync: async () => does({ kind: 'sync', inode }),
    truncate: async (size) => does({ kind: 'truncate', inode, size }),
    close: async () => {},
  }
}

/** What is durable after some operations, and what was under way: of that a crash may keep any part. */
export function crashAfter(start: DiskImage, operations: readonly DiskOperation[]) {
  const durable = new State(start)
  let pending: DiskOperation[] = []
  for (const operation of operations) {
    const settles =
      operation.kind === 'sync'
        ? (other: DiskOperation) => ('at' in other || 'size' in other ? other.inode === operation.inode : false)
        : operation.kind === 'syncDir'
          ? (other: DiskOperation) => !('at' in other || 'size' in other)
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
    /** What is durable of a file from a place on. */
    durableBytes: (inode: Inode, at: number, length: number) => durable.bytesOf(inode).subarray(at, at + length),
  }
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
