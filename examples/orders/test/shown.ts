// What a test looks at after a saga: the first order and a product as the tables show them, and the answers of the payment provider.
import { type RunningSystem, streamName } from 'indelible'
import { orderList } from '../projections/order-list.ts'
import { stockLevels } from '../projections/stock-levels.ts'
import { caughtUp } from './shop-in-memory.ts'

export async function shown(running: RunningSystem, product = 'tea') {
  await caughtUp(running, orderList, stockLevels)
  const [order] = await running.select(orderList)
  const [{ free, reserved, shipped } = {}] = await running.select(stockLevels, { where: { product_id: product } })
  return { order: order?.status, free, reserved, shipped }
}

export async function paymentOf({ store }: RunningSystem, id: string): Promise<readonly string[]> {
  const batches = await Array.fromAsync(store.read([{ streams: [streamName('payments', id)] }]))
  return batches.flatMap(({ events }) => events.map(({ type }) => type))
}
