// How long after its acknowledgement a command's row is visible, at a thousand commands per second.
import { mkdirSync } from 'node:fs'
import { accountBalances, Deposit, OpenAccount } from '../bank.ts'
import { atMost, type BenchCase, type BenchContext, type Row, sized } from '../case.ts'
import { check } from '../check.ts'
import { atPace, percentile, startBank, startPostgresBank } from '../projecting.ts'
import { median } from '../rounds.ts'

const perSecond = 1000
const accounts = 1000

function stalenessCase(name: string, summary: string, start: typeof startBank): BenchCase {
  return {
    name,
    summary,
    async *run(context) {
      const seconds = sized(context.scale, { full: 15, quick: 5, tiny: 1 })
      const rounds: number[][] = []
      for (let round = 0; round < context.rounds; round++) {
        rounds.push(await measure(seconds, context, start))
        context.progress(
          `round ${round + 1}: p50 ${percentile(rounds[round]!, 0.5).toFixed(2)} ms, p99 ${percentile(rounds[round]!, 0.99).toFixed(2)} ms`,
        )
      }
      yield row('p50', 5)
      yield row('p99', 50)

      function row(configuration: 'p50' | 'p99', targetMs: number): Row {
        const ours = median(rounds.map((delays) => percentile(delays, configuration === 'p50' ? 0.5 : 0.99)))
        return {
          case: name,
          configuration,
          unit: 'ms',
          ours,
          limit: null,
          peers: {},
          targets: [atMost(`${targetMs} ms`, ours, targetMs)],
          conditions: {
            events: perSecond * seconds,
            payloadBytes: 85,
            clients: accounts,
            sync: 'every command',
            perSecond,
          },
        }
      }
    },
  }
}

export const staleness = stalenessCase(
  'staleness',
  'command acknowledged to row visible, 1,000 commands/s, Postgres server',
  startBank,
)
export const pgStaleness = stalenessCase(
  'pg-staleness',
  'the same with the log in Postgres too, on the same server',
  (_dir, connectionString) => startPostgresBank(connectionString),
)

async function measure(seconds: number, context: BenchContext, start: typeof startBank): Promise<number[]> {
  const dir = context.scratch('staleness')
  mkdirSync(dir, { recursive: true })
  const database = await context.database()
  const bank = await start(dir, database.connectionString)
  const day = '1995-03-24'
  const delays: number[] = []
  try {
    for (let account = 0; account < accounts; account++) {
      await bank.send(OpenAccount(String(account), { owner: `Owner ${account}`, district: 'Brno', day }))
    }
    const book = async (n: number, into: number[]) => {
      const data = { amount: 1, operation: 'credit in cash', symbol: 'household', day }
      const outcome = await bank.send(Deposit(String(n % accounts), data))
      if (outcome.status !== 'accepted') throw new Error(outcome.status)
      const acknowledged = performance.now()
      await bank.waitFor(accountBalances, outcome.position, { timeoutMs: 60_000 })
      into.push(performance.now() - acknowledged)
    }
    await atPace(perSecond, 2, (n) => book(n, []))
    await atPace(perSecond, seconds, (n) => book(n, delays))
    const rows = await bank.select(accountBalances, { limit: accounts })
    const bookings = rows.reduce((sum, row) => sum + row.bookings, 0)
    check(bookings === perSecond * (seconds + 2), 'every command is in the table once')
    return delays
  } finally {
    await bank.close()
    await database.drop()
  }
}
