// The connection pool of the "pg" driver, which the user installs, with limits on all waiting.
import * as limits from '../limits.ts'
import { loadPeer } from './peer.ts'
import { type ClientClass, type PgConnection, writableServer } from './servers.ts'

/** All options but these are passed to pg.Pool (https://node-postgres.com/apis/pool). */
export interface PoolOptions {
  /** May name several servers of which one takes writes, as libpq does: `postgres://user@host1:5432,host2:5432/database`. */
  readonly connectionString: string
  /**
   * The database itself, where `connectionString` leads to a pooler in transaction mode, such as pgbouncer. It is for the connection that listens, and tells
   * us that the others keep nothing from one transaction to the next.
   */
  readonly directConnectionString?: string
  /** The maximum number of connections, 10 by default. */
  readonly max?: number
  readonly [poolOption: string]: unknown
}

export type { PgConnection }

export interface OpenPool {
  readonly pg: PgModule['default']
  readonly pool: PgPool
  /** A connection beside the pool, with the same options, that goes to the database itself. */
  readonly listener: () => PgConnection
  /** Whether a connection of the pool may prepare statements for later. */
  readonly keepsSessions: boolean
}

/** Does not connect yet. Throws `invalid_declaration`. */
export async function openPool({ directConnectionString, ...given }: PoolOptions): Promise<OpenPool> {
  const { default: pg } = (await loadPeer('pg', () => import('pg'))) as unknown as PgModule
  const keepsSessions = directConnectionString === undefined
  // A pooler refuses what is set for a session.
  const session = keepsSessions ? { idle_in_transaction_session_timeout: limits.idleInTransactionMsMax } : {}
  const options = withoutOverflow({ ...poolDefaults, ...session, ...given })
  const { Client, options: all } = writableServer(pg.Client, options)
  const pool = new pg.Pool({ ...all, Client })
  const direct = writableServer(pg.Client, {
    ...options,
    connectionString: directConnectionString ?? given.connectionString,
  })
  // The pool replaces an idle connection that breaks. Without a listener the error would end the process.
  pool.on('error', () => {})
  // A new connection has no listener before the pool hands it over, and the server may cut it in that moment.
  pool.on('connect', (client) => client.on('error', () => {}))
  return { pg, pool, listener: () => new direct.Client(direct.options), keepsSessions }
}

/**
 * A call fails instead of waiting without end, and an idle pool does not keep the process alive. A process that is silent in a transaction loses the
 * transaction soon, because another process needs its locks to take over.
 */
const poolDefaults = {
  application_name: 'indelible',
  connectionTimeoutMillis: limits.connectMsMax,
  query_timeout: limits.statementMsMax,
  keepAlive: true,
  keepAliveInitialDelayMillis: limits.keepAliveMs,
  allowExitOnIdle: true,
}

/** The driver passes these options to timers of Node, which fire at once if the time is longer than 25 days. For the driver 0 means no limit. */
const timers = ['connectionTimeoutMillis', 'query_timeout', 'idleTimeoutMillis']

function withoutOverflow<Options extends Readonly<Record<string, unknown>>>(options: Options): Options {
  const tooLong = timers.filter((name) => Number(options[name]) > 2 ** 31 - 1)
  return { ...options, ...Object.fromEntries(tooLong.map((name) => [name, 0])) }
}

/** The part of the driver that we use, so that our types do not depend on its types. */
export interface PgModule {
  readonly default: {
    readonly Pool: new (options: object) => PgPool
    readonly Client: ClientClass
    readonly Query: new (text: string, values: undefined, callback: (error: unknown) => void) => PgQuery
    readonly types: PgTypes
  }
}

interface PgStatement {
  readonly text: string
  readonly values?: readonly unknown[]
  readonly name?: string
  readonly types: PgTypes
  readonly query_timeout?: number
}

export interface PgQuery {
  query_timeout?: number
  handleCopyInResponse(connection: { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void }): void
  /** The chunk is overwritten by what comes next. */
  handleCopyData(message: { chunk: Buffer }): void
}

export interface PgTypes {
  getTypeParser(oid: number, format?: string): (text: string) => unknown
}

export interface PgPool {
  on(event: 'error', listener: () => void): void
  on(event: 'connect' | 'remove', listener: (client: PgClient) => void): void
  connect(): Promise<PgClient>
  end(): Promise<void>
}

/** A message of the server beside its answers. `routine` is where in its source it comes from; unlike the text it is not translated. */
export interface PgNotice {
  readonly routine?: string
}

export interface PgClient {
  /** Undefined with the native driver. */
  readonly connection?: { readonly stream: { destroy(): void } }
  on(event: 'error', listener: () => void): void
  on(event: 'notice', listener: (notice: PgNotice) => void): void
  off(event: 'error', listener: () => void): void
  off(event: 'notice', listener: (notice: PgNotice) => void): void
  query(config: PgStatement & { queryMode: 'extended' }): Promise<{ rows: Record<string, unknown>[] }>
  query(config: PgStatement & { rowMode: 'array' }): Promise<{ rows: (string | null)[][] }>
  query(query: PgQuery): void
  release(destroy: boolean): void
}
