// Read tables in PGlite, the Postgres that runs inside the process: nothing to install and run beside it, and the same SQL.
import { resolve } from 'node:path'
import { inTransaction, type SqlDatabase } from './database.ts'
import { PgliteThread } from './pglite-thread.ts'
import { type SqlReadTables, sqlReadTables } from './tables.ts'

export interface PgliteOptions {
  /** Where the tables are kept; in memory when left out. One process at a time can have a directory open. */
  readonly dir?: string
}

/**
 * Opens PGlite in a thread of its own. What a directory holds outlives the process, however it ends. PGlite does not sync while it runs, so
 * a directory that was open when the machine stopped begins empty, and its tables are made again from the log.
 */
export async function pgliteTables(options: PgliteOptions = {}): Promise<SqlReadTables> {
  return sqlReadTables(await pgliteDatabase(options), { schema: 'public' })
}

/** PGlite runs nothing in the background: without this, tables whose rows change and the write-ahead log would grow for ever. */
const upkeep = ['VACUUM', 'CHECKPOINT']
/** It takes some ten milliseconds, so this often costs a few percent at most. */
const turnsPerUpkeep = 2_000

/** PGlite is one connection, so statements and transactions take turns. */
export async function pgliteDatabase({ dir }: PgliteOptions = {}): Promise<SqlDatabase> {
  const path = dir === undefined ? undefined : resolve(dir)
  let thread = await PgliteThread.start(path)
  let turn: Promise<unknown> = Promise.resolve()
  let turns = 0

  function inTurn<Result>(work: (thread: PgliteThread) => Promise<Result>): Promise<Result> {
    const mine = turn.then(async () => {
      // What was in memory died with its thread; what is on disk is opened again.
      if (!thread.isAlive && path !== undefined) thread = await PgliteThread.start(path)
      return await work(thread)
    })
    turn = mine.catch(() => {})
    turns++
    if (turns % turnsPerUpkeep === 0) {
      for (const sql of upkeep) turn = turn.then(() => thread.query(sql)).catch(() => {})
    }
    return mine
  }

  return {
    query: (sql, params) => inTurn(({ query }) => query(sql, params)),
    transaction: (work, options) => inTurn(({ query }) => inTransaction(query, work, options)),
    close: async () => {
      await turn
      await thread.close()
    },
  }
}
