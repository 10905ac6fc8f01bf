// Read tables in PGlite, the Postgres that runs inside the process: no server to install or run, and the same SQL.
import { resolve } from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import { IndelibleError } from 'indelible'
import { checkedDuration, timer } from 'indelible/adapter'
import { type SqlDatabase, settlesWithin } from '../database/index.ts'
import * as limits from '../limits.ts'
import { type SqlReadTables, sqlReadTables } from '../tables/index.ts'
import { PgliteClient } from './client.ts'
import { PgliteThread } from './thread.ts'

export interface PgliteOptions {
  /** The directory of the tables. If it is omitted, they are in memory. Only one process at a time can open a directory. */
  readonly dir?: string
  /**
   * The milliseconds that a statement may run, 60,000 by default. Time in the queue behind other statements does not count. PGlite cannot cancel a
   * statement: if one takes longer, its thread is terminated and starts again at the next call. Tables in memory are lost then, and are built again
   * from the log.
   */
  readonly statementMsMax?: number
  /** The milliseconds that `close` may take, 30,000 by default. Then the thread is terminated. */
  readonly closeMsMax?: number
}

export interface PgliteTables extends SqlReadTables {
  /** Opens access for another thread of this process: pass the port to that thread (in the transfer list), and give it to `pgliteTablesAt` there. */
  port(): Promise<MessagePort>
}

/**
 * Opens PGlite in a thread of its own. Tables in a directory survive the end of the process, even a crash. PGlite does not sync its files while it
 * runs: if the machine stops while the directory is open, PGlite starts empty, and the tables are built again from the log.
 *
 * A thread that fails (disk full, no memory, no answer in time) is terminated. Pending calls throw `tables_unavailable`, and the next call starts a new
 * thread for the same directory. If that cannot open the directory, PGlite starts empty as soon as the disk has enough free space.
 */
export async function pgliteTables(options: PgliteOptions = {}): Promise<PgliteTables> {
  const database = await pgliteDatabase(options)
  return { ...sqlReadTables(database, { schema: 'public' }), port: database.port }
}

/**
 * The same tables in another thread. When PGlite is closed or its thread ends, they become unavailable for good: then ask for another port.
 * `close` does not close PGlite.
 */
export function pgliteTablesAt(port: MessagePort): SqlReadTables {
  const client = PgliteClient.at(port)
  const { database, idle } = serializedAccess(async () => client)
  const close = async () => {
    await settlesWithin(limits.closeMsMax, idle())
    port.close()
  }
  return sqlReadTables({ ...database, close }, { schema: 'public' })
}

export async function pgliteDatabase({
  dir,
  statementMsMax = limits.statementMsMax,
  closeMsMax = limits.closeMsMax,
}: PgliteOptions = {}): Promise<SqlDatabase & { port(): Promise<MessagePort> }> {
  checkedDuration('statementMsMax', statementMsMax)
  checkedDuration('closeMsMax', closeMsMax)
  const options = { dir: dir === undefined ? undefined : resolve(dir), statementMsMax }
  let thread: PgliteThread | undefined
  let failure: { readonly error: unknown; readonly atMs: number } | undefined
  let isClosed = false

  const openClient = async () => {
    if (isClosed) throw closedError()
    if (thread?.client.isOpen) return thread.client
    // Every attempt loads all of PGlite, and there may be many calls.
    if (failure && performance.now() - failure.atMs < limits.reopenMsMin) throw failure.error
    await thread?.terminate()
    if (isClosed) throw closedError()
    thread = new PgliteThread(options)
    try {
      await thread.opened()
    } catch (error) {
      failure = { error, atMs: performance.now() }
      await thread.terminate()
      throw error
    }
    return thread.client
  }
  await openClient()
  const { database, enqueue, idle } = serializedAccess(openClient)
  return {
    ...database,
    port: () => enqueue(async (client) => client.port()),
    close: async () => {
      isClosed = true
      const timeout = timer(closeMsMax, () => void thread?.terminate())
      try {
        await idle()
        await thread?.close()
      } finally {
        timeout.cancel()
      }
    },
  }
}

function closedError(): IndelibleError {
  return new IndelibleError('tables_unavailable', 'PGlite was closed.')
}

/** PGlite runs nothing in the background. Without these statements, tables whose rows change and the write-ahead log would grow without limit. */
const maintenanceStatements = ['VACUUM', 'CHECKPOINT']
/** Maintenance takes some ten milliseconds, so at this rate it costs a few percent at most. */
const requestsPerMaintenance = 2_000

/** A client can have one request under way, so its statements and transactions run one after the other. */
function serializedAccess(openClient: () => Promise<PgliteClient>) {
  let last: Promise<unknown> = Promise.resolve()
  let requests = 0

  function enqueue<Result>(work: (client: PgliteClient) => Promise<Result>): Promise<Result> {
    const result = last.then(async () => await work(await openClient()))
    last = result.catch(() => {})
    requests++
    if (requests % requestsPerMaintenance === 0) {
      const timeoutMs = limits.indexMsMax
      for (const sql of maintenanceStatements)
        last = last.then(async () => (await openClient()).query(sql, [], { timeoutMs })).catch(() => {})
    }
    return result
  }

  const database: Omit<SqlDatabase, 'close'> = {
    query: (sql, params, options) => enqueue((client) => client.query(sql, params, options)),
    transaction: (work, options) => enqueue((client) => client.transaction(work, options)),
  }
  return { database, enqueue, idle: () => last }
}
