// The directory that PGlite keeps its files in: one process at a time, and none of the files outlives a loss of power.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * PGlite takes no lock and never syncs, so both are done here. Two that write one directory would destroy it. And when the machine stops while
 * it is open, the pages on disk may be of different moments: such tables are thrown away, to be made again from the log.
 */
export function enter(dir: string): { data: string; leave: () => void } {
  mkdirSync(dir, { recursive: true })
  const lock = takeLock(join(dir, 'indelible.lock'))
  const data = join(dir, 'data')
  const marker = join(dir, 'indelible.boot')
  const boot = bootId()
  if (existsSync(marker) && readFileSync(marker, 'utf8') !== boot) rmSync(data, { recursive: true, force: true })
  writeFileSync(marker, boot)
  for (const path of [marker, dir]) sync(path)
  const leave = () => {
    for (const entry of readdirSync(data, { recursive: true, withFileTypes: true }))
      sync(join(entry.parentPath, entry.name))
    rmSync(marker)
    lock.close()
  }
  return { data, leave }
}

/** The kernel lets go of SQLite's lock when the process dies, however it dies. */
function takeLock(file: string): DatabaseSync {
  const lock = new DatabaseSync(file)
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    const isTaken = (error as { errcode?: number }).errcode === 5
    throw isTaken ? new Error('it is open already, here or in another process.') : error
  }
}

/** Names the time since the machine was started: by its own name on Linux, elsewhere to ten minutes; a needless new name costs a rebuild, no more. */
function bootId(): string {
  const file = '/proc/sys/kernel/random/boot_id'
  return existsSync(file)
    ? readFileSync(file, 'utf8')
    : new Date(Date.now() - uptime() * 1_000).toISOString().slice(0, 15)
}

function sync(path: string): void {
  // Windows syncs neither directories nor what is open for reading.
  if (process.platform === 'win32') return
  const descriptor = openSync(path, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
