// DBOS Transact (https://github.com/dbos-inc/dbos-transact-ts, MIT) does the same transfers on Postgres: a durable workflow of two steps, each an UPDATE.
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { check } from '../check.ts'
import { connectionsMax, type Database } from './postgres-server.ts'

/** The part of it that is used here. */
interface Dbos {
  setConfig(config: object): void
  launch(): Promise<void>
  shutdown(options: { readonly deregister: boolean }): Promise<void>
  registerWorkflow<Arguments extends unknown[]>(
    workflow: (...given: Arguments) => Promise<void>,
    options: { readonly name: string },
  ): (...given: Arguments) => Promise<void>
  runStep<Value>(step: () => Promise<Value>, options: { readonly name: string }): Promise<Value>
  withNextWorkflowID<Value>(id: string, run: () => Promise<Value>): Promise<Value>
}

export interface Transfer {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly amount: number
}

export interface DbosTransfers {
  /** Resolves when the transfer is done. */
  transfer(transfer: Transfer): Promise<void>
  /** Checks that every workflow has ended well, and that no money appeared or was lost. */
  checked(transfers: number): Promise<void>
  close(): Promise<void>
}

/** Accounts with the ids 0, 1, 2, … in a table beside the tables of DBOS. */
export async function dbosTransfers(
  database: Database,
  { modulesDir, accounts, openingBalance }: { modulesDir: string; accounts: number; openingBalance: number },
): Promise<DbosTransfers> {
  const load = createRequire(join(resolve(modulesDir), 'package.json'))
  const { DBOS } = load('@dbos-inc/dbos-sdk') as { DBOS: Dbos }
  const pool = new pg.Pool({ connectionString: database.connectionString, max: connectionsMax })
  await pool.query('CREATE TABLE accounts (id text PRIMARY KEY, balance bigint NOT NULL)')
  await pool.query('INSERT INTO accounts SELECT n::text, $1 FROM generate_series(0, $2 - 1) AS n', [
    openingBalance,
    accounts,
  ])
  const change = (id: string, amount: number) => async () => {
    const { rowCount } = await pool.query(
      'UPDATE accounts SET balance = balance + $2 WHERE id = $1 AND balance + $2 >= 0',
      [id, amount],
    )
    check(rowCount === 1, 'the account has the money')
  }
  const transfer = DBOS.registerWorkflow(
    async ({ from, to, amount }: Transfer) => {
      await DBOS.runStep(change(from, -amount), { name: 'withdraw' })
      await DBOS.runStep(change(to, amount), { name: 'deposit' })
    },
    { name: 'transfer' },
  )
  DBOS.setConfig({
    name: 'transfers',
    systemDatabaseUrl: database.connectionString,
    systemDatabasePoolSize: connectionsMax,
    logLevel: 'error',
  })
  await DBOS.launch()
  return {
    // The handle of a workflow in the background polls the database once per second: waiting for the call is faster.
    transfer: (given) => DBOS.withNextWorkflowID(given.id, () => transfer(given)),
    async checked(transfers) {
      const { rows: ended } = await pool.query(
        "SELECT count(*)::int AS found FROM dbos.workflow_status WHERE status = 'SUCCESS'",
      )
      check(ended[0].found === transfers, 'every transfer has ended once')
      const { rows: total } = await pool.query('SELECT sum(balance)::bigint::text AS found FROM accounts')
      check(Number(total[0].found) === accounts * openingBalance, 'the total is what was deposited')
    },
    async close() {
      await DBOS.shutdown({ deregister: true })
      await pool.end()
      await database.drop()
    },
  }
}
