// Commits of many events, as in an import or a migration.
import { appenders } from '../append.ts'
import { atLeast, type BenchCase, sized } from '../case.ts'
import { groupCommitLimit, preallocatedFile } from '../limits.ts'
import { ours } from '../ours.ts'
import { payloadBytes, recordBytes } from '../payload.ts'
import { inRounds } from '../rounds.ts'

const clients = 64
const eventsPerCommit = 512

export const appendBatched: BenchCase = {
  name: 'append-batched',
  summary: '64 clients, 512 events a commit, durable, expected version checked',
  async *run(context) {
    const measureMs = sized(context.scale, { full: 4000, quick: 1500, tiny: 100 })
    const loop = { clients, warmupMs: measureMs / 4, measureMs, actsPerLook: 1 }
    const file = preallocatedFile(context.scratch('limit'), 512 * 1024 * 1024)
    const commitBytes = recordBytes * eventsPerCommit
    const raw = (how: 'fdatasync' | 'O_DSYNC') => async () =>
      (await groupCommitLimit(file, { recordBytes: commitBytes, loop, how })) * eventsPerCommit
    const peers = context.peers('node:sqlite', 'emmett-postgres', 'act-postgres')
    const figures = await inRounds(
      {
        fdatasync: raw('fdatasync'),
        O_DSYNC: raw('O_DSYNC'),
        ...appenders([ours, ...peers], { loop, eventsPerCommit }, context),
      },
      context,
    )
    const { fdatasync, O_DSYNC, ours: rate, ...others } = figures
    const limit = Math.max(fdatasync!, O_DSYNC!)
    yield {
      case: this.name,
      configuration: '64 clients x 512 events',
      unit: 'events/s',
      ours: rate!,
      limit,
      peers: others,
      targets: [atLeast('1,000,000 events/s', rate!, 1_000_000)],
      conditions: {
        events: Math.round((rate! * measureMs) / 1000),
        payloadBytes,
        clients,
        sync: 'every commit before it is acknowledged',
        limitBy: limit === fdatasync ? 'fdatasync' : 'O_DSYNC',
      },
    }
  },
}
