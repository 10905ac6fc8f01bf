// The statement of every account: one row a booking, with the balance after it. Each event of an account is a line, so a line follows the one before.
import { bigint, date, integer, projection, type RecordedEvent, text } from 'indelible'
import {
  AccountClosed,
  AccountOpened,
  BalanceAdjusted,
  FundsDeposited,
  FundsWithdrawn,
  WithdrawalReversed,
} from '../account/events.ts'

const table = {
  account_id: text().key(),
  line: integer().key(),
  booked_on: date(),
  booking: text(),
  amount: bigint(),
  balance: bigint(),
  reference: text().nullable(),
}

const lineBefore = {
  key: (_data: unknown, { streamId, version }: RecordedEvent) => ({ account_id: streamId, line: version - 1 }),
}

export const accountStatement = projection('account_statement', {
  description: 'The statement of every account: its bookings, with the balance after each.',
  table,
  staleness: { targetMs: 500 },
})
  .write(AccountOpened, (_data, event) => line(event, 0, { amount: 0 }))
  .on(FundsDeposited, lineBefore, ({ balance }, data, event) => line(event, balance, data))
  .on(FundsWithdrawn, lineBefore, ({ balance }, data, event) => line(event, balance, { ...data, amount: -data.amount }))
  .on(WithdrawalReversed, lineBefore, ({ balance }, data, event) => line(event, balance, data))
  .on(BalanceAdjusted, lineBefore, ({ balance }, { difference, reason }, event) =>
    line(event, balance, { amount: difference, reference: reason }),
  )
  .on(AccountClosed, lineBefore, ({ balance }, _data, event) => line(event, balance, { amount: 0 }))

type Booking = { amount: number; reference?: string | undefined }

function line(event: RecordedEvent, balanceBefore: number, { amount, reference }: Booking) {
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
