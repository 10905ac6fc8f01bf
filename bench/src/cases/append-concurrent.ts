// Many clients that each append one event at a time: the effect of group commit.
import { appenders } from '../append.ts'
import { atLeast, type BenchCase, type BenchContext, type Row, sized } from '../case.ts'
import { groupCommitLimit, preallocatedFile } from '../limits.ts'
import { ours } from '../ours.ts'
import { payloadBytes, recordBytes } from '../payload.ts'
import { inRounds } from '../rounds.ts'

export const appendConcurrent: BenchCase = {
  name: 'append-concurrent',
  summary: '64 and 1,024 clients, one event at a time each on its own stream, durable, expected version checked',
  async *run(context) {
    for (const clients of [64, 1024]) yield await measure(clients, context)
  },
}

async function measure(clients: number, context: BenchContext): Promise<Row> {
  const measureMs = sized(context.scale, { full: 4000, quick: 1500, tiny: 100 })
  const loop = { clients, warmupMs: measureMs / 4, measureMs, actsPerLook: 64 }
  const file = preallocatedFile(context.scratch('limit'), 256 * 1024 * 1024)
  const peers = context.peers('node:sqlite', 'emmett-postgres', 'act-postgres')
  const figures = await inRounds(
    {
      fdatasync: () => groupCommitLimit(file, { recordBytes, loop, how: 'fdatasync' }),
      O_DSYNC: () => groupCommitLimit(file, { recordBytes, loop, how: 'O_DSYNC' }),
      ...appenders([ours, ...peers], { loop, eventsPerCommit: 1 }, context),
    },
    { rounds: context.rounds, progress: (line) => context.progress(`${clients} clients, ${line}`) },
  )
  const { fdatasync, O_DSYNC, ours: rate, ...others } = figures
  const limit = Math.max(fdatasync!, O_DSYNC!)
  return {
    case: appendConcurrent.name,
    configuration: `${clients} clients`,
    unit: 'events/s',
    ours: rate!,
    limit,
    peers: others,
    targets:
      clients === 64
        ? [atLeast('200,000 events/s', rate!, 200_000)]
        : [atLeast('0.5 of the limit', rate!, limit * 0.5)],
    conditions: {
      events: Math.round((rate! * measureMs) / 1000),
      payloadBytes,
      clients,
      sync: 'every event before it is acknowledged',
      limitBy: limit === fdatasync ? 'fdatasync' : 'O_DSYNC',
    },
  }
}
