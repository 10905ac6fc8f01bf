// The database as the logs of this process share it: one pool of connections, and one connection that listens.
import { randomUUID } from 'node:crypto'
import {
  openPool,
  type PgClient,
  type PgNotice,
  type PgTypes,
  type PoolOptions,
  settlesWithin,
  sqlState,
} from '../database/index.ts'
import { closeMsMax, copyMsMax } from '../limits.ts'
import { isRefusal, NotConnected } from './faults.ts'
import type { TextQuery } from './text-query.ts'
import { Wakeups } from './wakeups.ts'

/** Errors come from the driver. */
export interface LogDatabase {
  readonly query: TextQuery
  /** For statements that may be repeated: after a failover every connection of the pool is dead, and says so only when it is used. */
  readonly read: TextQuery
  /** Runs COPY … TO STDOUT, and calls back with each message of it. The bytes are overwritten afterwards. */
  copyOut(sql: string, take: (chunk: Buffer) => void): Promise<void>
  /** Commits the statements of `work` together, or none of them if `work` throws. */
  transaction<Result>(work: (query: TextQuery) => Promise<Result>): Promise<Result>
  readonly wakeups: Wakeups
  close(): Promise<void>
}

const open = new Map<string, { readonly database: Promise<LogDatabase>; users: number }>()

/** Logs with the same options share a database; the last one that closes it ends its connections. */
export async function sharedDatabase(options: PoolOptions, schema: string): Promise<LogDatabase> {
  // Functions, for example one that gives the password, do not say whether they are the same.
  const isShared = Object.values(options).every((value) => typeof value !== 'function')
  const key = isShared ? JSON.stringify([schema, options]) : randomUUID()
  const shared = open.get(key) ?? { database: openDatabase(options, schema), users: 0 }
  open.set(key, shared)
  shared.users++
  let isClosed = false
  const database = await shared.database.catch((error) => {
    open.delete(key)
    throw error
  })
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
  const { pg, pool, listener, keepsSessions } = await openPool(options)
  const clients = new Set<PgClient>()
  pool.on('connect', (client) => clients.add(client))
  pool.on('remove', (client) => clients.delete(client))

  async function connected<Result>(work: (query: TextQuery, client: PgClient) => Promise<Result>): Promise<Result> {
    const client = await pool.connect().catch((cause) => {
      throw new NotConnected(cause)
    })
    let isBroken = false
    let isAlone = false
    const onError = () => {
      isBroken = true
    }
    client.on('error', onError)
    const onNotice = (notice: PgNotice) => {
      isAlone ||= notice.routine === 'SyncRepWaitForLSN'
    }
    client.on('notice', onNotice)
    const query: TextQuery = async (text, values, { name, timeoutMs } = {}) => {
      const limit = timeoutMs === undefined ? {} : { query_timeout: timeoutMs }
      const statement = { text, ...(name && keepsSessions && { name }), ...(values && { values }), ...limit }
      const { rows } = await client.query({ ...statement, rowMode: 'array', types: asText })
      // Somebody cancelled the wait for a standby. For the database that is success, but a failover would lose it.
      if (isAlone) throw new Error('The commit did not wait until a standby had it.')
      return rows
    }
    try {
      return await work(query, client)
    } catch (error) {
      // After a timeout or a broken connection, the next answer on this connection is unknown.
      isBroken ||= sqlState(error) === undefined
      throw error
    } finally {
      client.off('error', onError)
      client.off('notice', onNotice)
      client.release(isBroken)
    }
  }

  const query: TextQuery = (sql, values, queryOptions) => connected((one) => one(sql, values, queryOptions))
  const read: TextQuery = async (sql, values, queryOptions) => {
    for (let dead = 0; ; dead++) {
      try {
        return await query(sql, values, queryOptions)
      } catch (error) {
        if (isRefusal(error) || dead > clients.size) throw error
      }
    }
  }
  const wakeups = new Wakeups({ connect: listener, query, schema })
  return {
    query,
    read,
    wakeups,
    copyOut: (sql, take) =>
      connected((_, client) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        const copying = new pg.Query(sql, undefined, (error) => (error ? reject(error) : resolve()))
        copying.query_timeout = copyMsMax
        copying.handleCopyData = ({ chunk }) => {
          try {
            take(chunk)
          } catch (error) {
            // The rest of it comes through this connection, which is given up therefore.
            reject(error)
            client.connection?.stream.destroy()
          }
        }
        client.query(copying)
        return promise
      }),
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
