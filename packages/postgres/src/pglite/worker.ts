// The thread that PGlite runs in, so that SQL never holds up the event loop of the process.
//
// Node starts this very file, in development from its source: neither it nor what it imports needs another package of ours.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { instantText } from '../instants.ts'
import { Deadline } from './deadline.ts'
import { enter } from './directory.ts'
import type { PgliteAnswer, PgliteFault, PgliteStart } from './protocol.ts'
import { takeTurns } from './turns.ts'

const start = workerData as PgliteStart
const parent = parentPort!
const deadline = new Deadline(start.deadline)
const reply = (port: MessagePort, message: PgliteAnswer) => port.postMessage(message)

try {
  const { PGlite } = await import('@electric-sql/pglite')
  // date, timestamp, timestamptz
  const parsers = { 1082: String, 1114: String, 1184: instantText }
  const create = (dataDir?: string) => PGlite.create({ ...(dataDir && { dataDir }), parsers })
  const directory = start.dir === undefined ? undefined : enter(start.dir)
  const database = await (directory ? directory.open(create) : create())
  // Those of arrays are there only now.
  for (const [type, serialize] of Object.entries(database.serializers)) {
    database.serializers[Number(type)] = asRefusal(serialize)
  }
  const ports = takeTurns(parent, async (port, request) => {
    try {
      if (request === 'close') {
        await database.close()
        directory?.leave()
        reply(port, { rows: [] })
        for (const each of ports) each.close()
      } else {
        const { sql, params, blob, timeoutMs = start.statementMsMax } = request
        // What SQL then reads as the file /dev/blob.
        const options = blob === undefined ? {} : { blob: new Blob([blob]) }
        deadline.begin(timeoutMs)
        const { rows } = await database.query<Record<string, unknown>>(sql, [...params], options)
        reply(port, { rows })
      }
    } catch (error) {
      reply(port, { fault: faultOf(error) })
      // After anything else (a panic, no memory, a file that cannot be written) this is no longer a database, and the thread ends.
      if (!isRefusal(error)) throw error
    } finally {
      deadline.end()
    }
  })
  deadline.end()
  reply(parent, { rows: [] })
} catch (error) {
  reply(parent, { fault: faultOf(error) })
  parent.close()
}

/** Whether Postgres refused a statement and goes on. */
function isRefusal(error: unknown): boolean {
  return (error as Partial<PgliteFault> | null)?.severity === 'ERROR'
}

/** A value that does not fit its parameter is refused by PGlite before Postgres sees it: invalid_text_representation. */
function asRefusal<Value>(serialize: (value: Value) => string): (value: Value) => string {
  return (value) => {
    try {
      const text: unknown = serialize(value)
      if (typeof text === 'string') return text
    } catch (error) {
      throw refusal(faultOf(error).message)
    }
    throw refusal(`A parameter is a ${typeof value}, which does not fit its type.`)
  }
}

function refusal(message: string): Error {
  return Object.assign(new Error(message), { severity: 'ERROR', code: '22P02' })
}

function faultOf(error: unknown): PgliteFault {
  if (!(error instanceof Error)) return { message: String(error) }
  const { code, severity, detail } = error as Partial<PgliteFault>
  return { message: error.message, code, severity, detail }
}
