// The statement of every account: one row a booking, with the balance after it. Each event of an account is a line, so a line follows the one before.
import { bigint, date, integer, projection, type RecordedEvent, type RowOf, text } from 'indelible'
import { accountEvents } from '../account/events.ts'

const table = {
  account_id: text().key(),
  line: integer().key(),
  booked_on: date(),
  booking: text(),
  amount: bigint(),
  balance: bigint(),
  reference: text().nullable(),
}

export const accountStatement = projection('account_statement', {
  table,
  staleness: { targetMs: 500 },
  key: ({ streamId, version }) => ({ account_id: streamId, line: version - 1 }),
  events: accountEvents,
  on: {
    AccountOpened: (event) => line(event, 0, { amount: 0 }),
    FundsDeposited: (event, { balance }) => line(event, balance, event.data),
    FundsWithdrawn: (event, { balance }) => line(event, balance, { ...event.data, amount: -event.data.amount }),
    WithdrawalReversed: (event, { balance }) => line(event, balance, event.data),
    BalanceAdjusted: (event, { balance }) =>
      line(event, balance, { amount: event.data.difference, reference: event.data.reason }),
    AccountClosed: (event, { balance }) => line(event, balance, { amount: 0 }),
  },
})

type Booking = { amount: number; reference?: string | undefined }

function line(event: RecordedEvent, balanceBefore: number, { amount, reference }: Booking): RowOf<typeof table> {
  return {
    account_id: event.streamId,
    line: event.version,
    booked_on: (event.validAt ?? event.recordedAt).slice(0, 10),
    booking: event.type,
    amount,
    balance: balanceBefore + amount,
    reference: reference ?? null,
  }
}
