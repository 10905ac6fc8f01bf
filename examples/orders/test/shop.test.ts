import { expect, test } from 'vitest'
import { ChangeEmail } from '../customers/change-email.ts'
import { Leave } from '../customers/leave.ts'
import { RegisterCustomer } from '../customers/register-customer.ts'
import { fulfilment } from '../orders/fulfilment.ts'
import { PlaceOrder, PlaceOrderWithVoucher } from '../orders/place-order.ts'
import { ShipOrder } from '../orders/progress.ts'
import { catalogue, search } from '../outside/catalogue.ts'
import { mail } from '../outside/mail.ts'
import { mailsSent } from '../outside/outbox.ts'
import { orderList } from '../projections/order-list.ts'
import { ordersByDay } from '../projections/orders-by-day.ts'
import { stockLevels } from '../projections/stock-levels.ts'
import { stockedShop, tea } from './shop-in-memory.ts'

async function head(running: Awaited<ReturnType<typeof stockedShop>>) {
  return (await running.store.head()).position
}

test('an order that can be fulfilled is paid, its stock is reserved, and a mail goes out when it ships', async () => {
  const running = await stockedShop()
  await running.waitFor(mail, 0)
  await running.send(PlaceOrder('o1', tea()))
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({ status: 'completed' })
  await running.send(ShipOrder('o1', {}))
  for (const each of [orderList, stockLevels, mail, search]) await running.waitFor(each, await head(running))
  expect(await running.select(orderList)).toMatchObject([
    { order_id: 'o1', cents: 900, currency: 'EUR', status: 'shipped' },
  ])
  expect(await running.select(stockLevels)).toMatchObject([{ product_id: 'tea', free: 8, reserved: 2 }])
  expect(await mailsSent()).toEqual([
    { key: expect.stringMatching(/^mail:/), to: 'ann', subject: 'Order o1 is on its way' },
  ])
  expect([...(catalogue.get('green') ?? [])]).toEqual(['tea'])
})

test('an order that cannot be paid gives its stock back and is cancelled', async () => {
  const running = await stockedShop()
  await running.send(PlaceOrder('o1', { ...tea(), cents: 200_000 }))
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({
    status: 'compensated',
    failure: { step: 'payment', reason: 'LimitExceeded', details: { centsMax: 100_000 } },
  })
  for (const each of [orderList, stockLevels]) await running.waitFor(each, await head(running))
  expect(await running.select(orderList)).toMatchObject([{ status: 'cancelled' }])
  expect(await running.select(stockLevels)).toMatchObject([{ free: 10, reserved: 0 }])
})

test('one of many customers gets an e-mail, and it is free again when it is changed or its customer leaves', async () => {
  const running = await stockedShop()
  const email = 'ben@example.com'
  const asked = Array.from({ length: 50 }, (_, n) => running.send(RegisterCustomer(`c${n}`, { name: 'Ben', email })))
  const outcomes = await Promise.all(asked)
  expect(outcomes.filter(({ status }) => status === 'accepted')).toHaveLength(1)
  const refused = outcomes.find((outcome) => outcome.status === 'refused')
  expect(refused).toMatchObject({ reason: 'EmailTaken', details: { field: 'email', value: email } })
  const winner = outcomes.findIndex(({ status }) => status === 'accepted')
  await running.send(ChangeEmail(`c${winner}`, { email: 'b@example.com' }))
  expect(await running.send(RegisterCustomer('next', { name: 'Ben', email }))).toMatchObject({ status: 'accepted' })
  await running.send(Leave('next', {}))
  expect(await running.send(ChangeEmail('ann', { email }))).toMatchObject({ status: 'accepted' })
})

test('a voucher is used three times, however many ask at once', async () => {
  const running = await stockedShop()
  const asked = Array.from({ length: 20 }, (_, n) =>
    running.send(PlaceOrderWithVoucher(`v${n}`, { ...tea(1), voucher: 'SPRING' })),
  )
  const statuses = (await Promise.all(asked)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 'accepted')).toHaveLength(3)
  expect(statuses.filter((status) => status === 'refused')).toHaveLength(17)
})

test('each day has a row for each currency', async () => {
  const running = await stockedShop()
  for (const [id, validAt, currency] of [
    ['o1', '2026-03-01', 'EUR'],
    ['o2', '2026-03-01', 'EUR'],
    ['o3', '2026-03-01', 'CZK'],
    ['o4', '2026-03-02', 'EUR'],
  ] as const)
    await running.send(PlaceOrder(id, { ...tea(1), currency }), { validAt })
  await running.waitFor(ordersByDay, await head(running))
  expect(await running.select(ordersByDay)).toEqual([
    { day: '2026-03-01', currency: 'CZK', orders: 1, cents: 450 },
    { day: '2026-03-01', currency: 'EUR', orders: 2, cents: 900 },
    { day: '2026-03-02', currency: 'EUR', orders: 1, cents: 450 },
  ])
})
