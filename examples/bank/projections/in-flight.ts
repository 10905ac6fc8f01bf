// Money between two accounts: withdrawn by a transfer, and not yet deposited or given back. One row a transfer. What the accounts hold and what is in flight
// is all the money there is, at every position of the log.
import { bigint, projection, type RecordedEvent, text } from 'indelible'
import { FundsDeposited, FundsWithdrawn, WithdrawalReversed } from '../account/events.ts'
import { transferSaga } from '../transfer/transfer-saga.ts'

/** What comes over the counter is not in flight. */
const ofTransfer = {
  key: (_booking: unknown, { metadata: { saga, sagaId } }: RecordedEvent) =>
    saga === transferSaga.name ? { transfer_id: String(sagaId) } : [],
}

export const inFlight = projection('in_flight', {
  description: 'Money between two accounts: withdrawn by a transfer, and not yet deposited or given back.',
  table: { transfer_id: text().key(), amount: bigint() },
  staleness: { targetMs: 50 },
})
  .on(
    FundsWithdrawn,
    { ...ofTransfer, initial: ({ transfer_id }) => ({ transfer_id: transfer_id!, amount: 0 }) },
    (row, { amount }) => ({ ...row, amount: row.amount + amount }),
  )
  .on(FundsDeposited, ofTransfer, landed)
  .on(WithdrawalReversed, ofTransfer, landed)

type Row = { transfer_id: string; amount: number }

function landed(row: Row, { amount }: { amount: number }): Row | null {
  return row.amount === amount ? null : { ...row, amount: row.amount - amount }
}
