// Made the log in `version-1/`, once: what the shop wrote when OrderPlaced was at version 1. The log is kept as it is; run this only to see how it was made:
// node --conditions=@indelible/source examples/orders/test/make-version-1.ts DIR
import { defineSystem, startSystem } from 'indelible'
import { fileStore } from 'indelible/file'
import { manualClock, sequentialIds } from 'indelible/testing'
import { RegisterCustomer } from '../customers/register-customer.ts'
import { ListProduct } from '../products/list-product.ts'
import { ReceiveStock } from '../products/receive-stock.ts'
import { PlaceOrderOfVersion1 as PlaceOrder } from './shop-of-version-1.ts'

const [dir] = process.argv.slice(2)
if (!dir) throw new Error('Where to? Name a directory.')
const commands = [RegisterCustomer, ListProduct, ReceiveStock, PlaceOrder]
const clock = manualClock('2026-02-03')
const store = await fileStore({ dir, clock })
await using shop = startSystem(defineSystem({ name: 'orders', commands }), { store, clock, ids: sequentialIds() })
await shop.send(RegisterCustomer('ann', { name: 'Ann', email: 'ann@example.com' }))
await shop.send(ListProduct('tea', { title: 'Green tea', cents: 450 }))
await shop.send(ReceiveStock('tea', { quantity: 10 }))
const tea = { customer: 'ann', product: 'tea' }
await shop.send(PlaceOrder('old-1', { ...tea, quantity: 1, cents: 450 }), { validAt: '2026-01-31' })
await shop.send(PlaceOrder('old-2', { ...tea, quantity: 2, cents: 900 }))
