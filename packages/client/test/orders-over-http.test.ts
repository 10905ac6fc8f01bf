// The client against the shop: values that are unique, tables with keys of several columns, a saga that asks for money, and events of a service.
import { client } from '@indelible/client'
import { expect, expectTypeOf, test } from 'vitest'
import type { shop } from '../../../examples/orders/system.ts'
import { stockedShop } from '../../../examples/orders/test/shop-in-memory.ts'
import { servedUrl } from './served.ts'

const shopping = async () => client<typeof shop>({ url: await servedUrl(await stockedShop()) })

test('an order is placed, and its fulfilment waits for the money', async () => {
  const api = await shopping()
  const order = api.aggregate('order', 'o1')
  await order.send('AddLine', { product: 'tea', quantity: 2 })
  expect(await order.send('PlaceOrder', { customer: 'ann' })).toMatchObject({ status: 'accepted' })
  await expect
    .poll(async () => (await api.saga('fulfilment', 'o1').show()).waiting, { timeout: 20_000 })
    .toMatchObject([{ step: 'money' }])
  const { rows } = await api.table('order_lines').page({ where: { order_id: 'o1' } })
  expect(rows).toMatchObject([{ order_id: 'o1' }])
})

test('the refusal of a value that is taken is typed', async () => {
  const api = await shopping()
  const outcome = await api
    .aggregate('customer', 'eve')
    .send('RegisterCustomer', { name: 'Eve', email: 'ann@example.com' })
  if (outcome.status !== 'refused' || outcome.reason !== 'EmailTaken') return expect.unreachable()
  expectTypeOf(outcome.details.field).toEqualTypeOf<string>()
  expect(outcome.details).toEqual({ field: 'email', value: 'ann@example.com' })
})

test('what only sagas may send does not compile, and is unknown to the server', async () => {
  const api = await shopping()
  // @ts-expect-error ReserveStock is internal
  const reserved = api.aggregate('product', 'tea').send('ReserveStock', {})
  await expect(reserved).rejects.toMatchObject({ code: 'unknown_command', status: 404 })
})

test('the events of the log include those that services answer with', () => {
  const feed = client<typeof shop>({ url: 'http://localhost' }).events({ types: ['OrderPlaced', 'PaymentAuthorised'] })
  type Followed = Awaited<ReturnType<typeof feed.next>>
  expectTypeOf<Extract<Followed, { done?: false }>['value']['type']>().toEqualTypeOf<
    'OrderPlaced' | 'PaymentAuthorised'
  >()
})
