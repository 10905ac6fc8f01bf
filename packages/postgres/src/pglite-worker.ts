// The thread that PGlite runs in, so that SQL never holds up the event loop of the process.
//
// Node starts this very file, in development from its source: neither it nor what it imports needs another package of ours.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { instantText } from './instants.ts'
import { enter } from './pglite-directory.ts'
import type { PgliteAnswer, PgliteFault } from './pglite-protocol.ts'
import { takeTurns } from './pglite-turns.ts'

const { dir } = workerData as { readonly dir: string | undefined }
const parent = parentPort!
const reply = (port: MessagePort, message: PgliteAnswer) => port.postMessage(message)

try {
  const directory = dir === undefined ? undefined : enter(dir)
  const { PGlite } = await import('@electric-sql/pglite')
  // date, timestamp, timestamptz
  const parsers = { 1082: String, 1114: String, 1184: instantText }
  const database = await PGlite.create({ ...(directory && { dataDir: directory.data }), parsers }).catch((error) => {
    if (!directory) throw error
    const advice = 'If the directory is damaged, delete it: read tables are made again from the log.'
    throw new Error(`${error instanceof Error ? error.message : error} ${advice}`, { cause: error })
  })
  const ports = takeTurns(parent, async (port, request) => {
    try {
      if (request === 'close') {
        await database.close()
        directory?.leave()
        reply(port, { rows: [] })
        for (const each of ports) each.close()
      } else {
        const { sql, params, blob } = request
        // What SQL then reads as the file /dev/blob.
        const options = blob === undefined ? {} : { blob: new Blob([blob]) }
        const { rows } = await database.query<Record<string, unknown>>(sql, [...params], options)
        reply(port, { rows })
      }
    } catch (error) {
      // What WebAssembly stumbled over is no longer a database: this ends the thread.
      if (error instanceof Error && error.name === 'RuntimeError') throw error
      reply(port, { fault: faultOf(error) })
    }
  })
  reply(parent, { rows: [] })
} catch (error) {
  reply(parent, { fault: faultOf(error) })
  parent.close()
}

function faultOf(error: unknown): PgliteFault {
  if (!(error instanceof Error)) return { message: String(error) }
  const { code, severity, detail } = error as Partial<PgliteFault>
  return { message: error.message, code, severity, detail }
}
