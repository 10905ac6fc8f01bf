// Read tables on a Postgres server, through a pool of the "pg" driver, which the user installs.
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

/** What is not named here is handed to pg.Pool (https://node-postgres.com/apis/pool). */
export interface PostgresOptions extends PoolOptions {
  /** Made if it is not there, `public` when left out. */
  readonly schema?: string
}

interface PoolOptions {
  readonly connectionString: string
  /** Connections at most, 10 when left out. */
  readonly max?: number
  /** Milliseconds that closing may take, 30,000 when left out; then connections are cut and statements under way fail. */
  readonly closeMsMax?: number
  readonly [poolOption: string]: unknown
}

/**
 * A call fails rather than waits for ever, and a pool with nothing to do keeps no process alive. A process that sleeps in the middle of a transaction
 * loses it before long: what it has locked, others need to take over.
 */
const poolDefaults = {
  application_name: 'indelible',
  connectionTimeoutMillis: limits.connectMsMax,
  query_timeout: limits.statementMsMax,
  idle_in_transaction_session_timeout: limits.idleInTransactionMsMax,
  keepAlive: true,
  allowExitOnIdle: true,
}

/** The driver hands these to Node's timers, which take what is longer than they hold (about 25 days) for nothing. To the driver 0 is without limit. */
const timers = ['connectionTimeoutMillis', 'query_timeout', 'idleTimeoutMillis']

function withoutOverflow(options: Readonly<Record<string, unknown>>): object {
  const tooLong = timers.filter((name) => Number(options[name]) > 2 ** 31 - 1)
  return { ...options, ...Object.fromEntries(tooLong.map((name) => [name, 0])) }
}

/** Does not connect yet: a server that is down makes calls throw `tables_unavailable` until it is there. */
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
  // The pool replaces a connection that breaks while it is idle; without a listener that would end the process.
  pool.on('error', () => {})
  // Between its hands and ours a new connection has no listener either, and the server may cut it in that very moment.
  pool.on('connect', (client) => client.on('error', () => {}))
  const connections = new Set<PgClient>()
  pool.on('connect', (client) => connections.add(client))
  pool.on('remove', (client) => connections.delete(client))

  async function connected<Result>(
    work: (connection: { query: Query; copy: Copy }) => Promise<Result>,
  ): Promise<Result> {
    const client = await pool.connect()
    let isBroken = false
    // The statement under way, or the next one, tells its caller.
    const onError = () => {
      isBroken = true
    }
    client.on('error', onError)
    const watched = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
      try {
        return await answer
      } catch (error) {
        // After a timeout or a broken connection nobody knows what this connection will say next.
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
      // It waits for statements under way, and for a server that has fallen silent.
      const isEnded = await settlesWithin(closeMsMax, pool.end())
      if (!isEnded) for (const client of connections) client.connection?.stream.destroy()
    },
  }
}

/** The driver knows COPY, and leaves it to the query what to send. */
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

/** Parsers for our statements alone: those of the driver belong to the whole process. */
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

/** What we use of the driver, so that our types do not need its types. */
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
  /** Not where the native driver is used. */
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
