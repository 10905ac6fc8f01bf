// What happens to an order that was placed: stock is reserved, money is held and taken, and the order is paid. Where one of these refuses, the others are taken
// back and the order is cancelled.
import { type SagaContext, saga } from 'indelible'
import { AuthorisePayment, ReleasePayment } from '../payments/authorise-payment.ts'
import { CapturePayment, RefundPayment } from '../payments/capture-payment.ts'
import { ReleaseStock, ReserveStock } from '../products/reservations.ts'
import { CancelOrder } from './cancel-order.ts'
import { OrderPlaced } from './events.ts'
import { AcceptOrder, MarkPaid } from './progress.ts'

/** Order and payment have the id of the saga. */
const thisOrder = (_placed: unknown, { sagaId }: SagaContext) => sagaId
const nothing = () => ({})
const inTime = '1m'

export const fulfilment = saga('fulfilment', { startsOn: OrderPlaced, from: 'beginning' })
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
    compensate: { command: ReleasePayment, to: thisOrder, input: nothing },
    timeout: inTime,
  })
  .step('capture', {
    command: CapturePayment,
    to: thisOrder,
    input: nothing,
    compensate: { command: RefundPayment, to: thisOrder, input: nothing },
    timeout: inTime,
  })
  .step('paid', { command: MarkPaid, to: thisOrder, input: nothing })
