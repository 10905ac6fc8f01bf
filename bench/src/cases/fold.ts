// Folds the history of a bank into a view in memory, with handlers as users write them: from replay columns, and from the log alone.
import { linkSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { liveModel } from 'indelible'
import { fileStore } from 'indelible/file'
import { accountBalances } from '../bank.ts'
import { bankEvents, checkRows } from '../bank-log.ts'
import { atLeast, type BankLog, type BenchCase, type BenchContext, sized } from '../case.ts'
import { check } from '../check.ts'
import { inRounds } from '../rounds.ts'

export const fold: BenchCase = {
  name: 'fold-10m',
  summary: 'ten million bank events into a view in memory, with replay columns and without',
  async *run(context) {
    const log = await context.bankLog(sized(context.scale, { full: 10_000_000, quick: 1_000_000, tiny: 20_000 }))
    const bare = withoutColumns(log, context)
    const payloads = somePayloads(log)
    const { limit, columns, none } = await inRounds(
      {
        limit: async () => plainFold(payloads, log),
        columns: () => foldRate(log.dir, log),
        none: () => foldRate(bare, log),
      },
      context,
    )
    const conditions = {
      events: log.events,
      payloadBytes: log.dataBytes,
      clients: 1,
      sync: 'none',
      accounts: log.accounts,
    }
    const common = { case: fold.name, unit: 'events/s', limit: limit!, peers: {}, conditions } as const
    yield {
      ...common,
      configuration: 'replay columns',
      ours: columns!,
      targets: [atLeast('10,000,000 events/s', columns!, 10_000_000)],
    }
    yield {
      ...common,
      configuration: 'without columns',
      ours: none!,
      targets: [atLeast('2,000,000 events/s', none!, 2_000_000)],
    }
  },
}

async function foldRate(dir: string, log: BankLog): Promise<number> {
  const store = await fileStore({ dir, access: 'read' })
  try {
    const begin = performance.now()
    const model = await liveModel(accountBalances, store, { domainCode: 'trusted' })
    const seconds = (performance.now() - begin) / 1000
    await model.close()
    checkRows(model.rows(), log)
    return log.events / seconds
  } finally {
    await store.close()
  }
}

/** The same segments and indexes. */
function withoutColumns({ dir }: BankLog, context: BenchContext): string {
  const bare = context.scratch('bare')
  mkdirSync(bare, { recursive: true })
  for (const name of readdirSync(dir)) {
    if (name.endsWith('.log') || name.endsWith('.idx')) linkSync(join(dir, name), join(bare, name))
  }
  return bare
}

interface Payload {
  readonly account: number
  readonly sign: number
  readonly data: { readonly amount: number }
}

/** Some of the bookings, as objects that already exist. */
function somePayloads({ accounts, events }: BankLog): readonly Payload[] {
  const found: Payload[] = []
  let left = accounts
  for (const { stream, type, data } of bankEvents(accounts)) {
    if (left-- > 0) continue
    const sign = type === 'FundsDeposited' ? 1 : -1
    found.push({ account: Number(stream.slice('account-'.length)), sign, data: data as Payload['data'] })
    if (found.length >= Math.min(500_000, events - accounts)) return found
  }
  return found
}

/** Rows in an array, events as objects in memory, in the order of the log: the cost of a fold without looking up, reading or decoding anything. */
function plainFold(payloads: readonly Payload[], { accounts, events }: BankLog): number {
  const rows = Array.from({ length: accounts }, (_, account) => ({
    account_id: String(account),
    owner: '',
    balance: 0,
    bookings: 0,
  }))
  const begin = performance.now()
  for (let n = 0; n < events; n++) {
    const { account, sign, data } = payloads[n % payloads.length]!
    const row = rows[account]!
    rows[account] = { ...row, balance: row.balance + sign * data.amount, bookings: row.bookings + 1 }
  }
  const seconds = (performance.now() - begin) / 1000
  check(rows.reduce((sum, { bookings }) => sum + bookings, 0) === events, 'the plain fold books everything')
  return events / seconds
}
