// One client that appends one event after the other: the cost of a single durable append.
import { appenders } from '../append.ts'
import { atLeast, type BenchCase, sized } from '../case.ts'
import { preallocatedFile, syncAppendLimit } from '../limits.ts'
import { ours } from '../ours.ts'
import { payloadBytes, recordBytes } from '../payload.ts'
import { inRounds } from '../rounds.ts'

export const appendSequential: BenchCase = {
  name: 'append-sequential',
  summary: 'one client, one event at a time, durable, expected version checked',
  async *run(context) {
    const measureMs = sized(context.scale, { full: 4000, quick: 1500, tiny: 100 })
    const loop = { clients: 1, warmupMs: measureMs / 4, measureMs, actsPerLook: 16 }
    const file = preallocatedFile(context.scratch('limit'), 64 * 1024 * 1024)
    const peers = context.peers('node:sqlite', 'emmett-sqlite', 'emmett-postgres', 'act-postgres')
    const {
      limit,
      ours: rate,
      ...others
    } = await inRounds(
      {
        limit: () => syncAppendLimit(file, { recordBytes, loop }),
        ...appenders([ours, ...peers], { loop, eventsPerCommit: 1 }, context),
      },
      context,
    )
    const sqlite = others['node:sqlite']
    yield {
      case: this.name,
      configuration: '1 client',
      unit: 'events/s',
      ours: rate!,
      limit: limit!,
      peers: others,
      targets: [
        ...(sqlite === undefined ? [] : [atLeast('node:sqlite', rate!, sqlite)]),
        atLeast('0.8 of the limit', rate!, limit! * 0.8),
      ],
      conditions: { events: Math.round((rate! * measureMs) / 1000), payloadBytes, clients: 1, sync: 'every event' },
    }
  },
}
