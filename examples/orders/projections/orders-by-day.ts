// What was ordered on each day, by currency: a row that many orders share.
import { bigint, date, integer, projection, text } from 'indelible'
import { OrderPlaced } from '../orders/events.ts'

export const ordersByDay = projection('orders_by_day', {
  description: 'What was ordered on each day, by currency.',
  table: { day: date().key(), currency: text().key(), orders: integer(), cents: bigint() },
  staleness: { targetMs: 500 },
}).on(
  OrderPlaced,
  {
    key: ({ currency }, { validAt, recordedAt }) => ({ day: (validAt ?? recordedAt).slice(0, 10), currency }),
    initial: ({ day, currency }) => ({ day: day!, currency: currency!, orders: 0, cents: 0 }),
  },
  (row, { cents }) => ({ ...row, orders: row.orders + 1, cents: row.cents + cents }),
)
