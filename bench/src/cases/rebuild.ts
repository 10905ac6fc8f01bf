// Rebuilds the read table of a bank from ten million events, checked and put in place, on a Postgres server and in PGlite. Emmett does the same with fewer.
import { mkdirSync } from 'node:fs'
import { atMost, type BankLog, type BenchCase, type BenchContext, type Row, sized } from '../case.ts'
import { startChild } from '../children.ts'
import { emmettRebuildRate } from '../peers/emmett-rebuild.ts'
import { inRounds } from '../rounds.ts'

export const rebuild: BenchCase = {
  name: 'rebuild-10m',
  summary: 'ten million bank events into a Postgres table of 100,000 rows, verified',
  async *run(context) {
    const log = await context.bankLog(sized(context.scale, { full: 10_000_000, quick: 1_000_000, tiny: 20_000 }))
    const emmett = context.modulesOf('emmett-postgres')
    const peerEvents = sized(context.scale, { full: 200_000, quick: 20_000, tiny: 1000 })
    const server = async () => (await context.database()).connectionString
    const pglite = async () => {
      const dir = context.scratch('pglite')
      mkdirSync(dir, { recursive: true })
      return dir
    }
    const figures = await inRounds(
      {
        server: async () => await rebuildMs(log, 'server', await server()),
        pglite: async () => await rebuildMs(log, 'pglite', await pglite()),
        ...(emmett && {
          emmett: async () =>
            await emmettRebuildRate(await context.database(), { modulesDir: emmett, events: peerEvents }),
        }),
      },
      context,
    )
    for (const [kind, configuration] of [
      ['server', 'Postgres server'],
      ['pglite', 'PGlite'],
    ] as const) {
      yield row(log, { configuration, ms: figures[kind]!, context })
    }
    yield {
      ...row(log, { configuration: 'Postgres server, as a rate', ms: 0, context }),
      unit: 'events/s',
      ours: log.events / (figures.server! / 1000),
      peers: figures.emmett === undefined ? {} : { 'emmett-postgres': figures.emmett },
      targets: [],
      conditions: { ...row(log, { configuration: '', ms: 0, context }).conditions, peerEvents },
    }
  },
}

function row(
  log: BankLog,
  { configuration, ms, context }: { configuration: string; ms: number; context: BenchContext },
): Row {
  const targets = context.scale === 'full' ? [atMost('5 s', ms, 5000)] : []
  const { events, dataBytes: payloadBytes, accounts: rows } = log
  return {
    case: rebuild.name,
    configuration,
    unit: 'ms',
    ours: ms,
    limit: null,
    peers: {},
    targets,
    conditions: { events, payloadBytes, clients: 1, sync: 'Postgres', rows },
  }
}

/** In its own process with empty caches. Measured from the call until the new table is in place, including the check. `dir` may be a log in Postgres. */
export async function rebuildMs(
  { dir, events, accounts }: Pick<BankLog, 'dir' | 'events' | 'accounts'>,
  kind: 'server' | 'pglite',
  where: string,
): Promise<number> {
  const child = startChild('rebuild.ts', [dir, kind, where, events, accounts])
  const { ms } = await child.report()
  await child.ended()
  return ms!
}
