// The functions of node:fs that the real disk calls. One of them fails, or reads and writes only half of what was asked.
import fs from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

export type FsFault = 'EIO' | 'ENOSPC' | 'EDQUOT' | 'EMFILE' | 'short write' | 'short read'

type Function = (...given: unknown[]) => unknown
const opens = ['open', 'openSync', 'readFileSync']
const paths = ['mkdir', 'readdir', 'rename', 'rm']
const descriptors = [
  'read',
  'readSync',
  'write',
  'writeSync',
  'fdatasync',
  'fdatasyncSync',
  'ftruncate',
  'fstat',
  'fstatSync',
  'close',
  'closeSync',
]

const fits: Record<FsFault, (call: string, flags: unknown) => boolean> = {
  EIO: () => true,
  ENOSPC: (call, flags) => ['write', 'writeSync', 'rename', 'mkdir'].includes(call) || flags === 'w+',
  EDQUOT: (call, flags) => ['write', 'writeSync', 'rename', 'mkdir'].includes(call) || flags === 'w+',
  EMFILE: (call) => opens.includes(call) || call === 'readdir',
  'short write': (call) => call === 'write' || call === 'writeSync',
  'short read': (call) => call === 'read' || call === 'readSync',
}

export interface FailingFs {
  readonly hit: string | undefined
  repair(): void
  /** Restores the functions. */
  restore(): void
}

/** Makes the k-th matching call in a directory fail. */
export function failingFs(dir: string, fault: FsFault, { k, forever }: { k: number; forever: boolean }): FailingFs {
  let calls = 0
  let healed = false
  let hit: string | undefined
  const ours = new Set<unknown>()
  const strikes = (call: string, flags?: unknown) => {
    if (healed || !fits[fault](call, flags)) return false
    calls++
    if (calls !== k && !(forever && calls > k)) return false
    hit ??= call
    return true
  }
  const error = (call: string) => Object.assign(new Error(`${fault} (injected) at ${call}`), { code: fault })
  const patched = new Map<string, { readonly of: Record<string, Function>; readonly original: Function }>()
  const patch = (of: object, name: string, make: (original: Function) => Function) => {
    const functions = of as Record<string, Function>
    const original = functions[name]!
    patched.set(name, { of: functions, original })
    functions[name] = make(original)
  }

  patch(fs, 'open', (original) => (path, flags, done) => {
    if (!String(path).startsWith(dir)) return original(path, flags, done)
    if (strikes('open', flags)) return process.nextTick(done as Function, error('open'))
    return original(path, flags, (fault: unknown, fd: unknown) => {
      if (!fault) ours.add(fd)
      const tell = done as Function
      tell(fault, fd)
    })
  })
  patch(fs, 'openSync', (original) => (path, ...rest) => {
    const isOurs = String(path).startsWith(dir)
    if (isOurs && strikes('openSync')) throw error('openSync')
    const fd = original(path, ...rest)
    if (isOurs) ours.add(fd)
    return fd
  })
  for (const name of descriptors) {
    patch(fs, name, (original) => (fd, ...rest) => {
      const isOurs = ours.has(fd)
      const strikesNow = isOurs && strikes(name)
      if (name.startsWith('close')) ours.delete(fd)
      if (!strikesNow) return original(fd, ...rest)
      const done = name.endsWith('Sync') ? undefined : (rest.at(-1) as Function)
      if (fault.startsWith('short')) {
        // (bytes, offset, length, position, …)
        const length = rest[2] as number
        return original(fd, rest[0], rest[1], length > 1 ? Math.floor(length / 2) : length, ...rest.slice(3))
      }
      // A file counts as closed even if closing it fails.
      if (name === 'closeSync') original(fd)
      if (name === 'close') return original(fd, () => done!(error(name)))
      if (!done) throw error(name)
      return process.nextTick(done, error(name))
    })
  }
  for (const name of ['statSync', 'readFileSync']) {
    patch(fs, name, (original) => (path, ...rest) => {
      if (String(path).startsWith(dir) && strikes(name)) throw error(name)
      return original(path, ...rest)
    })
  }
  for (const name of paths) {
    patch(promises, name, (original) => async (path, ...rest) => {
      if (String(path).startsWith(dir) && strikes(name)) throw error(name)
      return await original(path, ...rest)
    })
  }
  syncBuiltinESMExports()

  return {
    get hit() {
      return hit
    },
    repair: () => {
      healed = true
    },
    restore() {
      for (const [name, { of, original }] of patched) of[name] = original
      syncBuiltinESMExports()
    },
  }
}
