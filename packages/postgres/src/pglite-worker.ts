// The thread that PGlite runs in, so that SQL never holds up the event loop of the process. Node starts this very file, so it imports nothing of ours.
import { mkdirSync } from 'node:fs'
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
  const lock = dir === undefined ? undefined : lockDirectory(dir)
  const { PGlite } = await import('@electric-sql/pglite')
  const asText = String
  const parsers = { 1082: asText, 1114: asText, 1184: asText }
  const database = await PGlite.create({ ...(dir === undefined ? {} : { dataDir: dir }), parsers })
  port.on('message', async (request: PgliteRequest) => {
    try {
      if (request === 'close') {
        await database.close()
        lock?.close()
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

/** PGlite takes no lock, and two that write one directory destroy it. The kernel lets go of SQLite's lock when the process dies, however it dies. */
function lockDirectory(dir: string): DatabaseSync {
  mkdirSync(dir, { recursive: true })
  const lock = new DatabaseSync(join(dir, 'indelible.lock'))
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    const isTaken = (error as { errcode?: number }).errcode === 5
    throw isTaken ? new Error('it is open already, here or in another process.') : error
  }
}

function faultOf(error: unknown): PgliteFault {
  if (!(error instanceof Error)) return { message: String(error) }
  const { code, severity } = error as { code?: unknown; severity?: unknown }
  return { message: error.message, code, severity }
}
