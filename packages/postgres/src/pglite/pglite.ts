// Read tables in PGlite, the Postgres that runs inside the process: nothing to install and run beside it, and the same SQL.
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
  /** Where the tables are kept; in memory when left out. One process at a time can have a directory open. */
  readonly dir?: string
  /**
   * Milliseconds that a statement may take from when it is served, 60,000 when left out; waiting for the statements of others does not count. PGlite
   * cannot stop a statement: one that takes longer is ended together with the thread, which is started again at the next use. What is kept in memory
   * only is gone then, and read tables are made again from the log.
   */
  readonly statementMsMax?: number
  /** Milliseconds that closing may take, 30,000 when left out; then the thread is ended whatever it is at. */
  readonly closeMsMax?: number
}

export interface PgliteTables extends SqlReadTables {
  /** A way in for another thread of this process: hand it over (it must be in the transfer list), and give it to `pgliteTablesAt` there. */
  port(): Promise<MessagePort>
}

/**
 * Opens PGlite in a thread of its own. What a directory holds outlives the process, however it ends. PGlite does not sync while it runs, so
 * a directory that was open when the machine stopped begins empty, and its tables are made again from the log.
 *
 * A thread that fails (no room on the disk, no memory, no answer in time) is ended. Whoever waits for it gets `tables_unavailable`, and the next call
 * starts another one over the same directory. A directory that cannot be opened after that begins empty, as soon as the disk has room for it.
 */
export async function pgliteTables(options: PgliteOptions = {}): Promise<PgliteTables> {
  const database = await pgliteDatabase(options)
  return { ...sqlReadTables(database, { schema: 'public' }), port: database.port }
}

/**
 * The same tables in another thread. They are unavailable there, for good, once PGlite is closed or its thread ends: then ask for another port.
 * Closing them leaves PGlite open.
 */
export function pgliteTablesAt(port: MessagePort): SqlReadTables {
  const client = PgliteClient.at(port)
  const { database, idle } = takingTurns(async () => client)
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

  const current = async () => {
    if (isClosed) throw closed()
    if (thread?.client.isAlive) return thread.client
    // Many may ask, and each try loads all of PGlite.
    if (failure && performance.now() - failure.atMs < limits.reopenMsMin) throw failure.error
    await thread?.end()
    if (isClosed) throw closed()
    thread = new PgliteThread(options)
    try {
      await thread.opened()
    } catch (error) {
      failure = { error, atMs: performance.now() }
      await thread.end()
      throw error
    }
    return thread.client
  }
  await current()
  const { database, inTurn, idle } = takingTurns(current)
  return {
    ...database,
    port: () => inTurn(async (client) => client.port()),
    close: async () => {
      isClosed = true
      const stop = timer(closeMsMax, () => void thread?.end())
      try {
        await idle()
        await thread?.close()
      } finally {
        stop.cancel()
      }
    },
  }
}

function closed(): IndelibleError {
  return new IndelibleError('tables_unavailable', 'PGlite was closed.')
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
      const timeoutMs = limits.indexMsMax
      for (const sql of upkeep)
        turn = turn.then(async () => (await current()).query(sql, [], { timeoutMs })).catch(() => {})
    }
    return mine
  }

  const database: Omit<SqlDatabase, 'close'> = {
    query: (sql, params, options) => inTurn((client) => client.query(sql, params, options)),
    transaction: (work, options) => inTurn((client) => client.transaction(work, options)),
  }
  return { database, inTurn, idle: () => turn }
}
