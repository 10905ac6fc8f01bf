// Read tables on a Postgres server, through a connection pool of the "pg" driver, which the user installs.
import { checkedDuration } from 'indelible/adapter'
import {
  type Copy,
  inTransaction,
  openPool,
  type PgClient,
  type PgModule,
  type PgTypes,
  type PoolOptions,
  type Query,
  type SqlDatabase,
  settlesWithin,
  sqlState,
} from '../database/index.ts'
import { instantText } from '../instants.ts'
import * as limits from '../limits.ts'
import { type SqlReadTables, sqlReadTables } from '../tables/index.ts'

/** All other options are passed to pg.Pool (https://node-postgres.com/apis/pool). */
export interface PostgresOptions extends DatabaseOptions {
  /** The schema of the tables, `public` by default. It is created if it does not exist. */
  readonly schema?: string
}

interface DatabaseOptions extends PoolOptions {
  /** The milliseconds that `close` may take, 30,000 by default. Then connections are cut, and statements under way fail. */
  readonly closeMsMax?: number
}

/** Does not connect yet. While the server is down, calls throw `tables_unavailable`. */
export async function postgresTables({ schema = 'public', ...options }: PostgresOptions): Promise<SqlReadTables> {
  // A pooler refuses what is set for a session.
  const session = options.directConnectionString === undefined ? { options: unsynced } : {}
  return sqlReadTables(await postgresDatabase({ ...session, ...options }), { schema })
}

/**
 * Rows can be made again from the log, and their checkpoint is always in the same transaction. So nobody waits until they are on the disk or a standby has
 * them: after a crash of the server a table may be some milliseconds further back, and is brought up again. What operators set asks for more.
 */
const unsynced = '-c synchronous_commit=off'

export async function postgresDatabase({
  closeMsMax = limits.closeMsMax,
  ...poolOptions
}: DatabaseOptions): Promise<SqlDatabase> {
  checkedDuration('closeMsMax', closeMsMax)
  const { pg, pool } = await openPool(poolOptions)
  const connections = new Set<PgClient>()
  pool.on('connect', (client) => connections.add(client))
  pool.on('remove', (client) => connections.delete(client))

  async function connected<Result>(
    work: (connection: { query: Query; copy: Copy }) => Promise<Result>,
  ): Promise<Result> {
    const client = await pool.connect()
    let isBroken = false
    // The statement under way, or the next one, fails with this error.
    const onError = () => {
      isBroken = true
    }
    client.on('error', onError)
    const watched = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
      try {
        return await answer
      } catch (error) {
        // After a timeout or a broken connection, the next response on this connection is unknown.
        isBroken ||= sqlState(error) === undefined
        throw error
      }
    }
    const query: Query = async (text, values = [], { timeoutMs } = {}) => {
      const options = timeoutMs === undefined ? {} : { query_timeout: timeoutMs }
      const statement = { text, values, types: typesFor(pg), queryMode: 'extended', ...options } as const
      return (await watched(client.query(statement))).rows
    }
    const copy: Copy = (target, rows) => watched(copyRows(pg, client, { target, rows }))
    try {
      return await work({ query, copy })
    } finally {
      client.off('error', onError)
      client.release(isBroken)
    }
  }

  return {
    query: (sql, params) => connected(({ query }) => query(sql, params)),
    transaction: (work, options) => connected((connection) => inTransaction(connection, work, options)),
    async close() {
      // `end` waits for statements under way, and would wait without end for a server that does not answer.
      const isEnded = await settlesWithin(closeMsMax, pool.end())
      if (!isEnded) for (const client of connections) client.connection?.stream.destroy()
    },
  }
}

/** The driver supports COPY and lets the query send the data. */
function copyRows(pg: PgModule['default'], client: PgClient, { target, rows }: { target: string; rows: string }) {
  return new Promise<void>((resolve, reject) => {
    const query = new pg.Query(`COPY ${target} FROM STDIN (FREEZE)`, undefined, (error) =>
      error ? reject(error) : resolve(),
    )
    query.query_timeout = limits.copyMsMax
    query.handleCopyInResponse = (connection) => {
      connection.sendCopyFromChunk(Buffer.from(rows))
      connection.endCopyFrom()
    }
    client.query(query)
  })
}

/** Parsers for our statements only. The global parsers of the driver belong to the whole process. */
function typesFor({ types }: PgModule['default']): PgTypes {
  return { getTypeParser: (oid, format) => parsers[oid] ?? types.getTypeParser(oid, format) }
}

const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  // boolean
  16: (text) => text === 't',
  // bigint
  20: (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text)),
  // date, timestamp, timestamptz
  1082: String,
  1114: String,
  1184: instantText,
}
