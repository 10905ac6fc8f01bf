// What happens to an order that was placed: stock is reserved, money is held, the customer pays within half an hour, and the order is ready to be shipped. Where one
// of these fails, or the order is cancelled meanwhile, all is taken back.
import { type SagaContext, saga } from 'indelible'
import { AuthorisePayment } from '../payments/authorise-payment.ts'
import { PaymentCaptured } from '../payments/events.ts'
import { ReturnPayment } from '../payments/return-payment.ts'
import { ReleaseStock, ReserveStock } from '../products/reservations.ts'
import { CancelOrder } from './cancel-order.ts'
import { OrderCancelled, OrderPlaced } from './events.ts'
import { AcceptOrder, MarkPaid } from './progress.ts'

/** Order and payment have the id of the saga. */
const thisOrder = (_placed: unknown, { sagaId }: SagaContext) => sagaId
const nothing = () => ({})

export const fulfilment = saga('fulfilment', {
  startsOn: OrderPlaced,
  cancelsOn: OrderCancelled,
  owner: 'sales',
  from: 'beginning',
})
  .step('accept', {
    command: AcceptOrder,
    to: thisOrder,
    input: nothing,
    compensate: { command: CancelOrder, to: thisOrder, input: () => ({ reason: 'It could not be fulfilled.' }) },
  })
  .step('stock', {
    command: ReserveStock,
    to: ({ product }) => product,
    input: ({ quantity }, { sagaId }) => ({ order: sagaId, quantity }),
    compensate: {
      command: ReleaseStock,
      to: ({ product }) => product,
      input: (_placed, { sagaId }) => ({ order: sagaId }),
    },
  })
  .step('authorise', {
    command: AuthorisePayment,
    to: thisOrder,
    input: ({ customer, cents, currency }) => ({ customer, cents, currency }),
    compensate: { command: ReturnPayment, to: thisOrder, input: nothing },
    timeout: '1m',
  })
  .awaitEvent('money', PaymentCaptured, { within: '30m' })
  .step('paid', { command: MarkPaid, to: thisOrder, input: nothing })
