// A Postgres server for the peers that need one, from the binaries that npm installed: with its default settings, with fsync on.
import pg from 'pg'
import { unhooked } from './unhooked.ts'

/** The connections of each client, whichever library makes them. */
export const connectionsMax = 16

export interface Database {
  readonly connectionString: string
  readonly port: number
  readonly name: string
  /** For setup and counting. */
  readonly pool: pg.Pool
  drop(): Promise<void>
}

export interface PostgresServer {
  /** Makes an empty database. */
  database(): Promise<Database>
  remove(): Promise<void>
}

/** Starts a server that listens on the loopback interface only and keeps its data in a new directory below `dir`. */
export async function startPostgres(dir: string): Promise<PostgresServer> {
  const { startPostgresServer } = await unhooked(() => import('@indelible/postgres-server'))
  const server = await startPostgresServer({ dir, initdbFlags: ['--locale=C'], postgresFlags: [] })
  const port = Number(new URL(server.connectionString).port)
  const connectionTo = (name: string) => Object.assign(new URL(server.connectionString), { pathname: name }).href
  try {
    await mustBeDurable(server.connectionString)
  } catch (error) {
    await server.remove()
    throw error
  }

  let made = 0
  const administer = async (sql: string) => {
    const client = new pg.Client(server.connectionString)
    await client.connect()
    await client.query(sql).finally(() => client.end())
  }
  return {
    async database() {
      const name = `bench_${++made}`
      await administer(`CREATE DATABASE ${name}`)
      const pool = new pg.Pool({ connectionString: connectionTo(name), max: 1 })
      const drop = async () => {
        await pool.end()
        // Pools end before their connections do; Postgres waits for those.
        await administer(`DROP DATABASE ${name}`)
      }
      return { connectionString: connectionTo(name), port, name, pool, drop }
    },
    remove: () => server.remove(),
  }
}

/** With a server that does not sync, every figure of a peer would be wrong. */
async function mustBeDurable(connectionString: string): Promise<void> {
  const client = new pg.Client(connectionString)
  await client.connect()
  try {
    const { rows } = await client.query(
      `SELECT current_setting('fsync') || current_setting('synchronous_commit') AS is`,
    )
    if (rows[0].is !== 'onon') throw new Error('fsync and synchronous_commit must be on.')
  } finally {
    await client.end()
  }
}
