// The cost of an upcast: a fold of a bank's history whose deposits, half of the events, were recorded in an older version, against the same fold without.
import { bigint, event, integer, liveModel, projection, text } from 'indelible'
import { fileStore } from 'indelible/file'
import { AccountOpened, accountBalances, anything, type Booking, FundsDeposited, FundsWithdrawn } from '../bank.ts'
import { checkRows } from '../bank-log.ts'
import { atLeast, type BankLog, type BenchCase, sized } from '../case.ts'
import { inRounds } from '../rounds.ts'

const InCurrency = event('FundsDeposited', FundsDeposited.schema)
  .next(anything<Booking & { readonly currency: string }>())
  .upcast((old) => ({ ...old, currency: 'CZK' }))

/** The same handlers, and the same rows. */
const withUpcast = projection('account_balances', {
  table: { account_id: text().key(), owner: text(), balance: bigint(), bookings: integer() },
})
  .write(AccountOpened, ({ owner }, { streamId }) => ({ account_id: streamId, owner, balance: 0, bookings: 0 }))
  .on(InCurrency, (row, { amount }) => ({ ...row, balance: row.balance + amount, bookings: row.bookings + 1 }))
  .on(FundsWithdrawn, (row, { amount }) => ({ ...row, balance: row.balance - amount, bookings: row.bookings + 1 }))

export const upcast: BenchCase = {
  name: 'upcast',
  summary: 'the fold of ten million bank events with one upcast on half of them',
  async *run(context) {
    const log = await context.bankLog(sized(context.scale, { full: 10_000_000, quick: 1_000_000, tiny: 20_000 }))
    const { without, ours } = await inRounds(
      { without: () => foldRate(accountBalances, log), ours: () => foldRate(withUpcast, log) },
      context,
    )
    yield {
      case: upcast.name,
      configuration: 'replay columns, half of the events in an older version',
      unit: 'events/s',
      ours: ours!,
      limit: without!,
      peers: {},
      conditions: { events: log.events, payloadBytes: log.dataBytes, clients: 1, sync: 'none', accounts: log.accounts },
      targets: [atLeast('0.5 of the fold without an upcast', ours!, 0.5 * without!)],
    }
  },
}

async function foldRate(balances: typeof accountBalances | typeof withUpcast, log: BankLog): Promise<number> {
  const store = await fileStore({ dir: log.dir, access: 'read' })
  try {
    const begin = performance.now()
    const model = await liveModel(balances as typeof accountBalances, store, { domainCode: 'trusted' })
    const seconds = (performance.now() - begin) / 1000
    await model.close()
    checkRows(model.rows(), log)
    return log.events / seconds
  } finally {
    await store.close()
  }
}
