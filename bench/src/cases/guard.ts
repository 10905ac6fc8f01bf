// What the determinism guard costs: a decision and a fold with and without it. The rooms of the runtime are no public API, so they are found beside it.
import { atMost, type BenchCase, type Row, sized } from '../case.ts'
import { check } from '../check.ts'
import { inRounds, median } from '../rounds.ts'

interface Guard {
  call<Value>(what: string, run: () => Value): Value
  callOnce<Value>(what: string, run: () => Value): Value
}
interface Room {
  readonly trusting: Guard
  watching(code: 'impure_aggregate'): Guard
  evolved<State>(
    model: { readonly name: string; readonly evolve: (state: State, event: Booked) => State },
    from: State,
    events: readonly Booked[],
    guard: Guard,
  ): State
}

interface Booked {
  readonly type: string
  readonly data: { readonly amount: number }
}
interface Account {
  readonly balance: number
  readonly bookings: number
}

const account = {
  name: 'account',
  evolve: ({ balance, bookings }: Account, { data }: Booked): Account => ({
    balance: balance + data.amount,
    bookings: bookings + 1,
  }),
}
const opened: Account = Object.freeze({ balance: 0, bookings: 0 })

export const guard: BenchCase = {
  name: 'guard',
  summary: 'decisions and folds with the determinism guard and without it',
  async *run(context) {
    const { trusting, watching, evolved } = await room()
    const watched = watching('impure_aggregate')
    const decisions = sized(context.scale, { full: 20_000_000, quick: 2_000_000, tiny: 2000 })
    const conditions = { events: decisions, payloadBytes: 0, clients: 1, sync: 'none' }
    const common = { case: guard.name, unit: 'ns', peers: {}, conditions } as const

    const decision = await inRounds(
      {
        without: async () => decisionNs(decisions, (decide) => decide()),
        guarded: async () =>
          decisionNs(decisions, (decide) => watched.callOnce(`decide of ${account.name}/Book`, decide)),
        watched: async () =>
          decisionNs(decisions / 10, (decide) => watched.call(`decide of ${account.name}/Book`, decide)),
      },
      context,
    )
    const limit = decision.without!
    yield {
      ...common,
      configuration: 'a decision',
      ours: decision.guarded!,
      limit,
      targets: [atMost('50 ns more than without', decision.guarded! - limit, 50)],
    }
    yield {
      ...common,
      configuration: 'a decision, made twice and compared',
      ours: decision.watched!,
      limit,
      targets: [],
    }
    for (const events of [10, 10_000]) yield await foldRow(events)

    async function foldRow(events: number): Promise<Row> {
      const history = Array.from({ length: events }, (_, n): Booked => ({ type: 'Booked', data: { amount: n } }))
      const times = Math.max(1, Math.floor(decisions / 4 / events))
      const fold = (by: Guard) => async () => foldNs(history, times, (from, batch) => evolved(account, from, batch, by))
      const { ours, without } = await inRounds({ ours: fold(watched), without: fold(trusting) }, context)
      return {
        ...common,
        configuration: `an event of a fold of ${events.toLocaleString('en-US')}`,
        ours: ours!,
        limit: without!,
        targets: [],
        conditions: { ...conditions, events: events * times },
      }
    }
  },
}

async function room(): Promise<Room> {
  const entry = import.meta.resolve('indelible')
  return (await import(new URL(`runtime/guard/index${entry.slice(entry.lastIndexOf('.'))}`, entry).href)) as Room
}

/** So short that other programs of the machine disturb only some of them. */
const sliceDecisions = 10_000

function decisionNs(decisions: number, run: (decide: () => Booked) => Booked): number {
  let sum = 0
  const slices: number[] = []
  for (let amount = 0; amount < decisions; ) {
    const end = Math.min(decisions, amount + sliceDecisions)
    const size = end - amount
    const begin = performance.now()
    for (; amount < end; amount++) {
      const booked = amount
      sum += run(() => ({ type: 'Booked', data: { amount: booked } })).data.amount
    }
    slices.push(((performance.now() - begin) * 1e6) / size)
  }
  check(sum === (decisions * (decisions - 1)) / 2, 'every decision has its own event')
  return median(slices)
}

function foldNs(
  events: readonly Booked[],
  times: number,
  fold: (from: Account, events: readonly Booked[]) => Account,
): number {
  let sum = 0
  const begin = performance.now()
  for (let time = 0; time < times; time++) sum += fold(opened, events).balance
  const ns = ((performance.now() - begin) * 1e6) / (times * events.length)
  check(sum === (times * events.length * (events.length - 1)) / 2, 'every fold has the balance of its events')
  return ns
}
