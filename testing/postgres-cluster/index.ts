// A Postgres that outlives a machine, for our tests: three machines, each with etcd, Patroni and Postgres as Debian packages them; one is the primary, and
// one of the others a synchronous standby. A separate package, because nothing of it is published.
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Machine, Network } from './machine.ts'
import {
  configure,
  type FailoverTimes,
  type Place,
  password,
  patroniPort,
  postgresDir,
  postgresPort,
  programs,
  quickly,
} from './node.ts'

export { type FailoverTimes, postgresDir }

/** The number of a machine. */
export type Node = 1 | 2 | 3
const nodes: readonly Node[] = [1, 2, 3]

export interface PostgresCluster {
  /** Of all three machines, or of one. */
  connectionString(node?: Node): string
  /** Waits until there is a primary and, with `isWhole`, both others follow it, one of them synchronously. */
  primary(options?: { readonly isWhole?: boolean }): Promise<Node>
  /** Ends everything on a machine at once. What was written stays, synced or not. */
  kill(node: Node): Promise<void>
  /** Ends its programs as an administrator does: a primary hands over. */
  stop(node: Node): Promise<void>
  /** Kills the process of a connection of ours, after which its Postgres ends. Needs one. */
  crash(node: Node): void
  /** Its programs stand still. */
  freeze(node: Node): void
  /** None of its packets get through. */
  cutOff(node: Node): Promise<void>
  /** It and the other machines do not reach each other any more, but its clients still reach it. */
  separate(node: Node): Promise<void>
  /** Undoes what was done to a machine: boots it, lets it go on, joins it again. */
  heal(node: Node): Promise<void>
  /** Ends everything and deletes the data. */
  remove(): Promise<void>
}

/** Why no cluster can be started here, if it cannot. */
export const clusterMissing = missing()

/** How long the cluster may take to start, and to have a primary again. */
const waitMsMax = 120_000
/** Some versions of Patroni do not always end after they handed over. */
const stopMsMax = 15_000

/** Starts an empty cluster, which ends with this process. The caller removes it. */
export async function startPostgresCluster({
  times = quickly,
}: {
  times?: FailoverTimes
} = {}): Promise<PostgresCluster> {
  const dir = await mkdtemp(join(tmpdir(), 'indelible-cluster-'))
  const release = guard(dir)
  await chmod(dir, 0o755)
  const network = await Network.start(join(dir, 'network.log'))
  const addresses = nodes.map((node) => `${network.prefix}.${node}`)
  const placeOf = (node: Node): Place => ({ dir: join(dir, String(node)), address: addresses[node - 1]!, addresses })
  const logOf = (node: Node) => join(dir, `${node}.log`)
  const machines = new Map<Node, Machine>()

  async function boot(node: Node): Promise<void> {
    machines.set(node, await network.boot(node, { script: programs(placeOf(node)), log: logOf(node) }))
  }

  async function end(node: Node): Promise<void> {
    await machines.get(node)?.kill()
    machines.delete(node)
  }

  async function primary({ isWhole = false } = {}): Promise<Node> {
    const until = performance.now() + waitMsMax
    while (performance.now() < until) {
      const views = await Promise.all(addresses.map(viewOf))
      // One that is apart from the others, or comes back, still believes what was true before.
      const leader = nodes.find((node) => views.filter((view) => view?.leader === node).length > 1)
      const view = leader && views[leader - 1]
      const canLose = view?.streaming === 2 && view.isSafe
      if (leader && view?.streaming !== undefined && (canLose || !isWhole)) return leader
      await pause(100)
    }
    const logs = await Promise.all(nodes.map(async (node) => (await readFile(logOf(node), 'utf8')).slice(-2_000)))
    throw new Error(`The cluster has no primary:\n${logs.join('\n')}`)
  }

  async function remove(): Promise<void> {
    await Promise.all(nodes.map(end))
    await network.remove()
    await rm(dir, { recursive: true, force: true })
    release()
  }

  try {
    for (const node of nodes) await configure(placeOf(node), times)
    await promisify(execFile)('chown', ['-R', 'postgres:postgres', ...nodes.map((node) => placeOf(node).dir)])
    await Promise.all(nodes.map(boot))
    await primary({ isWhole: true })
  } catch (error) {
    await remove()
    throw error
  }
  return {
    connectionString: (node) => {
      const hosts = node === undefined ? addresses : [addresses[node - 1]!]
      return `postgres://postgres:${password}@${hosts.map((host) => `${host}:${postgresPort}`).join(',')}/postgres`
    },
    primary,
    kill: end,
    async stop(node) {
      await machines.get(node)?.end(/bin\/patroni /, stopMsMax)
      await end(node)
    },
    crash: (node) => machines.get(node)?.killOne(/^postgres: .*\.254\(\d+\)/),
    freeze: (node) => machines.get(node)?.freeze(),
    cutOff: (node) => network.cut(node),
    async separate(node) {
      const machine = machines.get(node)
      if (machine) await network.separate(machine, othersOf(node))
    },
    async heal(node) {
      const machine = machines.get(node)
      if (machine === undefined) return await boot(node)
      machine.thaw()
      await network.unite(machine, othersOf(node))
      await network.join(node)
    },
    remove,
  }
}

const othersOf = (node: Node) => nodes.filter((other) => other !== node)

interface View {
  /** Who it believes leads. */
  readonly leader: Node | undefined
  /** Whether it knows of a standby that has all that was acknowledged, and may be promoted. */
  readonly isSafe: boolean
  /** How many stream from it. Missing if it is no primary. */
  readonly streaming: number | undefined
}

/** What Patroni of a machine says (https://patroni.readthedocs.io/en/latest/rest_api.html); nothing if it does not answer. */
async function viewOf(address: string): Promise<View | undefined> {
  const ask = async (path: string) => {
    const response = await fetch(`http://${address}:${patroniPort}${path}`, { signal: AbortSignal.timeout(1_000) })
    return (await response.json()) as Record<string, unknown>
  }
  try {
    const [{ members = [] }, { state, role, replication = [] }] = await Promise.all([ask('/cluster'), ask('/patroni')])
    const inRole = (wanted: string) => (members as { name: string; role: string }[]).find(({ role }) => role === wanted)
    const streaming = (replication as { state: string }[]).filter((each) => each.state === 'streaming')
    const leader = inRole('leader')
    return {
      leader: leader && (Number(leader.name.slice(-1)) as Node),
      isSafe: inRole('sync_standby') !== undefined,
      streaming: state === 'running' && ['primary', 'master'].includes(role as string) ? streaming.length : undefined,
    }
  } catch {
    return undefined
  }
}

/** Deletes the data when this process ends, whatever ends it. */
function guard(dir: string): () => void {
  const child = spawn('sh', ['-c', 'cat; sleep 1; rm -rf "$0"', dir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.unref()
  return () => child.stdin.end()
}

function missing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'machines of their own need Linux and root'
  const needed = ['patroni', 'etcd', 'ip', 'nsenter', 'unshare', 'setpriv']
  const absent = needed.filter(
    (name) => !['/usr/bin', '/usr/sbin', '/bin', '/sbin'].some((dir) => existsSync(join(dir, name))),
  )
  if (postgresDir() === undefined) absent.push('postgres')
  return absent.length === 0 ? undefined : `not installed: ${absent.join(', ')}`
}
