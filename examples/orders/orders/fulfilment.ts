// What happens to an order that was placed: the stock of each line is reserved, the provider holds the money, the customer pays within half
// an hour, the order ships, and the money is taken. Where one of these fails, or the order is cancelled before it ships, all is taken back, and the order is
// cancelled in the end.
import { type SagaContext, saga } from 'indelible'
import { AuthorisePayment, CapturePayment, ReturnPayment } from '../payments/provider.ts'
import { ReleaseStock, ReserveStock, ShipStock } from '../products/reservations.ts'
import { CancelOrder } from './cancel-order.ts'
import { OrderCancelled, OrderPaid, OrderPlaced, OrderShipped } from './events.ts'
import { AcceptOrder } from './progress.ts'

interface Line {
  readonly product: string
  readonly quantity: number
}

/** Order and payment have the id of the saga, that is, of the order. */
const thisOrder = (_placed: unknown, { sagaId }: SagaContext) => sagaId
const nothing = () => ({})
const payment = (_placed: unknown, { answers }: SagaContext<{ readonly authorise: string }>) => ({
  authorisation: answers.authorise,
})
/** A product may have any name, so that the lines are numbered. */
const lines = {
  over: (placed: { readonly lines: readonly Line[] }) => placed.lines,
  key: (_line: Line, index: number) => String(index + 1),
}
const ofLine = {
  to: (_placed: unknown, { item }: SagaContext<unknown, Line>) => item.product,
  input: (_placed: unknown, { sagaId }: SagaContext) => ({ order: sagaId }),
}

export const fulfilment = saga('fulfilment', {
  description:
    'From the placed order to the parcel: stock, money, shipping. Where one of these fails, all is taken back.',
  version: 3,
  startsOn: OrderPlaced,
  cancelsOn: OrderCancelled,
  owner: 'sales',
  from: 'beginning',
  onCompensated: { command: CancelOrder, to: thisOrder, input: () => ({ reason: 'It could not be fulfilled.' }) },
})
  .step('accept', { command: AcceptOrder, to: thisOrder, input: nothing, compensate: 'nothing' })
  .each('lines', {
    ...lines,
    do: (flow) =>
      flow.step('reserve', {
        command: ReserveStock,
        to: ofLine.to,
        input: (_placed, { item, sagaId }) => ({ order: sagaId, quantity: item.quantity }),
        compensate: { command: ReleaseStock, ...ofLine },
      }),
  })
  .step('authorise', {
    command: AuthorisePayment,
    to: thisOrder,
    input: ({ customer, cents, currency }, { sagaId }) => ({ order: sagaId, customer, cents, currency }),
    answer: ([authorised]) => authorised!.data.authorisation,
    compensate: { command: ReturnPayment, to: thisOrder, input: payment },
    timeout: '1m',
  })
  .awaitEvent('money', OrderPaid, { within: '30m' })
  .awaitEvent('parcel', OrderShipped, { within: 'forever' })
  .step('capture', { command: CapturePayment, to: thisOrder, input: payment, compensate: 'nothing' })
  .each('dispatch', { ...lines, do: (flow) => flow.step('ship', { command: ShipStock, ...ofLine }) })
