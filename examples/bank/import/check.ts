// Holds the result against the bank's own books: every account on every day, once in the read table and once by folding the events.
import type { Columns, Projection, RowOf, RunningSystem } from 'indelible'
import { account } from '../account/account.ts'
import { accountBalances } from '../projections/account-balances.ts'
import { accountStatement } from '../projections/account-statement.ts'
import type { AccountHistory } from './replay.ts'

export interface CheckResult {
  readonly accountDays: number
  /** Account-days on which the table or the fold has another balance than the bank. */
  readonly balanceMismatches: number
  readonly closingTotalMinor: number
  /** The events of accounts in the log. */
  readonly events: number
}

type DayBalances = ReadonlyMap<string, number>

/** Reads the tables as they are: wait for the projections before. */
export async function check(bank: RunningSystem, histories: readonly AccountHistory[]): Promise<CheckResult> {
  const expected = recordedBalances(histories)
  const fromTable = await tableBalances(bank)
  const fromEvents = await foldedBalances(bank)
  const mismatches = [...expected].filter(
    ([accountDay, balance]) => fromTable.get(accountDay) !== balance || fromEvents.get(accountDay) !== balance,
  )
  return {
    accountDays: expected.size,
    balanceMismatches: mismatches.length,
    closingTotalMinor: await closingTotal(bank, histories),
    events: await accountEvents(bank),
  }
}

async function accountEvents({ store }: RunningSystem): Promise<number> {
  const counts = await store.countTypes()
  return account.events.reduce((sum, { type }) => sum + (counts.get(type) ?? 0), 0)
}

function accountDay(accountId: string, date: string): string {
  return `${accountId} ${date}`
}

/** The bank's own balance at the end of each day with bookings. */
function recordedBalances(histories: readonly AccountHistory[]): DayBalances {
  const balances = new Map<string, number>()
  for (const { transactions } of histories) {
    for (const { accountId, date, balance } of transactions) balances.set(accountDay(accountId, date), balance)
  }
  return balances
}

async function tableBalances(bank: RunningSystem): Promise<DayBalances> {
  const balances = new Map<string, number>()
  for await (const row of allRows(bank, accountStatement)) {
    balances.set(accountDay(row.account_id, row.booked_on), row.balance)
  }
  return balances
}

async function foldedBalances(bank: RunningSystem): Promise<DayBalances> {
  const balances = new Map<string, number>()
  const states = new Map<string, typeof account.initialState>()
  for await (const { events } of bank.store.read([{ categories: [account.category] }])) {
    for (const event of events) {
      const state = account.evolve(states.get(event.streamId) ?? account.initialState, event)
      states.set(event.streamId, state)
      balances.set(accountDay(event.streamId, event.validAt ?? event.recordedAt), state.balance)
    }
  }
  return balances
}

async function closingTotal(bank: RunningSystem, histories: readonly AccountHistory[]): Promise<number> {
  const imported = new Set(histories.map(({ account }) => account.id))
  let total = 0
  for await (const row of allRows(bank, accountBalances)) {
    if (imported.has(row.account_id)) total += row.balance
  }
  return total
}

async function* allRows<C extends Columns>(bank: RunningSystem, projection: Projection<C>): AsyncGenerator<RowOf<C>> {
  const limit = 5_000
  let page: readonly RowOf<C>[] = []
  do {
    page = await bank.select(projection, { limit, after: page.at(-1) })
    yield* page
  } while (page.length === limit)
}
