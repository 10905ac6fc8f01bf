// One row an order.
import { bigint, integer, projection, text } from 'indelible'
import { OrderAccepted, OrderCancelled, OrderPaid, OrderPlaced, OrderShipped } from '../orders/events.ts'

export const orderList = projection('order_list', {
  description: 'One row for each order, with where it stands.',
  table: {
    order_id: text().key(),
    customer: text().index(),
    lines: integer(),
    cents: bigint(),
    currency: text(),
    status: text().index(),
  },
  staleness: { targetMs: 50 },
})
  .write(OrderPlaced, ({ customer, lines, cents, currency }, { streamId }) => ({
    order_id: streamId,
    customer,
    lines: lines.length,
    cents,
    currency,
    status: 'placed',
  }))
  .on(OrderAccepted, (row) => ({ ...row, status: 'accepted' }))
  .on(OrderPaid, (row) => ({ ...row, status: 'paid' }))
  .on(OrderShipped, (row) => ({ ...row, status: 'shipped' }))
  .on(OrderCancelled, (row) => ({ ...row, status: 'cancelled' }))
