// Appends to a log in Postgres, beside other event stores on the same server.
import { appenders } from '../append.ts'
import { atLeast, type BenchCase, type BenchContext, type Row, sized } from '../case.ts'
import { oursPostgres } from '../ours-postgres.ts'
import { payloadBytes } from '../payload.ts'
import { inRounds } from '../rounds.ts'

export const pgAppend: BenchCase = {
  name: 'pg-append',
  summary:
    'the log in Postgres: 1, 64 and 1,024 clients, one event at a time each on its own stream, expected version checked',
  async *run(context) {
    for (const clients of [1, 64, 1024]) yield await measure(clients, context)
  },
}

async function measure(clients: number, context: BenchContext): Promise<Row> {
  const measureMs = sized(context.scale, { full: 6000, quick: 2000, tiny: 100 })
  const loop = { clients, warmupMs: measureMs / 4, measureMs, actsPerLook: Math.min(64, clients) }
  const peers = context.peers('emmett-postgres', 'act-postgres')
  const figures = await inRounds(appenders([oursPostgres(context), ...peers], { loop, eventsPerCommit: 1 }, context), {
    rounds: context.rounds,
    progress: (line) => context.progress(`${clients} clients, ${line}`),
  })
  const { ours: rate, ...others } = figures
  return {
    case: pgAppend.name,
    configuration: `${clients} clients`,
    unit: 'events/s',
    ours: rate!,
    limit: null,
    peers: others,
    targets: [
      ...Object.entries(others).map(([name, theirs]) => atLeast(name, rate!, theirs)),
      ...(clients === 1024 ? [atLeast('50,000 events/s', rate!, 50_000)] : []),
    ],
    conditions: {
      events: Math.round((rate! * measureMs) / 1000),
      payloadBytes,
      clients,
      sync: 'every event before it is acknowledged',
    },
  }
}
