// The connection pool of the "pg" driver, which the user installs, with limits on all waiting.
import * as limits from '../limits.ts'
import { loadPeer } from './peer.ts'

/** All options but these are passed to pg.Pool (https://node-postgres.com/apis/pool). */
export interface PoolOptions {
  readonly connectionString: string
  /** The maximum number of connections, 10 by default. */
  readonly max?: number
  readonly [poolOption: string]: unknown
}

export interface OpenPool {
  readonly pg: PgModule['default']
  readonly pool: PgPool
  /** A connection beside the pool, with the same options. */
  readonly listener: () => PgListener
}

/** Does not connect yet. */
export async function openPool(options: PoolOptions): Promise<OpenPool> {
  const { default: pg } = (await loadPeer('pg', () => import('pg'))) as unknown as PgModule
  const all = withoutOverflow({ ...poolDefaults, ...options })
  const pool = new pg.Pool(all)
  // The pool replaces an idle connection that breaks. Without a listener the error would end the process.
  pool.on('error', () => {})
  // A new connection has no listener before the pool hands it over, and the server may cut it in that moment.
  pool.on('connect', (client) => client.on('error', () => {}))
  return { pg, pool, listener: () => new pg.Client(all) }
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

/** The part of the driver that we use, so that our types do not depend on its types. */
export interface PgModule {
  readonly default: {
    readonly Pool: new (options: object) => PgPool
    readonly Client: new (options: object) => PgListener
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

/** A connection of its own. */
export interface PgListener {
  on(event: 'error' | 'end', listener: () => void): void
  on(event: 'notification', listener: (message: { payload?: string }) => void): void
  connect(): Promise<unknown>
  query(sql: string): Promise<unknown>
  end(): Promise<void>
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

export interface PgClient {
  /** Undefined with the native driver. */
  readonly connection?: { readonly stream: { destroy(): void } }
  on(event: 'error', listener: () => void): void
  off(event: 'error', listener: () => void): void
  query(config: PgStatement & { queryMode: 'extended' }): Promise<{ rows: Record<string, unknown>[] }>
  query(config: PgStatement & { rowMode: 'array' }): Promise<{ rows: (string | null)[][] }>
  query(query: PgQuery): void
  release(destroy: boolean): void
}
