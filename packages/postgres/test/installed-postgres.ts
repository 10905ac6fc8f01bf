// A Postgres server from the programs that are installed on this machine: other than that of npm, they include those for backups.
import { execFile, execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { postgresDir } from '@indelible/postgres-cluster'
import { onTestFinished } from 'vitest'

const run = promisify(execFile)
const isRoot = process.getuid?.() === 0
/** Postgres refuses to run as root. */
const asPostgres = isRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'] : []

const dir = postgresDir()
export const backupProgramsMissing =
  dir !== undefined && existsSync(join(dir, 'pg_dump')) ? undefined : 'pg_dump and pg_basebackup are not installed'

/** A directory that belongs to the server. It is deleted after the test. */
export function serverDir(): string {
  const made = mkdtempSync(join(tmpdir(), 'indelible-backup-'))
  if (isRoot) execFileSync('chown', ['postgres:postgres', made])
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** Runs a program of Postgres. Returns what it prints. */
export async function program(name: string, ...args: readonly string[]): Promise<string> {
  const [first, ...rest] = [...asPostgres, join(dir!, name), ...args]
  return (await run(first!, rest, { cwd: '/', maxBuffer: 64 * 1024 * 1024 })).stdout
}

export interface InstalledServer {
  readonly data: string
  readonly connectionString: string
  stop(): Promise<void>
}

/** Starts the server of a directory of data, which it first makes if it is not there. It listens on a socket in the directory `at` only. */
export async function startInstalled(
  at: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<InstalledServer> {
  const data = join(at, 'data')
  if (!existsSync(data))
    await program('initdb', '--no-sync', '--auth=trust', '--username=postgres', '--encoding=UTF8', '-D', data)
  const own = { listen_addresses: '', unix_socket_directories: at, ...settings }
  appendFileSync(
    join(data, 'postgresql.conf'),
    Object.entries(own)
      .map(([name, value]) => `${name} = '${value}'\n`)
      .join(''),
  )
  const log = join(at, 'log')
  await program('pg_ctl', '-D', data, '-l', log, '-w', 'start').catch((cause) => {
    throw new Error(readFileSync(log, 'utf8'), { cause })
  })
  let stopping: Promise<unknown> | undefined
  const stop = async () => {
    stopping ??= program('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop')
    await stopping
  }
  onTestFinished(stop)
  const connectionString = `postgres://postgres@${encodeURIComponent(at)}/postgres`
  // A restored server reads its archive first.
  const isRecovering = () => program('psql', '-d', connectionString, '-Atc', 'SELECT pg_is_in_recovery()')
  while ((await isRecovering()).trim() === 't') await pause(50)
  return { data, connectionString, stop }
}
