// The thread that PGlite runs in, so that SQL never blocks the event loop of the process.
//
// Node starts this file itself, during development from its source. So neither this file nor what it imports needs another package of ours.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { instantText } from '../instants.ts'
import { Deadline } from './deadline.ts'
import { openDirectory } from './directory.ts'
import type { PgliteError, PgliteResponse, PgliteWorkerData } from './protocol.ts'
import { scheduleRequests } from './scheduler.ts'

const { dir, statementMsMax, deadline: deadlineBuffer } = workerData as PgliteWorkerData
const parent = parentPort!
const deadline = new Deadline(deadlineBuffer)
const respond = (port: MessagePort, response: PgliteResponse) => port.postMessage(response)

try {
  const { PGlite } = await import('@electric-sql/pglite')
  // date, timestamp, timestamptz
  const parsers = { 1082: String, 1114: String, 1184: instantText }
  const create = (dataDir?: string) => PGlite.create({ ...(dataDir && { dataDir }), parsers })
  const directory = dir === undefined ? undefined : openDirectory(dir)
  const database = await (directory ? directory.create(create) : create())
  // PGlite adds the serializers of array types while it opens, so they can be wrapped only now.
  for (const [type, serialize] of Object.entries(database.serializers)) {
    database.serializers[Number(type)] = refusing(serialize)
  }
  const ports = scheduleRequests(parent, async (port, request) => {
    try {
      if (request === 'close') {
        await database.close()
        directory?.close()
        respond(port, { rows: [] })
        for (const each of ports) each.close()
      } else {
        const { sql, params, blob, timeoutMs = statementMsMax } = request
        // SQL reads it as the file /dev/blob.
        const options = blob === undefined ? {} : { blob: new Blob([blob]) }
        deadline.start(timeoutMs)
        const { rows } = await database.query<Record<string, unknown>>(sql, [...params], options)
        respond(port, { rows })
      }
    } catch (error) {
      respond(port, { error: plainError(error) })
      // After any other error (a panic, no memory, a file that cannot be written) PGlite cannot be used any more, and the thread ends.
      if (!isRefusal(error)) throw error
    } finally {
      deadline.clear()
    }
  })
  deadline.clear()
  respond(parent, { rows: [] })
} catch (error) {
  respond(parent, { error: plainError(error) })
  parent.close()
}

/** Whether Postgres refused one statement and can run others. */
function isRefusal(error: unknown): boolean {
  return (error as Partial<PgliteError> | null)?.severity === 'ERROR'
}

/** PGlite itself refuses a value that does not fit its parameter, before Postgres sees it. The error gets the code of Postgres, invalid_text_representation. */
function refusing<Value>(serialize: (value: Value) => string): (value: Value) => string {
  return (value) => {
    try {
      const text: unknown = serialize(value)
      if (typeof text === 'string') return text
    } catch (error) {
      throw refusal(plainError(error).message)
    }
    throw refusal(`A parameter is a ${typeof value}, which does not fit its type.`)
  }
}

function refusal(message: string): Error {
  return Object.assign(new Error(message), { severity: 'ERROR', code: '22P02' })
}

function plainError(error: unknown): PgliteError {
  if (!(error instanceof Error)) return { message: String(error) }
  const { code, severity, detail } = error as Partial<PgliteError>
  return { message: error.message, code, severity, detail }
}
