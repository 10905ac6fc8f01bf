// What follows from an order that is shipped, or cancelled after it was paid. Each is a command or two that nobody should have to remember.
import { type SagaContext, saga } from 'indelible'
import { ReturnPayment } from '../payments/return-payment.ts'
import { ReleaseStock, ShipStock } from '../products/reservations.ts'
import { OrderShipped, RefundOwed } from './events.ts'

const ofProduct = ({ product }: { product: string }) => product
const ofThisOrder = (_data: unknown, { sagaId }: SagaContext) => ({ order: sagaId })

export const dispatch = saga('dispatch', { startsOn: OrderShipped }).step('stock', {
  command: ShipStock,
  to: ofProduct,
  input: ofThisOrder,
})

export const refund = saga('refund', { startsOn: RefundOwed })
  .step('money', { command: ReturnPayment, to: (_data, { sagaId }) => sagaId, input: () => ({}) })
  .step('stock', { command: ReleaseStock, to: ofProduct, input: ofThisOrder })
