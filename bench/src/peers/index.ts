// Which peers there are, and which of them can be measured here.
import type { Peer } from '../subject.ts'
import { actPostgres } from './act-postgres.ts'
import { emmettPostgres, emmettSqlite, isInstalled } from './emmett.ts'
import { nodeSqlite } from './node-sqlite.ts'
import type { PostgresServer } from './postgres-server.ts'

export interface PeerSources {
  /** Starts the one Postgres server of the run when the first peer needs it. */
  readonly postgres: () => Promise<PostgresServer>
  readonly modulesDir: string | undefined
}

export const peerNames = ['node:sqlite', 'emmett-sqlite', 'emmett-postgres', 'act-postgres'] as const

export function installedPeers({ postgres, modulesDir }: PeerSources): readonly Peer[] {
  const peers: Peer[] = [nodeSqlite, actPostgres(postgres)]
  if (modulesDir === undefined) return peers
  if (isInstalled(modulesDir, '@event-driven-io/emmett-postgresql')) peers.push(emmettPostgres(postgres, modulesDir))
  if (isInstalled(modulesDir, '@event-driven-io/emmett-sqlite')) peers.push(emmettSqlite(modulesDir))
  return peers
}
