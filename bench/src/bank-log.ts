// Logs of a bank: every account is opened, then bookings on random accounts follow, a hundred events per account. The balances can be computed again.
import type { EventStore, NewEvent, StreamName } from 'indelible'
import { fileStore, rebuildIndex } from 'indelible/file'
import type { Booking } from './bank.ts'
import { type KeptLogOptions, keptLog } from './big-log.ts'
import type { BankLog } from './case.ts'
import { check } from './check.ts'

export const eventsPerAccount = 100
const commitEvents = 500
const clients = 8

/** Returns the log with this many events, from an earlier run if there is one. All sealed segments have their replay columns. */
export async function bankLog(events: number, options: KeptLogOptions): Promise<BankLog> {
  return await keptLog(`bank-${events}`, options, (dir) => build(dir, events, options.progress))
}

async function build(dir: string, events: number, progress: (line: string) => void): Promise<BankLog> {
  const store = await fileStore({ dir })
  const { dataBytes } = await fillBank(store, events, progress).finally(() => store.close())
  progress('making its replay columns')
  await rebuildIndex({ dir })
  return { dir, events, accounts: events / eventsPerAccount, dataBytes }
}

/** Writes a bank into an empty log. Gives the bytes of data of an event, on average. */
export async function fillBank(
  store: EventStore,
  events: number,
  progress: (line: string) => void,
): Promise<{ readonly dataBytes: number }> {
  const source = bankEvents(events / eventsPerAccount)
  let dataBytes = 0
  let written = 0
  const client = async () => {
    for (let commit = take(source, commitEvents, events - written); commit.length > 0; ) {
      written += commit.length
      for (const { data } of commit) dataBytes += JSON.stringify(data).length
      await store.append({ events: commit })
      commit = take(source, commitEvents, events - written)
    }
  }
  const report = setInterval(
    () =>
      progress(
        `building a bank of ${events.toLocaleString('en-US')} events: ${Math.floor((written / events) * 100)} %`,
      ),
    2000,
  )
  try {
    await Promise.all(Array.from({ length: clients }, client))
    check((await store.head()).position === events, `the bank that was built has ${events} events`)
  } finally {
    clearInterval(report)
  }
  return { dataBytes: Math.round(dataBytes / events) }
}

function take(source: Generator<NewEvent>, count: number, left: number): NewEvent[] {
  const events: NewEvent[] = []
  while (events.length < Math.min(count, left)) events.push(source.next().value as NewEvent)
  return events
}

/** First every account is opened, then bookings follow without end. */
export function* bankEvents(accounts: number): Generator<NewEvent> {
  for (let account = 0; account < accounts; account++) {
    const data = { owner: ownerOf(account), district: districts[account % districts.length]!, day: dayOf(account) }
    yield { stream: accountOf(account), type: 'AccountOpened', data }
  }
  const draw = draws()
  for (let n = 0; ; n++) {
    const account = draw() % accounts
    yield {
      stream: accountOf(account),
      type: draw() & 1 ? 'FundsDeposited' : 'FundsWithdrawn',
      data: bookingOf(n, draw()),
    }
  }
}

export interface BankRow {
  readonly account_id: string
  readonly owner: string
  readonly balance: number
  readonly bookings: number
}

/** What `account_balances` must show after this many events. */
export function expectedRows({ accounts, events }: Pick<BankLog, 'accounts' | 'events'>): BankRow[] {
  const balances = new Float64Array(accounts)
  const bookings = new Uint32Array(accounts)
  const draw = draws()
  for (let n = 0; n < events - accounts; n++) {
    const account = draw() % accounts
    const isDeposit = draw() & 1
    const amount = amountOf(draw())
    balances[account]! += isDeposit ? amount : -amount
    bookings[account]!++
  }
  return Array.from({ length: accounts }, (_, account) => ({
    account_id: accountOf(account).slice('account-'.length),
    owner: ownerOf(account),
    balance: balances[account]!,
    bookings: bookings[account]!,
  }))
}

/** Whether rows, in any order, are the expected ones. */
export function checkRows(rows: Iterable<object>, log: Pick<BankLog, 'accounts' | 'events'>): void {
  const expected = new Map(expectedRows(log).map((row) => [row.account_id, row]))
  for (const row of rows as Iterable<BankRow>) {
    const right = expected.get(row.account_id)
    const same = right && row.owner === right.owner && row.balance === right.balance && row.bookings === right.bookings
    check(same === true, `${JSON.stringify(row)} is ${JSON.stringify(right)}`)
    expected.delete(row.account_id)
  }
  check(expected.size === 0, `no account is missing, as ${expected.size} are`)
}

export function accountOf(account: number): StreamName {
  return `account-${String(account).padStart(7, '0')}`
}

function bookingOf(n: number, drawn: number): Booking {
  return {
    amount: amountOf(drawn),
    operation: operations[n % operations.length]!,
    symbol: symbols[n % symbols.length]!,
    day: dayOf(n),
  }
}

const ownerOf = (account: number) => `Owner ${account}`
const amountOf = (drawn: number) => 100 + (drawn % 999_900)
const dayOf = (n: number) => days[(n >>> 10) % days.length]!
const days = Array.from({ length: 2000 }, (_, day) => new Date(Date.UTC(1993, 0, 1 + day)).toISOString().slice(0, 10))
const operations = ['credit in cash', 'withdrawal in cash', 'remittance', 'collection', 'card withdrawal']
const symbols = ['household', 'insurance', 'pension', 'statement', 'loan', '', 'interest']
const districts = ['Praha', 'Brno', 'Plzen', 'Ostrava', 'Olomouc', 'Zlin']

/** Numbers of 31 bits, the same in every run (xorshift32, G. Marsaglia 2003). */
function draws(): () => number {
  let state = 0x2545f491
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 1
  }
}
