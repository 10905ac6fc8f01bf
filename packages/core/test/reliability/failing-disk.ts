// A disk on which one call fails, or one and all later ones of its kind, with the errors of the real disk.
import { basename } from 'node:path'
import { IndelibleError } from '../../src/kernel/errors.ts'
import type { Disk, DiskFile, FileNow } from '../../src/log/disk/disk.ts'

export type Call = keyof DiskFile | keyof Disk | 'create' | 'syncDir' | 'readNow' | 'sizeNow' | 'closeNow'

/** What fails, with which error, and how much of its bytes a failing write has written; a rename with 1 fails but is done. */
export interface Fault {
  readonly name: string
  readonly code: 'io_failed' | 'store_full'
  readonly errno: string
  readonly calls: readonly Call[]
  readonly part?: number
}

const needSpace = ['create', 'write', 'rename', 'makeDir'] as const
const make = ['sync', 'truncate', 'syncDir'] as const
const needFile = ['open', 'create', 'openNow', 'openDir', 'list', 'lock'] as const
const read = ['read', 'size', 'readNow', 'sizeNow', 'hasNow', 'close', 'closeNow', 'remove'] as const

export const faults: readonly Fault[] = [
  { name: 'EIO', code: 'io_failed', errno: 'EIO', calls: [...needSpace, ...make, ...needFile, ...read], part: 0.5 },
  { name: 'EIO after a write or rename', code: 'io_failed', errno: 'EIO', calls: ['write', 'rename'], part: 1 },
  { name: 'ENOSPC', code: 'store_full', errno: 'ENOSPC', calls: needSpace },
  { name: 'EDQUOT', code: 'store_full', errno: 'EDQUOT', calls: needSpace },
  { name: 'ENOSPC of a sync', code: 'store_full', errno: 'ENOSPC', calls: make },
  { name: 'EMFILE', code: 'io_failed', errno: 'EMFILE', calls: needFile },
  { name: 'short write', code: 'store_full', errno: 'ENOSPC', calls: ['write'], part: 0.5 },
  { name: 'ENOSPC after a write', code: 'store_full', errno: 'ENOSPC', calls: ['write'], part: 1 },
]

/** The faults that leave no byte in doubt: they must not close the store permanently. */
export const passingFaults: readonly Fault[] = [
  { name: 'EMFILE', code: 'io_failed', errno: 'EMFILE', calls: [...needFile, 'rename', 'hasNow'] },
  { name: 'EIO beside the bytes', code: 'io_failed', errno: 'EIO', calls: [...needFile, ...read, 'rename', 'makeDir'] },
  { name: 'a rename that fails and is made', code: 'io_failed', errno: 'EIO', calls: ['rename', 'openDir'], part: 1 },
]

export interface Failing {
  readonly disk: Disk
  /** The calls so far that could have failed. */
  readonly calls: number
  /** The first call that failed. */
  readonly hit: { readonly call: Call; readonly file: string } | undefined
  repair(): void
}

/** Which of the calls that match a fault fail, counted from 1: the k-th, that one and all later ones, or one in k. */
export interface When {
  readonly k: number
  readonly how: 'once' | 'forever' | 'each'
}

export function failingDisk(under: Disk, fault: Fault, { k, how }: When): Failing {
  let calls = 0
  let healed = false
  let hit: Failing['hit']
  let locked = false
  const fails = (call: Call, path: string): IndelibleError | undefined => {
    if (healed || !fault.calls.includes(call)) return undefined
    calls++
    if (!(calls === k || (how === 'forever' && calls > k) || (how === 'each' && calls % k === 0))) return undefined
    hit ??= { call, file: basename(path) }
    const cause = Object.assign(new Error(fault.errno), { code: fault.errno })
    return new IndelibleError(fault.code, `${fault.errno} (injected) at ${call} of ${path}`, { cause })
  }
  const mayFail = (call: Call, path: string) => {
    const error = fails(call, path)
    if (error) throw error
  }
  const renamed = new Set<(from: string, to: string) => void>()
  const failingFile = (file: DiskFile, openedAs: string): DiskFile => {
    let path = openedAs
    renamed.add((from, to) => {
      if (path === from) path = to
    })
    return {
      async size() {
        mayFail('size', path)
        return await file.size()
      },
      async read(into, at) {
        mayFail('read', path)
        return await file.read(into, at)
      },
      async write(bytes, at) {
        const error = fails('write', path)
        if (error && fault.part) await file.write(bytes.subarray(0, bytes.length * fault.part), at)
        if (error) throw error
        await file.write(bytes, at)
      },
      readNow(into, at) {
        mayFail('readNow', path)
        return file.readNow(into, at)
      },
      writeNow(bytes, at) {
        const error = fails('write', path)
        if (error && fault.part) file.writeNow(bytes.subarray(0, bytes.length * fault.part), at)
        if (error) throw error
        file.writeNow(bytes, at)
      },
      async sync() {
        mayFail('sync', path)
        await file.sync()
      },
      async truncate(size) {
        mayFail('truncate', path)
        await file.truncate(size)
      },
      async close() {
        await file.close()
        mayFail('close', path)
      },
    }
  }
  const failingNow = (file: FileNow, path: string): FileNow => {
    let open = true
    // A closed file has a number that may now belong to another file.
    const used = () => {
      if (!open) throw new Error(`${path} is read after it was closed.`)
    }
    return {
      size() {
        used()
        mayFail('sizeNow', path)
        return file.size()
      },
      read(into, at) {
        used()
        mayFail('readNow', path)
        return file.read(into, at)
      },
      close() {
        used()
        open = false
        file.close()
        mayFail('closeNow', path)
      },
    }
  }
  const disk: Disk = {
    async open(path, mode) {
      mayFail(mode === 'create' ? 'create' : 'open', path)
      return failingFile(await under.open(path, mode), path)
    },
    openNow(path) {
      mayFail('openNow', path)
      return failingNow(under.openNow(path), path)
    },
    hasNow(path) {
      mayFail('hasNow', path)
      return under.hasNow(path)
    },
    async list(dir) {
      mayFail('list', dir)
      return await under.list(dir)
    },
    async makeDir(dir) {
      mayFail('makeDir', dir)
      await under.makeDir(dir)
    },
    async openDir(path) {
      mayFail('openDir', path)
      const dir = await under.openDir(path)
      return {
        async sync() {
          mayFail('syncDir', path)
          await dir.sync()
        },
        async close() {
          await dir.close()
          mayFail('close', path)
        },
      }
    },
    async rename(from, to) {
      const error = fails('rename', to)
      if (!error || fault.part === 1) {
        await under.rename(from, to)
        for (const tell of renamed) tell(from, to)
      }
      if (error) throw error
    },
    async remove(path) {
      mayFail('remove', path)
      await under.remove(path)
    },
    watch: under.watch,
    filesMax: under.filesMax,
    async lock(dir) {
      mayFail('lock', dir)
      if (locked) throw new IndelibleError('store_locked', 'Whoever had the log open did not let go of it.')
      locked = true
      return async () => {
        locked = false
      }
    },
  }
  return {
    disk,
    get calls() {
      return calls
    },
    get hit() {
      return hit
    },
    repair: () => {
      healed = true
    },
  }
}
