// Rebuilds the read table of a bank from ten million events of a log in Postgres, checked and put in place. Log and table are on the same server.
import { postgresStore } from '@indelible/postgres'
import { bank } from '../bank.ts'
import { eventsPerAccount, fillBank } from '../bank-log.ts'
import { atMost, type BenchCase, type Row, sized } from '../case.ts'
import { check } from '../check.ts'
import { inRounds } from '../rounds.ts'
import { rebuildMs } from './rebuild.ts'

export const pgRebuild: BenchCase = {
  name: 'pg-rebuild-10m',
  summary:
    'ten million bank events of a log in Postgres into a table of 100,000 rows, verified; and the first replay, which makes its columns',
  async *run(context) {
    const events = sized(context.scale, { full: 10_000_000, quick: 1_000_000, tiny: 20_000 })
    const accounts = events / eventsPerAccount
    const database = await context.database()
    const { connectionString } = database
    try {
      const store = await postgresStore({ connectionString, durability: 'machine' })
      const { dataBytes: payloadBytes } = await fillBank(store, events, context.progress)
      const begin = performance.now()
      let replayed = 0
      const types = bank.projections[0]!.events.map(({ type }) => type)
      for await (const { length } of store.replay(types, { after: 0 })) replayed += length
      const firstMs = performance.now() - begin
      check(replayed === events, 'the first replay gives every event')
      await store.close()
      const log = { dir: connectionString, events, accounts }
      const { ours } = await inRounds({ ours: () => rebuildMs(log, 'server', connectionString) }, context)
      const conditions = { events, payloadBytes, clients: 1, sync: 'Postgres', rows: accounts }
      const row = (configuration: string, ms: number, targets: Row['targets']): Row => {
        return {
          case: pgRebuild.name,
          configuration,
          unit: 'ms',
          ours: ms,
          limit: null,
          peers: {},
          targets,
          conditions,
        }
      }
      yield row('rebuild', ours!, context.scale === 'full' ? [atMost('15 s', ours!, 15_000)] : [])
      yield row('first replay, which makes the columns', firstMs, [])
    } finally {
      await database.drop()
    }
  },
}
