// Emmett (https://github.com/event-driven-io/emmett) on Postgres and on SQLite. Its packages have no licence, so they are not our dependencies: users who
// want to measure them install them elsewhere, and the benchmark loads them from there without their types.
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { check } from '../check.ts'
import type { Payload } from '../payload.ts'
import { eventType, type Peer, type Subject } from '../subject.ts'
import { connectionsMax, type PostgresServer } from './postgres-server.ts'

/** The part of both stores that is used here. */
interface EmmettStore {
  appendToStream(stream: string, events: readonly EmmettEvent[], options: object): Promise<unknown>
  readStream(stream: string): Promise<{ readonly events: readonly EmmettEvent[] }>
  readonly schema: { migrate(): Promise<void> }
  close(): Promise<void>
}

interface EmmettEvent {
  readonly type: string
  readonly data: unknown
  readonly metadata?: { readonly streamPosition: bigint }
}

interface Batch {
  readonly messages: readonly EmmettEvent[]
  readonly currentGlobalPosition: bigint
}

type ReadBatch = (executor: unknown, options: { after: bigint; batchSize: number }) => Promise<Batch>

const batchEvents = 1000

export function emmettPostgres(server: () => Promise<PostgresServer>, modulesDir: string): Peer {
  return {
    name: 'emmett-postgres',
    async open() {
      const load = loaderFrom(modulesDir)
      const { getPostgreSQLEventStore, readMessagesBatch } = load('@event-driven-io/emmett-postgresql') as {
        getPostgreSQLEventStore(connectionString: string, options: object): EmmettStore
        readMessagesBatch: ReadBatch
      }
      const { Pool } = load('pg') as typeof import('pg')
      const { dumbo } = load('@event-driven-io/dumbo') as {
        dumbo(options: object): { readonly execute: unknown; close(): Promise<void> }
      }
      const database = await (await server()).database()
      const pool = new Pool({ connectionString: database.connectionString, max: connectionsMax })
      const store = getPostgreSQLEventStore(database.connectionString, { connectionOptions: { pool } })
      await store.schema.migrate()
      const reader = dumbo({ connectionString: database.connectionString, pool })
      return {
        ...streamsOf(store),
        scan: (visit) => scanBatches(readMessagesBatch, reader.execute, visit),
        count: async () => Number((await database.pool.query('SELECT count(*) FROM emt_messages')).rows[0].count),
        async close() {
          await store.close()
          await pool.end()
          await database.drop()
        },
      }
    },
  }
}

interface Connection {
  query(sql: string): Promise<readonly { readonly found: number | string }[]>
  close(): void
}

export function emmettSqlite(modulesDir: string): Peer {
  return {
    name: 'emmett-sqlite',
    async open(dir) {
      const { getSQLiteEventStore, readMessagesBatch, sqliteConnection } = loaderFrom(modulesDir)(
        '@event-driven-io/emmett-sqlite',
      ) as {
        getSQLiteEventStore(options: object): EmmettStore
        readMessagesBatch: ReadBatch
        sqliteConnection(options: object): Connection
      }
      const fileName = join(dir, 'emmett.sqlite')
      const connection = sqliteConnection({ fileName })
      await untilDurable(connection)
      // One connection for everything: by default it would reopen the file for every call.
      const connectionOptions = { connection, singleton: true }
      const store = getSQLiteEventStore({ fileName, connectionOptions, schema: { autoMigration: 'CreateOrUpdate' } })
      await store.schema.migrate()
      return {
        ...streamsOf(store),
        scan: (visit) => scanBatches(readMessagesBatch, connection, visit),
        count: async () => Number((await connection.query('SELECT count(*) AS found FROM emt_messages'))[0]!.found),
        close: async () => connection.close(),
      }
    },
  }
}

/** A connection sets WAL with a statement for which it does not wait. */
async function untilDurable(connection: Connection): Promise<void> {
  const found = async (sql: string) => (await connection.query(sql))[0]?.found
  const isWal = async () => (await found('SELECT journal_mode AS found FROM pragma_journal_mode')) === 'wal'
  for (const deadline = performance.now() + 1000; !(await isWal()); await setTimeout(10)) {
    check(performance.now() < deadline, 'Emmett on SQLite runs with WAL')
  }
  const sync = await found('SELECT synchronous AS found FROM pragma_synchronous')
  check(sync === 2, 'Emmett on SQLite runs with synchronous=FULL')
}

function streamsOf(store: EmmettStore): Pick<Subject, 'append' | 'readStream'> {
  return {
    append(stream, version, payloads) {
      const events = payloads.map((data) => ({ type: eventType, data }))
      // Its STREAM_DOES_NOT_EXIST checks nothing; version 0 does.
      return store.appendToStream(stream, events, { expectedStreamVersion: BigInt(version) })
    },
    async readStream(stream) {
      const { events } = await store.readStream(stream)
      return events.map(({ data, metadata }, index) => {
        check(metadata?.streamPosition === BigInt(index + 1), `${stream} is read without a gap`)
        return data as Payload
      })
    },
  }
}

async function scanBatches(readBatch: ReadBatch, executor: unknown, visit: (payload: Payload) => void): Promise<void> {
  let after = 0n
  let read = batchEvents
  while (read === batchEvents) {
    const { messages, currentGlobalPosition } = await readBatch(executor, { after, batchSize: batchEvents })
    for (const { data } of messages) visit(data as Payload)
    after = currentGlobalPosition
    read = messages.length
  }
}

/** True if the module can be loaded from there. */
export function isInstalled(modulesDir: string, module: string): boolean {
  try {
    createRequire(join(resolve(modulesDir), 'package.json')).resolve(module)
    return true
  } catch {
    return false
  }
}

function loaderFrom(modulesDir: string): (module: string) => unknown {
  // It prints every refused append to the console, where our results are printed.
  console.log = () => {}
  return createRequire(join(resolve(modulesDir), 'package.json'))
}
