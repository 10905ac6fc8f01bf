// Read tables on a Postgres server, through a connection pool of the "pg" driver, which the user installs.
import { checkedDuration } from 'indelible/adapter'
import {
  type Copy,
  inTransaction,
  loadPeer,
  type Query,
  type SqlDatabase,
  settlesWithin,
  sqlState,
} from '../database/index.ts'
import { instantText } from '../instants.ts'
import * as limits from '../limits.ts'
import { type SqlReadTables, sqlReadTables } from '../tables/index.ts'

/** All other options are passed to pg.Pool (https://node-postgres.com/apis/pool). */
export interface PostgresOptions extends PoolOptions {
  /** The schema of the tables, `public` by default. It is created if it does not exist. */
  readonly schema?: string
}

interface PoolOptions {
  readonly connectionString: string
  /** The maximum number of connections, 10 by default. */
  readonly max?: number
  /** The milliseconds that `close` may take, 30,000 by default. Then connections are cut, and statements under way fail. */
  readonly closeMsMax?: number
  readonly [poolOption: string]: unknown
}

/**
 * A call fails instead of waiting without end, and an idle pool does not keep the process alive. A process that is silent in a transaction loses the
 * transaction soon, because another process needs its locks to take over.
 */
const poolDefaults = {
  application_name: 'indelible',
  connectionTimeoutMillis: limits.connectMsMax,
  query_timeout: limits.statementMsMax,
  idle_in_transaction_session_timeout: limits.idleInTransactionMsMax,
  keepAlive: true,
  allowExitOnIdle: true,
}

/** The driver passes these options to timers of Node, which fire at once if the time is longer than 25 days. For the driver 0 means no limit. */
const timers = ['connectionTimeoutMillis', 'query_timeout', 'idleTimeoutMillis']

function withoutOverflow(options: Readonly<Record<string, unknown>>): object {
  const tooLong = timers.filter((name) => Number(options[name]) > 2 ** 31 - 1)
  return { ...options, ...Object.fromEntries(tooLong.map((name) => [name, 0])) }
}

/** Does not connect yet. While the server is down, calls throw `tables_unavailable`. */
export async function postgresTables({ schema = 'public', ...options }: PostgresOptions): Promise<SqlReadTables> {
  return sqlReadTables(await postgresDatabase(options), { schema })
}

export async function postgresDatabase({
  closeMsMax = limits.closeMsMax,
  ...poolOptions
}: PoolOptions): Promise<SqlDatabase> {
  checkedDuration('closeMsMax', closeMsMax)
  const { default: pg } = (await loadPeer('pg', () => import('pg'))) as unknown as PgModule
  const pool = new pg.Pool(withoutOverflow({ ...poolDefaults, ...poolOptions }))
  // The pool replaces an idle connection that breaks. Without a listener the error would end the process.
  pool.on('error', () => {})
  // A new connection has no listener before the pool hands it over, and the server may cut it in that moment.
  pool.on('connect', (client) => client.on('error', () => {}))
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

/** The part of the driver that we use, so that our types do not depend on its types. */
interface PgModule {
  readonly default: {
    readonly Pool: new (options: object) => PgPool
    readonly Query: new (text: string, values: undefined, callback: (error: unknown) => void) => PgQuery
    readonly types: PgTypes
  }
}

interface PgQuery {
  query_timeout?: number
  handleCopyInResponse(connection: { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void }): void
}

interface PgTypes {
  getTypeParser(oid: number, format?: string): (text: string) => unknown
}

interface PgPool {
  on(event: 'error', listener: () => void): void
  on(event: 'connect' | 'remove', listener: (client: PgClient) => void): void
  connect(): Promise<PgClient>
  end(): Promise<void>
}

interface PgClient {
  /** Undefined with the native driver. */
  readonly connection?: { readonly stream: { destroy(): void } }
  on(event: 'error', listener: () => void): void
  off(event: 'error', listener: () => void): void
  query(config: {
    text: string
    values: readonly unknown[]
    types: PgTypes
    queryMode: 'extended'
    query_timeout?: number
  }): Promise<{ rows: Record<string, unknown>[] }>
  query(query: PgQuery): void
  release(destroy: boolean): void
}
