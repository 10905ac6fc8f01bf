// Emmett's Express integration (https://event-driven-io.github.io/emmett/) on Postgres: a command handler behind a route, as its samples have it. It has no
// licence, so it is no dependency of ours: it is loaded from where it is installed, without its types.
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type pg from 'pg'
import { tell } from '../children.ts'
import { connectionsMax } from '../peers/postgres-server.ts'

const [modulesDir, connectionString] = process.argv.slice(2) as [string, string]
const load = createRequire(join(modulesDir, 'package.json'))
const { CommandHandler } = load('@event-driven-io/emmett')
const { getPostgreSQLEventStore } = load('@event-driven-io/emmett-postgresql')
const { Pool } = load('pg') as typeof pg
// Its CommonJS cannot be loaded: it awaits at the top level.
const { getApplication, on, NoContent } = await import(
  pathToFileURL(join(modulesDir, 'node_modules/@event-driven-io/emmett-expressjs/dist/index.js')).href
)

const pool = new Pool({ connectionString, max: connectionsMax })
const store = getPostgreSQLEventStore(connectionString, { connectionOptions: { pool } })
await store.schema.migrate()
const handle = CommandHandler({
  evolve: (state: { balance: number }, { data }: { data: { amount: number } }) => ({
    balance: state.balance + data.amount,
  }),
  initialState: () => ({ balance: 0 }),
})
// biome-ignore lint/suspicious/noExplicitAny: the router of Express, whose types are not here
const routes = (router: any) =>
  router.post(
    '/accounts/:id/deposits',
    on(async ({ params, body }: { params: { id: string }; body: { amount: number } }) => {
      const decide = () => ({ type: 'Deposited', data: { amount: body.amount } })
      await handle(store, `account-${params.id}`, decide)
      return NoContent()
    }),
  )
const listening = getApplication({ apis: [routes] }).listen(0, '127.0.0.1')
await new Promise<void>((resolve) => listening.once('listening', resolve))
await tell({ port: (listening.address() as AddressInfo).port })
process.on('message', async () => {
  const { rows } = await pool.query('SELECT count(*)::int AS found FROM emt_messages')
  await tell({ events: rows[0].found })
  process.exit()
})
