// What runs on a machine of the cluster: etcd, and Patroni, which makes, starts and promotes its Postgres.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** In seconds, see https://patroni.readthedocs.io/en/latest/dynamic_configuration.html. `ttl` is at least `loopWait` + 2 × `retryTimeout`. */
export interface FailoverTimes {
  /** A primary that has not been heard of for so long is replaced. */
  readonly ttl: number
  readonly loopWait: number
  readonly retryTimeout: number
}

/** As short as three machines on one of ours bear it. */
export const quickly: FailoverTimes = { ttl: 5, loopWait: 1, retryTimeout: 2 }

export interface Place {
  /** The directory of the node. */
  readonly dir: string
  readonly address: string
  /** Of all nodes, in the order of their numbers. */
  readonly addresses: readonly string[]
}

export const postgresPort = 5432
export const patroniPort = 8008
export const password = 'postgres'

/** The directory of the programs of the newest Postgres that is installed. */
export function postgresDir(): string | undefined {
  const all = '/usr/lib/postgresql'
  const versions = existsSync(all) ? readdirSync(all) : []
  const dirs = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(all, version, 'bin'))
  return dirs.find((dir) => existsSync(join(dir, 'postgres')))
}

/**
 * By the new interface of etcd, Patroni before 3.0.3 lets a primary that was frozen take the lock back from its successor
 * (https://github.com/patroni/patroni/pull/2689), and what the successor acknowledged is lost.
 */
function isLockSafe(): boolean {
  const [major = 0, minor = 0, patch = 0] = execFileSync('patroni', ['--version'], { encoding: 'utf8' })
    .replace(/[^\d.]/g, '')
    .split('.')
    .map(Number)
  return major > 3 || (major === 3 && (minor > 0 || patch > 2))
}

/** Writes the configuration of a node into its directory. */
export async function configure(
  { dir, address, addresses }: Place,
  { ttl, loopWait, retryTimeout }: FailoverTimes,
): Promise<void> {
  await mkdir(dir)
  const role = (username: string) => ({ username, password })
  const configuration = {
    scope: 'indelible',
    name: nameOf(addresses.indexOf(address)),
    restapi: { listen: `${address}:${patroniPort}`, connect_address: `${address}:${patroniPort}` },
    [isLockSafe() ? 'etcd3' : 'etcd']: { hosts: addresses.map((each) => `${each}:2379`) },
    bootstrap: {
      dcs: {
        ttl,
        loop_wait: loopWait,
        retry_timeout: retryTimeout,
        // A commit is acknowledged once a standby has it too, and without such a standby nothing is acknowledged.
        synchronous_mode: true,
        synchronous_mode_strict: true,
        // A primary that crashed is not started again as the primary: it would show commits that no standby has.
        primary_start_timeout: 0,
        postgresql: {
          use_pg_rewind: true,
          use_slots: true,
          parameters: { max_connections: 200, wal_keep_size: '256MB' },
        },
      },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C.UTF-8' }, 'data-checksums'],
    },
    postgresql: {
      listen: `${address}:${postgresPort}`,
      connect_address: `${address}:${postgresPort}`,
      data_dir: join(dir, 'data'),
      bin_dir: postgresDir(),
      pgpass: join(dir, 'pgpass'),
      authentication: { superuser: role('postgres'), replication: role('replicator'), rewind: role('rewinder') },
      parameters: {
        unix_socket_directories: dir,
        // After a crash, too, it is Patroni that decides who is the primary.
        restart_after_crash: 'off',
        wal_receiver_timeout: '3s',
        wal_sender_timeout: '3s',
        wal_retrieve_retry_interval: '500ms',
      },
      pg_hba: [
        'local all all trust',
        'host all all 0.0.0.0/0 scram-sha-256',
        'host replication replicator 0.0.0.0/0 scram-sha-256',
      ],
    },
  }
  // JSON is YAML.
  await writeFile(join(dir, 'patroni.yml'), JSON.stringify(configuration, null, 2))
}

/** Runs both as the user "postgres", because Postgres refuses to run as root. */
export function programs({ dir, address, addresses }: Place): string {
  const peers = addresses.map((each, index) => `${nameOf(index)}=http://${each}:2380`).join(',')
  const etcd = [
    `etcd --name ${nameOf(addresses.indexOf(address))} --data-dir ${dir}/etcd --enable-v2 --pre-vote --log-level error --logger zap`,
    `--listen-client-urls http://${address}:2379 --advertise-client-urls http://${address}:2379`,
    `--listen-peer-urls http://${address}:2380 --initial-advertise-peer-urls http://${address}:2380 --initial-cluster ${peers}`,
  ].join(' ')
  const as = 'setpriv --reuid=postgres --regid=postgres --init-groups'
  return `cd ${dir}; export HOME=${dir} LC_ALL=C.UTF-8; ${as} ${etcd} & ${as} patroni ${dir}/patroni.yml & wait`
}

function nameOf(index: number): string {
  return `node${index + 1}`
}
