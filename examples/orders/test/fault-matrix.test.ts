// Every node of the fulfilment with every fault that can happen there: whatever happens, goods and money are where they belong.
import { faultMatrix, formatFaultMatrix } from 'indelible/testing'
import { expect, test } from 'vitest'
import { AddLine } from '../orders/add-line.ts'
import { fulfilment } from '../orders/fulfilment.ts'
import { PlaceOrder } from '../orders/place-order.ts'
import { PayOrder, ShipOrder } from '../orders/progress.ts'
import { payments } from '../outside/payment-provider.ts'
import { orderList } from '../projections/order-list.ts'
import { stockLevels } from '../projections/stock-levels.ts'
import { shop } from '../system.ts'
import { outsideOfItsOwn, services, stock, tea } from './shop-in-memory.ts'

test('the fulfilment of an order with two lines comes to a good end with every fault', async () => {
  const matrix = await faultMatrix({
    system: shop,
    saga: fulfilment,
    seed: async (running) => {
      await stock(running)
      await running.send(AddLine('o1', tea()))
      await running.send(AddLine('o1', { product: 'mug', quantity: 1 }))
    },
    services: () => {
      outsideOfItsOwn()
      return services
    },
    start: PlaceOrder('o1', { customer: 'ann' }),
    others: {
      money: (running, { sagaId }) => running.send(PayOrder(sagaId, {})),
      parcel: (running, { sagaId }) => running.send(ShipOrder(sagaId, {})),
    },
    invariant: async (running, { status }) => {
      const isShipped = status === 'completed'
      expect(await running.select(orderList)).toMatchObject([{ status: isShipped ? 'shipped' : 'cancelled' }])
      expect(await running.select(stockLevels)).toMatchObject([
        { product_id: 'mug', free: isShipped ? 4 : 5, reserved: 0, shipped: isShipped ? 1 : 0 },
        { product_id: 'tea', free: isShipped ? 8 : 10, reserved: 0, shipped: isShipped ? 2 : 0 },
      ])
      const taken = isShipped ? ['captured'] : []
      expect(payments().flatMap(({ status }) => (status === 'returned' ? [] : status))).toEqual(taken)
    },
  })
  console.log(formatFaultMatrix(matrix))
  expect(matrix.problems).toEqual([])
})
