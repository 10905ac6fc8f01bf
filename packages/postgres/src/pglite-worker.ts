// The thread that PGlite runs in, so that SQL never holds up the event loop of the process. Node starts this very file, so it imports nothing of ours.
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
import { parentPort, workerData } from 'node:worker_threads'

/** The first answer comes without a request and says whether PGlite is open. One request at a time. */
export type PgliteRequest = { readonly sql: string; readonly params: readonly unknown[] } | 'close'
export type PgliteAnswer = { readonly rows: readonly Record<string, unknown>[] } | { readonly fault: PgliteFault }
export interface PgliteFault {
  readonly message: string
  readonly code?: unknown
  readonly severity?: unknown
}

const { dir } = workerData as { readonly dir: string | undefined }
const port = parentPort!
const answer = (message: PgliteAnswer) => port.postMessage(message)

try {
  const directory = dir === undefined ? undefined : enter(dir)
  const { PGlite } = await import('@electric-sql/pglite')
  const asText = String
  const parsers = { 1082: asText, 1114: asText, 1184: asText }
  const database = await PGlite.create({ ...(directory && { dataDir: directory.data }), parsers })
  port.on('message', async (request: PgliteRequest) => {
    try {
      if (request === 'close') {
        await database.close()
        directory?.leave()
        answer({ rows: [] })
        port.close()
      } else {
        const { rows } = await database.query<Record<string, unknown>>(request.sql, [...request.params])
        answer({ rows })
      }
    } catch (error) {
      // What WebAssembly stumbled over is no longer a database: this ends the thread.
      if (error instanceof Error && error.name === 'RuntimeError') throw error
      answer({ fault: faultOf(error) })
    }
  })
  answer({ rows: [] })
} catch (error) {
  answer({ fault: faultOf(error) })
  port.close()
}

/**
 * PGlite takes no lock and never syncs, so both are done here. Two that write one directory would destroy it. And when the machine stops while
 * it is open, the pages on disk may be of different moments: such tables are thrown away, to be made again from the log.
 */
function enter(dir: string): { data: string; leave: () => void } {
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

function faultOf(error: unknown): PgliteFault {
  if (!(error instanceof Error)) return { message: String(error) }
  const { code, severity } = error as { code?: unknown; severity?: unknown }
  return { message: error.message, code, severity }
}
