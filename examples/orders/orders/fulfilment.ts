// What happens to an order that was placed: stock is reserved, money is taken, and the order is paid; where one of these refuses, the others are taken back and the
// order is cancelled. (A saga is a straight line of commands, so that an order has one product.)
import { type SagaContext, saga } from 'indelible'
import { ReturnPayment, TakePayment } from '../payments/payment.ts'
import { ReleaseStock, ReserveStock } from '../products/stock.ts'
import { OrderPlaced } from './events.ts'
import { AcceptOrder, CancelOrder, MarkPaid } from './progress.ts'

const thisOrder = (_placed: unknown, { sagaId }: SagaContext) => sagaId
const reservation = ({ quantity }: { quantity: number }, { sagaId }: SagaContext) => ({ order: sagaId, quantity })

export const fulfilment = saga('fulfilment', { startsOn: OrderPlaced })
  .step('accept', {
    command: AcceptOrder,
    to: thisOrder,
    input: () => ({}),
    compensate: { command: CancelOrder, to: thisOrder, input: () => ({ reason: 'It could not be fulfilled.' }) },
  })
  .step('stock', {
    command: ReserveStock,
    to: ({ product }) => product,
    input: reservation,
    compensate: { command: ReleaseStock, to: ({ product }) => product, input: reservation },
  })
  .step('payment', {
    command: TakePayment,
    to: thisOrder,
    input: ({ customer, cents }) => ({ customer, cents }),
    compensate: { command: ReturnPayment, to: thisOrder, input: () => ({}) },
    timeout: '1m',
  })
  .step('paid', { command: MarkPaid, to: thisOrder, input: (_placed, { sagaId }) => ({ payment: sagaId }) })
