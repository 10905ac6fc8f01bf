// Transfers as sagas, on a log in Postgres that one process has, and that two share.
import { postgresStorage } from '@indelible/postgres'
import { atLeast, type BenchCase, type BenchContext, type Row, sized } from '../case.ts'
import { check } from '../check.ts'
import { startChild } from '../children.ts'
import { median } from '../rounds.ts'
import { accounts, openingBalance, totalIn } from '../transfers.ts'

/** Over all processes. */
const openMax = 2000

export const pgTransfers: BenchCase = {
  name: 'pg-transfers',
  summary: 'sagas of three commands on a log in Postgres, ended a second: in one process, and shared by two',
  async *run(context) {
    const count = sized(context.scale, { full: 20_000, quick: 3_000, tiny: 100 })
    const rates = new Map<number, number[]>([1, 2].map((processes) => [processes, []]))
    for (let round = 1; round <= context.rounds; round++) {
      for (const [processes, each] of rates) each.push(await measure(count, processes, context))
      const text = [...rates].map(([processes, each]) => `${each.at(-1)!.toFixed(0)} on ${processes}`).join(', ')
      context.progress(`round ${round}, transfers/s: ${text}`)
    }
    const [one, two] = [median(rates.get(1)!), median(rates.get(2)!)]
    yield row('1 process', one, [atLeast('2,000 transfers/s', one, 2_000)])
    yield row('2 processes', two, [atLeast('1 process', two, one)])

    function row(configuration: string, ours: number, targets: Row['targets']): Row {
      const conditions = { events: count, payloadBytes: 40, clients: 256, sync: 'every command' }
      return {
        case: pgTransfers.name,
        configuration,
        unit: 'transfers/s',
        ours,
        limit: null,
        peers: {},
        targets,
        conditions,
      }
    }
  },
}

async function measure(count: number, processes: number, context: BenchContext): Promise<number> {
  const database = await context.database()
  const { connectionString } = database
  try {
    const children = Array.from({ length: processes }, (_, slot) =>
      startChild('pg-transfers.ts', [connectionString, slot, processes, count, openMax / processes]),
    )
    for (const child of children) await child.report()
    const begin = performance.now()
    const ended = await Promise.all(children.map((child) => child.ask()))
    const rate = (count / (performance.now() - begin)) * 1000
    await Promise.all(children.map((child) => child.ask()))
    check(ended.reduce((sum, each) => sum + each.ended!, 0) === count, 'every transfer has ended once')
    const store = await postgresStorage({ connectionString, mode: 'inspect' }).store()
    check((await totalIn(store)) === accounts * openingBalance, 'the total is what was deposited')
    await store.close()
    return rate
  } finally {
    await database.drop()
  }
}
