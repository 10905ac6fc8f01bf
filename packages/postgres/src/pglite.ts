// Read tables in PGlite, the Postgres that runs inside the process: nothing to install and run beside it, and the same SQL.
import { resolve } from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import { IndelibleError } from 'indelible'
import type { SqlDatabase } from './database.ts'
import { PgliteClient } from './pglite-client.ts'
import { startPglite } from './pglite-thread.ts'
import { type SqlReadTables, sqlReadTables } from './tables.ts'

export interface PgliteOptions {
  /** Where the tables are kept; in memory when left out. One process at a time can have a directory open. */
  readonly dir?: string
}

export interface PgliteTables extends SqlReadTables {
  /** A way in for another thread of this process: hand it over (it must be in the transfer list), and give it to `pgliteTablesAt` there. */
  port(): Promise<MessagePort>
}

/**
 * Opens PGlite in a thread of its own. What a directory holds outlives the process, however it ends. PGlite does not sync while it runs, so
 * a directory that was open when the machine stopped begins empty, and its tables are made again from the log.
 */
export async function pgliteTables(options: PgliteOptions = {}): Promise<PgliteTables> {
  const database = await pgliteDatabase(options)
  return { ...sqlReadTables(database, { schema: 'public' }), port: database.port }
}

/**
 * The same tables in another thread. They are unavailable there, for good, once PGlite is closed or its thread dies: then ask for another port.
 * Closing them leaves PGlite open.
 */
export function pgliteTablesAt(port: MessagePort): SqlReadTables {
  const client = PgliteClient.at(port)
  const { database, idle } = takingTurns(async () => client)
  const close = async () => {
    await idle()
    port.close()
  }
  return sqlReadTables({ ...database, close }, { schema: 'public' })
}

export async function pgliteDatabase({
  dir,
}: PgliteOptions = {}): Promise<SqlDatabase & { port(): Promise<MessagePort> }> {
  const path = dir === undefined ? undefined : resolve(dir)
  let thread = await startPglite(path)
  let isClosed = false
  const { database, inTurn, idle } = takingTurns(async () => {
    if (isClosed) throw new IndelibleError('tables_unavailable', 'PGlite was closed.')
    // What was in memory died with its thread; what is on disk is opened again.
    if (!thread.client.isAlive && path !== undefined) thread = await startPglite(path)
    return thread.client
  })
  return {
    ...database,
    port: () => inTurn(async (client) => client.port()),
    close: async () => {
      isClosed = true
      await idle()
      await thread.close()
    },
  }
}

/** PGlite runs nothing in the background: without this, tables whose rows change and the write-ahead log would grow for ever. */
const upkeep = ['VACUUM', 'CHECKPOINT']
/** It takes some ten milliseconds, so this often costs a few percent at most. */
const turnsPerUpkeep = 2_000

/** A client has one request under way at a time, so its statements and transactions take turns. */
function takingTurns(current: () => Promise<PgliteClient>) {
  let turn: Promise<unknown> = Promise.resolve()
  let turns = 0

  function inTurn<Result>(work: (client: PgliteClient) => Promise<Result>): Promise<Result> {
    const mine = turn.then(async () => await work(await current()))
    turn = mine.catch(() => {})
    turns++
    if (turns % turnsPerUpkeep === 0) {
      for (const sql of upkeep) turn = turn.then(async () => (await current()).query(sql)).catch(() => {})
    }
    return mine
  }

  const database: Omit<SqlDatabase, 'close'> = {
    query: (sql, params) => inTurn((client) => client.query(sql, params)),
    transaction: (work, options) => inTurn((client) => client.transaction(work, options)),
  }
  return { database, inTurn, idle: () => turn }
}
