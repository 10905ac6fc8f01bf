// The resources of a run: a place on the disk, the large logs, the peers, and one Postgres server if it is needed.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bankLog } from './bank-log.ts'
import { bigLog } from './big-log.ts'
import type { BankLog, BenchCase, BenchContext, BigLog } from './case.ts'
import { type Options, UsageError } from './options.ts'
import { installedNames, installedPeers, peerNames } from './peers/index.ts'
import { type PostgresServer, startPostgres } from './peers/postgres-server.ts'

export interface Workplace {
  context(one: BenchCase): BenchContext
  /** Stops and removes everything except the large logs. */
  leave(): Promise<void>
}

export async function openWorkplace(options: Options): Promise<Workplace> {
  const dataDir = resolve(options.dataDir)
  mkdirSync(dataDir, { recursive: true })
  const scratchDir = mkdtempSync(join(dataDir, 'run-'))
  // The user that Postgres runs as needs access to its data.
  chmodSync(scratchDir, 0o755)
  let server: Promise<PostgresServer> | undefined
  const postgres = () => {
    server ??= startPostgres(scratchDir)
    return server
  }
  const sources = { postgres, modulesDir: options.peerModulesDir }
  const installed = installedPeers(sources)
  const names = installedNames(sources)
  const wanted = wantedPeers(options, names)
  const logs = new Map<number, Promise<BigLog>>()
  const banks = new Map<number, Promise<BankLog>>()
  let scratches = 0

  return {
    context(one) {
      const progress = (line: string) => void process.stderr.write(`${one.name}: ${line}\n`)
      return {
        scale: options.scale,
        rounds: options.scale === 'full' ? 3 : 1,
        peers: (...names) => installed.filter(({ name }) => names.includes(name) && wanted.includes(name)),
        scratch: (name) => join(scratchDir, `${name}-${++scratches}`),
        bigLog(events) {
          const log = logs.get(events) ?? bigLog(events, { dataDir, fresh: options.fresh, progress })
          logs.set(events, log)
          return log
        },
        bankLog(events) {
          const log = banks.get(events) ?? bankLog(events, { dataDir, fresh: options.fresh, progress })
          banks.set(events, log)
          return log
        },
        database: async () => await (await postgres()).database(),
        modulesOf: (peer) => (wanted.includes(peer) && names.includes(peer) ? options.peerModulesDir : undefined),
        progress,
      }
    },
    async leave() {
      const running = await server?.catch(() => undefined)
      server = undefined
      await running?.remove()
      rmSync(scratchDir, { recursive: true, force: true })
    },
  }
}

/** Throws for an unknown peer, and for one that was requested by name and is not installed. */
function wantedPeers({ peers: asked }: Options, installed: readonly string[]): readonly string[] {
  if (asked === undefined) return peerNames
  for (const name of asked) {
    if (!(peerNames as readonly string[]).includes(name)) {
      throw new UsageError(`There is no peer "${name}". There are ${peerNames.join(', ')}.`)
    }
    if (!installed.includes(name)) {
      throw new UsageError(
        `The peer ${name} is not installed. bench/README.md says how; name its place with --peer-modules.`,
      )
    }
  }
  return asked
}
