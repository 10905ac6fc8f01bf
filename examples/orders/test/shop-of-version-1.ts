// The orders of version 1 of the shop, as far as its log needs them: an order had one line and was in euros.
import { aggregate, event } from 'indelible'
import { z } from 'zod'

const OrderPlaced = event(
  'OrderPlaced',
  z.object({ customer: z.string(), product: z.string(), quantity: z.int(), cents: z.int() }),
)
export const orderOfVersion1 = aggregate('order', { initialState: {} }).on(OrderPlaced, (state) => state)
export const PlaceOrderOfVersion1 = orderOfVersion1.command('PlaceOrder', {
  input: OrderPlaced.schema,
  emits: [OrderPlaced],
  decide: (_state, placed) => OrderPlaced(placed),
})
