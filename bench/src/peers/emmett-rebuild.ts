// The rebuild of Emmett, by its own consumer and with the fastest form of projection that it offers: SQL for each batch.
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import type { NewEvent } from 'indelible'
import { bankEvents, checkRows, eventsPerAccount } from '../bank-log.ts'
import { check } from '../check.ts'
import type { Database } from './postgres-server.ts'

/** The part of it that is used here. */
interface EmmettPostgres {
  getPostgreSQLEventStore(
    connectionString: string,
    options: object,
  ): {
    appendToStream(stream: string, events: readonly object[], options: object): Promise<unknown>
    readonly schema: { migrate(): Promise<void> }
    close(): Promise<void>
  }
  postgreSQLRawBatchSQLProjection(options: object): unknown
  rebuildPostgreSQLProjections(options: object): { start(): Promise<void>; close(): Promise<void> }
}

type Sql = (strings: TemplateStringsArray, ...values: unknown[]) => unknown

/** Events per second, from the call to the end of the rebuild. */
export async function emmettRebuildRate(
  database: Database,
  { modulesDir, events }: { modulesDir: string; events: number },
): Promise<number> {
  const load = createRequire(join(resolve(modulesDir), 'package.json'))
  const emmett = load('@event-driven-io/emmett-postgresql') as EmmettPostgres
  const { SQL } = load('@event-driven-io/dumbo') as { SQL: Sql }
  // It prints to the console, where our results go.
  console.log = () => {}
  const accounts = events / eventsPerAccount
  const store = emmett.getPostgreSQLEventStore(database.connectionString, {})
  try {
    await store.schema.migrate()
    await database.pool.query(
      'CREATE TABLE account_balances (account_id text PRIMARY KEY, owner text NOT NULL, balance bigint NOT NULL, bookings integer NOT NULL)',
    )
    for (const [stream, list] of byStream(accounts, events)) {
      await store.appendToStream(stream, list, { expectedStreamVersion: 0n })
    }
    const projection = emmett.postgreSQLRawBatchSQLProjection({
      name: 'account_balances',
      canHandle: ['AccountOpened', 'FundsDeposited', 'FundsWithdrawn'],
      evolve: (batch: readonly Recorded[]) => batch.map((event) => statement(SQL, event)),
    })
    const begin = performance.now()
    const consumer = emmett.rebuildPostgreSQLProjections({ connectionString: database.connectionString, projection })
    await consumer.start()
    const seconds = (performance.now() - begin) / 1000
    await consumer.close()
    const { rows } = await database.pool.query('SELECT account_id, owner, balance::int, bookings FROM account_balances')
    checkRows(rows, { accounts, events })
    return events / seconds
  } finally {
    await store.close()
    await database.drop()
  }
}

interface Recorded {
  readonly type: string
  readonly data: { readonly owner: string; readonly amount: number }
  readonly metadata: { readonly streamName: string }
}

function statement(sql: Sql, { type, data, metadata }: Recorded): unknown {
  const id = metadata.streamName.slice('account-'.length)
  if (type === 'AccountOpened') return sql`INSERT INTO account_balances VALUES (${id}, ${data.owner}, 0, 0)`
  const amount = type === 'FundsDeposited' ? data.amount : -data.amount
  return sql`UPDATE account_balances SET balance = balance + ${amount}, bookings = bookings + 1 WHERE account_id = ${id}`
}

/** The same events, one stream at a time, which makes writing them fast enough. */
function byStream(accounts: number, events: number): Map<string, object[]> {
  const streams = new Map<string, object[]>()
  let left = events
  for (const { stream, type, data } of bankEvents(accounts) as Generator<NewEvent>) {
    if (left-- === 0) break
    const list = streams.get(stream)
    if (list) list.push({ type, data })
    else streams.set(stream, [{ type, data }])
  }
  check(streams.size === accounts, 'every account has its stream')
  return streams
}
