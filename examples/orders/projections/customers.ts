// Who the customers are, and how much each has ordered: events of two categories make one row.
import { date, integer, projection, text } from 'indelible'
import { CustomerLeft, CustomerRegistered, EmailChanged } from '../customers/events.ts'
import { OrderPlaced } from '../orders/events.ts'

export const customers = projection('customers', {
  description: 'Who the customers are, and how much each has ordered.',
  table: {
    customer_id: text().key(),
    name: text(),
    email: text().nullable(),
    orders: integer(),
    last_ordered_on: date().nullable(),
  },
  staleness: { targetMs: 500 },
})
  .write(CustomerRegistered, ({ customer, name, email }) => ({
    customer_id: customer,
    name,
    email,
    orders: 0,
    last_ordered_on: null,
  }))
  .on(EmailChanged, (row, { email }) => ({ ...row, email }))
  .on(CustomerLeft, (row) => ({ ...row, email: null }))
  .on(OrderPlaced, { key: ({ customer }) => ({ customer_id: customer }) }, (row, _placed, { validAt, recordedAt }) => ({
    ...row,
    orders: row.orders + 1,
    last_ordered_on: (validAt ?? recordedAt).slice(0, 10),
  }))
