// Reads the past of a bank: one account at a random time, and the whole table of balances at a random time.
import { type EventStore, epochMs, instant, type RecordedEvent } from 'indelible'
import { fileStore } from 'indelible/file'
import { stateAsOf, viewAsOf } from 'indelible/history'
import { account, accountBalances } from '../bank.ts'
import { accountOf, type BankRow } from '../bank-log.ts'
import { atMost, type BankLog, type BenchCase, type BenchContext, sized } from '../case.ts'
import { check } from '../check.ts'
import { inRounds } from '../rounds.ts'
import { rebuildMs } from './rebuild.ts'

const sizes = { full: 10_000_000, quick: 1_000_000, tiny: 20_000 } as const

export const asOfPoint: BenchCase = {
  name: 'as-of-point',
  summary: 'the state of one account at a random time of ten million events',
  async *run(context) {
    const log = await context.bankLog(sized(context.scale, sizes))
    const asked = sized(context.scale, { full: 5_000, quick: 1_000, tiny: 50 })
    const { p50, p99 } = await pointMs(log, asked)
    const conditions = { ...conditionsOf(log), asked }
    const common = { case: asOfPoint.name, unit: 'ms', limit: null, peers: {}, conditions } as const
    yield { ...common, configuration: 'p50', ours: p50, targets: [] }
    yield {
      ...common,
      configuration: 'p99',
      ours: p99,
      targets: context.scale === 'full' ? [atMost('5 ms', p99, 5)] : [],
    }
  },
}

export const asOfTable: BenchCase = {
  name: 'as-of-table',
  summary: 'the whole table of balances at a random time of ten million events, against a rebuild of the table',
  async *run(context) {
    const log = await context.bankLog(sized(context.scale, sizes))
    const { view, rebuild } = await inRounds(
      { view: () => tableMs(log), rebuild: async () => await serverRebuildMs(log, context) },
      context,
    )
    yield {
      case: asOfTable.name,
      configuration: 'folded; the limit is a rebuild',
      unit: 'ms',
      ours: view!,
      limit: rebuild!,
      peers: {},
      targets: context.scale === 'full' ? [atMost('2 rebuilds', view!, 2 * rebuild!)] : [],
      conditions: { ...conditionsOf(log), rows: log.accounts },
    }
  },
}

function conditionsOf({ events, dataBytes: payloadBytes }: BankLog) {
  return { events, payloadBytes, clients: 1, sync: 'none' }
}

/** Each account at its own time, on a store that was just opened. */
async function pointMs(log: BankLog, asked: number): Promise<{ p50: number; p99: number }> {
  const store = await fileStore({ dir: log.dir, access: 'read' })
  try {
    const time = await randomTimes(store)
    const times: number[] = []
    for (let n = 0; n < asked; n++) {
      const id = accountOf(Math.floor(Math.random() * log.accounts)).slice('account-'.length)
      const at = time()
      const begin = performance.now()
      const { state, version } = await stateAsOf(store, account, { id, asOf: { recordedAt: at } })
      times.push(performance.now() - begin)
      // Reading whole streams would fill the caches with what is asked for later.
      if (n % 50 === 0) await checkPoint(store, { id, at, state, version })
    }
    times.sort((one, other) => one - other)
    return { p50: times[Math.floor(asked / 2)]!, p99: times[Math.floor(asked * 0.99)]! }
  } finally {
    await store.close()
  }
}

async function checkPoint(
  store: EventStore,
  { id, at, state, version }: { id: string; at: string; state: { balance: number }; version: number },
): Promise<void> {
  const batches = await Array.fromAsync(store.read([{ streams: [`account-${id}`] }]))
  const then = batches.flatMap(({ events }) => events).filter(({ recordedAt }) => epochMs(recordedAt) <= epochMs(at))
  const balance = then.reduce((sum, event) => sum + signed(event), 0)
  check(
    state.balance === balance && version === then.length,
    `account ${id} at ${at} has ${balance}, not ${state.balance}`,
  )
}

function signed({ type, data }: RecordedEvent): number {
  if (type === 'AccountOpened') return 0
  const { amount } = data as { amount: number }
  return type === 'FundsDeposited' ? amount : -amount
}

async function tableMs(log: BankLog): Promise<number> {
  const store = await fileStore({ dir: log.dir, access: 'read' })
  try {
    const recordedAt = (await randomTimes(store))()
    const begin = performance.now()
    const options = { asOf: { recordedAt }, limit: log.accounts, domainCode: 'trusted' } as const
    const rows = (await viewAsOf(store, accountBalances, options)) as readonly BankRow[]
    const ms = performance.now() - begin
    const events = rows.reduce((sum, { bookings }) => sum + 1 + bookings, 0)
    const position = await store.positionAt(recordedAt)
    check(events === position, `the table at ${recordedAt} shows ${events} events, not ${position}`)
    return ms
  } finally {
    await store.close()
  }
}

async function serverRebuildMs(log: BankLog, context: BenchContext): Promise<number> {
  return await rebuildMs(log, 'server', (await context.database()).connectionString)
}

/** Times between the first event and the last. */
async function randomTimes(store: EventStore): Promise<() => string> {
  const [first] = await Array.fromAsync(store.read('all', { limit: 1 }))
  const from = epochMs(first!.events[0]!.recordedAt)
  const to = epochMs((await store.head()).recordedAt!)
  return () => instant(from + Math.floor(Math.random() * (to - from + 1)))
}
