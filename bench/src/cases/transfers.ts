// Transfers as sagas: three durable commands each, on the embedded log. How many end per second, and how long one takes at a steady rate.
import { atLeast, atMost, type BenchCase, type BenchContext, type Row, sized } from '../case.ts'
import { check } from '../check.ts'
import { dbosTransfers } from '../peers/dbos-transfers.ts'
import { atPace, percentile } from '../projecting.ts'
import { median } from '../rounds.ts'
import {
  accounts,
  openAccounts,
  openingBalance,
  RequestTransfer,
  startTransfers,
  totalIn,
  transferEnds,
  transferOf,
} from '../transfers.ts'

const clients = 256
/** Transfers that were requested and have not ended: above this number a client waits. */
const openMax = 2000
const perSecond = 1000

export const transfers: BenchCase = {
  name: 'transfers',
  summary: 'sagas of three commands, durable: ended a second, and how long one takes at 1,000/s',
  async *run(context) {
    const count = sized(context.scale, { full: 50_000, quick: 10_000, tiny: 300 })
    const seconds = sized(context.scale, { full: 15, quick: 5, tiny: 1 })
    const peerCount = sized(context.scale, { full: 5000, quick: 1000, tiny: 20 })
    const dbosDir = context.modulesOf('dbos-postgres')
    const rates: number[] = []
    const delays: number[][] = []
    const dbosRates: number[] = []
    for (let round = 1; round <= context.rounds; round++) {
      rates.push(await flood(count, context))
      delays.push(await paced(seconds, context))
      if (dbosDir !== undefined) dbosRates.push(await dbosFlood(peerCount, context, dbosDir))
      const dbos = dbosRates.length === 0 ? '' : `, DBOS ${dbosRates.at(-1)!.toFixed(0)} transfers/s`
      context.progress(
        `round ${round}: ${rates.at(-1)!.toFixed(0)} transfers/s, p99 ${percentile(delays.at(-1)!, 0.99).toFixed(1)} ms${dbos}`,
      )
    }
    const rate = median(rates)
    const p99 = median(delays.map((each) => percentile(each, 0.99)))
    yield row({
      configuration: 'ended a second',
      unit: 'transfers/s',
      ours: rate,
      peers: dbosRates.length === 0 ? {} : { 'dbos-postgres': median(dbosRates) },
      targets: [atLeast('5,000 transfers/s', rate, 5_000)],
      events: count,
      ...(dbosDir !== undefined && { peerEvents: peerCount }),
    })
    yield row({
      configuration: 'p99 at 1,000/s',
      unit: 'ms',
      ours: p99,
      peers: {},
      targets: [atMost('100 ms', p99, 100)],
      events: perSecond * seconds,
    })
  },
}

type Measured = Pick<Row, 'configuration' | 'unit' | 'ours' | 'peers' | 'targets'>

function row({ events, peerEvents, ...measured }: Measured & { events: number; peerEvents?: number }): Row {
  return {
    case: transfers.name,
    ...measured,
    limit: null,
    conditions: {
      events,
      payloadBytes: 40,
      clients,
      sync: 'every command',
      ...(peerEvents !== undefined && { peerEvents }),
    },
  }
}

/** The same transfers by DBOS on Postgres, with as many clients, each of which waits until its transfer is done. */
async function dbosFlood(count: number, context: BenchContext, modulesDir: string): Promise<number> {
  const bank = await dbosTransfers(await context.database(), { modulesDir, accounts, openingBalance })
  try {
    let asked = 0
    const begin = performance.now()
    const ask = async () => {
      while (asked < count) await bank.transfer(transferOf(asked++))
    }
    await Promise.all(Array.from({ length: clients }, ask))
    const rate = (count / (performance.now() - begin)) * 1000
    await bank.checked(count)
    return rate
  } finally {
    await bank.close()
  }
}

/** Transfers that end per second, when as many are requested as the system accepts. */
async function flood(count: number, context: BenchContext): Promise<number> {
  const bank = await opened(context)
  try {
    let asked = 0
    const begin = performance.now()
    const ask = async () => {
      while (asked < count) {
        const n = asked++
        await bank.ask(n)
        while (asked - bank.ended() > openMax) await new Promise((resolve) => setTimeout(resolve, 2))
      }
    }
    await Promise.all(Array.from({ length: clients }, ask))
    await bank.allEnded(count)
    const rate = (count / (performance.now() - begin)) * 1000
    await bank.checked(count)
    return rate
  } finally {
    await bank.close()
  }
}

/** How long each transfer took, from its request to its end, at a steady rate. */
async function paced(seconds: number, context: BenchContext): Promise<number[]> {
  const bank = await opened(context)
  try {
    const delays: number[] = []
    await atPace(perSecond, seconds, async (n) => {
      const begin = performance.now()
      await bank.ask(n)
      await bank.ending(n)
      delays.push(performance.now() - begin)
    })
    await bank.checked(perSecond * seconds)
    return delays
  } finally {
    await bank.close()
  }
}

async function opened(context: BenchContext) {
  const running = await startTransfers(context.scratch('transfers'))
  await openAccounts(running)
  let ended = 0
  const waiting = new Map<string, () => void>()
  const gone = new Set<string>()
  const stop = new AbortController()
  const { position: after } = await running.store.head()
  const following = (async () => {
    for await (const { events } of running.store.subscribe(transferEnds, { after, signal: stop.signal })) {
      for (const { streamId } of events) {
        ended++
        const tell = waiting.get(streamId)
        if (tell) tell()
        else gone.add(streamId)
      }
    }
  })()
  return {
    ended: () => ended,
    async ask(n: number) {
      const { id, ...input } = transferOf(n)
      const { status } = await running.send(RequestTransfer(id, input))
      if (status !== 'accepted') throw new Error(status)
    },
    async ending(n: number) {
      if (gone.delete(transferOf(n).id)) return
      await new Promise<void>((resolve) => waiting.set(transferOf(n).id, resolve))
      waiting.delete(transferOf(n).id)
    },
    async allEnded(count: number) {
      while (ended < count) await new Promise((resolve) => setTimeout(resolve, 2))
    },
    /** Checks that every transfer has ended, and that no money appeared or was lost. */
    async checked(count: number) {
      check(ended === count, 'every transfer has ended once')
      check((await totalIn(running.store)) === accounts * openingBalance, 'the total is what was deposited')
    },
    async close() {
      stop.abort()
      await following
      await running.close()
    },
  }
}
