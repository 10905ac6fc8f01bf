// How a rebuild affects commands: the 99th percentile of their times during rebuilds, compared with an idle system, and with one in which a
// thread does nothing but make objects.
import { accountBalances, Deposit } from '../bank.ts'
import { accountOf } from '../bank-log.ts'
import { copyOf } from '../big-log.ts'
import { atMost, type BenchCase, type BenchContext, sized } from '../case.ts'
import { check } from '../check.ts'
import { busyThread } from '../limits.ts'
import { atPace, percentile, startBank } from '../projecting.ts'
import { median } from '../rounds.ts'

const perSecond = 200

export const interference: BenchCase = {
  name: 'interference',
  summary: 'p99 of a command while a rebuild runs, against idle',
  async *run(context) {
    const events = sized(context.scale, { full: 3_000_000, quick: 1_000_000, tiny: 20_000 })
    const seconds = sized(context.scale, { full: 10, quick: 5, tiny: 1 })
    const rounds: Times[] = []
    for (let round = 0; round < context.rounds; round++) {
      const found = await measure({ events, seconds }, context)
      rounds.push(found)
      context.progress(
        `round ${round + 1}: idle ${found.idle.toFixed(2)} ms, beside a busy thread ${found.busy.toFixed(2)} ms, during ${found.rebuilds} rebuilds ${found.during.toFixed(2)} ms`,
      )
    }
    const ours = median(rounds.map(({ idle, during }) => during / idle))
    const limit = median(rounds.map(({ idle, busy }) => busy / idle))
    yield {
      case: interference.name,
      configuration: 'p99 during a rebuild, to idle',
      unit: 'times',
      ours,
      limit,
      peers: {},
      targets: [atMost('2 times', ours, 2)],
      conditions: {
        events,
        payloadBytes: 85,
        clients: 1,
        sync: 'every command',
        perSecond,
        idleMs: Number(median(rounds.map(({ idle }) => idle)).toFixed(2)),
        busyMs: Number(median(rounds.map(({ busy }) => busy)).toFixed(2)),
        duringMs: Number(median(rounds.map(({ during }) => during)).toFixed(2)),
      },
    }
  },
}

interface Times {
  readonly idle: number
  /** Beside a thread that makes objects. */
  readonly busy: number
  readonly during: number
  readonly rebuilds: number
}

async function measure(
  { events, seconds }: { events: number; seconds: number },
  context: BenchContext,
): Promise<Times> {
  const log = await context.bankLog(events)
  const dir = await copyOf(log, context.scratch('interference'))
  const database = await context.database()
  const bank = await startBank(dir, database.connectionString)
  const times = async () => {
    const found: number[] = []
    await atPace(perSecond, seconds, async (n) => {
      const data = { amount: 1, operation: 'credit in cash', symbol: 'household', day: '1995-03-24' }
      const id = accountOf((n * 7919) % log.accounts).slice('account-'.length)
      const begin = performance.now()
      const outcome = await bank.send(Deposit(id, data))
      check(outcome.status === 'accepted', 'the command is accepted')
      found.push(performance.now() - begin)
    })
    return percentile(found, 0.99)
  }
  try {
    await bank.waitFor(accountBalances, events, { timeoutMs: 600_000 })
    await times()
    const idle = await times()
    const thread = await busyThread()
    const busy = await times().finally(() => thread.stop())
    let isOver = false
    let rebuilds = 0
    const rebuilding = (async () => {
      while (!isOver) {
        await bank.rebuild(accountBalances)
        rebuilds++
      }
    })()
    const during = await times()
    isOver = true
    await rebuilding
    check((await bank.verifyTable(accountBalances)).differing === 0, 'the table is what the log makes')
    return { idle, busy, during, rebuilds }
  } finally {
    await bank.close()
    await database.drop()
  }
}
