// Customers get a mail when their order is on its way: from the day that this is switched on, not for all earlier orders.
import { reaction } from 'indelible'
import { OrderShipped } from '../orders/events.ts'
import { deliver } from './outbox.ts'

export const mail = reaction('mail', {
  from: 'now',
  timeout: '10s',
  description: 'Tells customers that their order is on its way.',
}).on(OrderShipped, ({ customer }, { streamId }, { idempotencyKey, signal }) =>
  deliver({ key: idempotencyKey, to: customer, subject: `Order ${streamId} is on its way` }, signal),
)
