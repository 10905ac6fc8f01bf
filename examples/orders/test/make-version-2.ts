// Made the log in `version-2/`, once: what the shop wrote when an order had one line, and a currency. The log is kept as it is; run this only to see how it
// was made: node --conditions=@indelible/source examples/orders/test/make-version-2.ts DIR
import { aggregate, defineSystem, event, startSystem } from 'indelible'
import { fileStore } from 'indelible/file'
import { manualClock, sequentialIds } from 'indelible/testing'
import { z } from 'zod'
import { RegisterCustomer } from '../customers/register-customer.ts'
import { OrderAccepted, OrderPaid } from '../orders/events.ts'
import { ListProduct } from '../products/list-product.ts'
import { ReceiveStock } from '../products/receive-stock.ts'

const line = z.object({ product: z.string(), quantity: z.int(), customer: z.string() })
const inEuros = line.extend({ cents: z.int() })
const OrderPlaced = event('OrderPlaced', inEuros)
  .next(inEuros.extend({ currency: z.string(), voucher: z.string().optional() }), {
    tags: { customer: 'customer', voucher: 'voucher' },
  })
  .upcast((old) => ({ ...old, currency: 'EUR' }))
const OrderShipped = event('OrderShipped', line)
const order = aggregate('order', { initialState: {} })
  .on(OrderPlaced, (state) => state)
  .on(OrderAccepted, (state) => state)
  .on(OrderPaid, (state) => state)
  .on(OrderShipped, (state) => state)
const PlaceOrder = order.command('PlaceOrder', {
  input: OrderPlaced.schema,
  emits: [OrderPlaced],
  decide: (_state, placed) => OrderPlaced(placed),
})
const ShipOrder = order.command('ShipOrder', {
  input: OrderShipped.schema,
  emits: [OrderAccepted, OrderPaid, OrderShipped],
  decide: (_state, shipped) => [OrderAccepted({}), OrderPaid({}), OrderShipped(shipped)],
})

const [dir] = process.argv.slice(2)
if (!dir) throw new Error('Where to? Name a directory.')
const commands = [RegisterCustomer, ListProduct, ReceiveStock, PlaceOrder, ShipOrder]
const clock = manualClock('2026-04-05')
const store = await fileStore({ dir, clock })
await using shop = startSystem(defineSystem({ name: 'orders', commands }), { store, clock, ids: sequentialIds() })
await shop.send(RegisterCustomer('ann', { name: 'Ann', email: 'ann@example.com' }))
await shop.send(ListProduct('tea', { title: 'Green tea', cents: 10_000, currency: 'CZK' }))
await shop.send(ReceiveStock('tea', { quantity: 10 }))
const tea = { customer: 'ann', product: 'tea', quantity: 2 }
await shop.send(PlaceOrder('old-1', { ...tea, cents: 18_000, currency: 'CZK', voucher: 'SPRING' }))
await shop.send(PlaceOrder('old-2', { ...tea, cents: 20_000, currency: 'CZK' }))
await shop.send(ShipOrder('old-2', tea))
