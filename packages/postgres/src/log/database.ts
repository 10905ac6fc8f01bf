// The database as the logs of this process share it: one pool of connections, and one connection that listens.
import { openPool, type PgClient, type PgTypes, type PoolOptions, settlesWithin, sqlState } from '../database/index.ts'
import { closeMsMax } from '../limits.ts'
import { NotConnected } from './faults.ts'
import type { TextQuery } from './text-query.ts'
import { Wakeups } from './wakeups.ts'

/** Errors come from the driver. */
export interface LogDatabase {
  readonly query: TextQuery
  /** Commits the statements of `work` together, or none of them if `work` throws. */
  transaction<Result>(work: (query: TextQuery) => Promise<Result>): Promise<Result>
  readonly wakeups: Wakeups
  close(): Promise<void>
}

const open = new Map<string, { readonly database: Promise<LogDatabase>; users: number }>()

/** Logs with the same options share a database; the last one that closes it ends its connections. */
export async function sharedDatabase(options: PoolOptions, schema: string): Promise<LogDatabase> {
  const key = JSON.stringify([schema, options])
  const shared = open.get(key) ?? { database: openDatabase(options, schema), users: 0 }
  open.set(key, shared)
  shared.users++
  let isClosed = false
  const database = await shared.database
  return {
    ...database,
    async close() {
      if (isClosed) return
      isClosed = true
      if (--shared.users > 0) return
      open.delete(key)
      await database.close()
    },
  }
}

async function openDatabase(options: PoolOptions, schema: string): Promise<LogDatabase> {
  const { pool, listener } = await openPool(options)
  const clients = new Set<PgClient>()
  pool.on('connect', (client) => clients.add(client))
  pool.on('remove', (client) => clients.delete(client))

  async function connected<Result>(work: (query: TextQuery) => Promise<Result>): Promise<Result> {
    const client = await pool.connect().catch((cause) => {
      throw new NotConnected(cause)
    })
    let isBroken = false
    const onError = () => {
      isBroken = true
    }
    client.on('error', onError)
    const query: TextQuery = async (text, values, { name, timeoutMs } = {}) => {
      const limit = timeoutMs === undefined ? {} : { query_timeout: timeoutMs }
      try {
        return (
          await client.query({
            text,
            ...(name && { name }),
            ...(values && { values }),
            rowMode: 'array',
            types: asText,
            ...limit,
          })
        ).rows
      } catch (error) {
        // After a timeout or a broken connection, the next answer on this connection is unknown.
        isBroken ||= sqlState(error) === undefined
        throw error
      }
    }
    try {
      return await work(query)
    } finally {
      client.off('error', onError)
      client.release(isBroken)
    }
  }

  const query: TextQuery = (sql, values, queryOptions) => connected((one) => one(sql, values, queryOptions))
  const wakeups = new Wakeups({ connect: listener, query, schema })
  return {
    query,
    wakeups,
    transaction: (work) =>
      connected(async (one) => {
        await one('BEGIN')
        try {
          const result = await work(one)
          await one('COMMIT')
          return result
        } catch (error) {
          // If the connection is broken, ROLLBACK fails too, and the database ends the transaction.
          await one('ROLLBACK').catch(() => {})
          throw error
        }
      }),
    async close() {
      wakeups.close()
      // `end` waits for statements under way, and would wait without end for a server that does not answer.
      const isEnded = await settlesWithin(closeMsMax, pool.end())
      if (!isEnded) for (const client of clients) client.connection?.stream.destroy()
    },
  }
}

const asText: PgTypes = { getTypeParser: () => (text) => text }
