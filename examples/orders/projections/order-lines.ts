// One row a line of an order.
import { integer, projection, text } from 'indelible'
import { OrderPlaced } from '../orders/events.ts'

export const orderLines = projection('order_lines', {
  description: 'One row for each line of an order.',
  table: { order_id: text().key(), line: integer().key(), product: text().index(), quantity: integer() },
  staleness: { targetMs: 500 },
}).write(OrderPlaced, ({ lines }, { streamId }) =>
  lines.map((each, index) => ({ order_id: streamId, line: index + 1, ...each })),
)
