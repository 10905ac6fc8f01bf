// The peers that exist, and those that can be measured here.
import type { Peer } from '../subject.ts'
import { actPostgres } from './act-postgres.ts'
import { emmettPostgres, emmettSqlite, isInstalled } from './emmett.ts'
import { nodeSqlite } from './node-sqlite.ts'
import type { PostgresServer } from './postgres-server.ts'

export interface PeerSources {
  /** Starts the one Postgres server of the run when a peer needs it first. */
  readonly postgres: () => Promise<PostgresServer>
  readonly modulesDir: string | undefined
}

export const peerNames = [
  'node:sqlite',
  'emmett-sqlite',
  'emmett-postgres',
  'act-postgres',
  'dbos-postgres',
  'emmett-express',
] as const

/** Peers with their own cases, and the package that is loaded from where it is installed. */
const otherPeers = {
  'emmett-postgres': '@event-driven-io/emmett-postgresql',
  'dbos-postgres': '@dbos-inc/dbos-sdk',
  'emmett-express': '@event-driven-io/emmett-expressjs',
} as const

export type OtherPeer = keyof typeof otherPeers

/** The names of the peers that are installed. */
export function installedNames(sources: PeerSources): readonly string[] {
  const { modulesDir } = sources
  const others = Object.entries(otherPeers).flatMap(([name, module]) =>
    modulesDir !== undefined && isInstalled(modulesDir, module) ? [name] : [],
  )
  return [...new Set([...installedPeers(sources).map(({ name }) => name), ...others])]
}

export function installedPeers({ postgres, modulesDir }: PeerSources): readonly Peer[] {
  const peers: Peer[] = [nodeSqlite, actPostgres(postgres)]
  if (modulesDir === undefined) return peers
  if (isInstalled(modulesDir, '@event-driven-io/emmett-postgresql')) peers.push(emmettPostgres(postgres, modulesDir))
  if (isInstalled(modulesDir, '@event-driven-io/emmett-sqlite')) peers.push(emmettSqlite(modulesDir))
  return peers
}
