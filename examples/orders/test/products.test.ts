import { decideAfter, stateAfter } from 'indelible/testing'
import { expect, test } from 'vitest'
import { ProductListed, StockReceived, StockReleased, StockReserved, StockShipped } from '../products/events.ts'
import { ListProduct } from '../products/list-product.ts'
import { product } from '../products/product.ts'
import { ReceiveStock } from '../products/receive-stock.ts'
import { OutOfStock, ReleaseStock, ReserveStock, ShipStock } from '../products/reservations.ts'

const listed = ProductListed({ product: 'tea', title: 'Green tea', cents: 450, currency: 'EUR' })
const stocked = [listed, StockReceived({ quantity: 3 })]
const two = { order: 'o1', quantity: 2 }
const reserved = [...stocked, StockReserved(two)]

test('a product is listed once, in euros if nobody says otherwise', () => {
  const listing = { title: 'Green tea', cents: 450 }
  expect(decideAfter([], ListProduct, listing, { id: 'tea' })).toEqual([listed])
  expect(decideAfter([listed], ListProduct, listing)).toMatchObject({ refused: 'ProductExists' })
})

test('only what is listed has stock', () => {
  expect(decideAfter([listed], ReceiveStock, { quantity: 3 })).toEqual([StockReceived({ quantity: 3 })])
  expect(decideAfter([], ReceiveStock, { quantity: 3 })).toMatchObject({ refused: 'NoSuchProduct' })
  expect(decideAfter([], ReserveStock, two)).toMatchObject({ refused: 'NoSuchProduct' })
})

test('no more is reserved than is free, and once for an order', () => {
  expect(decideAfter(stocked, ReserveStock, two)).toEqual([StockReserved(two)])
  expect(decideAfter(reserved, ReserveStock, { order: 'o2', quantity: 2 })).toEqual(OutOfStock({ free: 1 }))
  expect(decideAfter(reserved, ReserveStock, { order: 'o1', quantity: 1 })).toMatchObject({
    refused: 'AlreadyReserved',
  })
})

test('what an order has reserved is given back or shipped, whole and once', () => {
  expect(decideAfter(reserved, ReleaseStock, { order: 'o1' })).toEqual([StockReleased(two)])
  expect(decideAfter(reserved, ShipStock, { order: 'o1' })).toEqual([StockShipped(two)])
  for (const end of [StockReleased(two), StockShipped(two)]) {
    expect(decideAfter([...reserved, end], ReleaseStock, { order: 'o1' })).toEqual([])
    expect(decideAfter([...reserved, end], ShipStock, { order: 'o1' })).toEqual([])
  }
  expect(decideAfter(stocked, ReleaseStock, { order: 'constructor' })).toEqual([])
  expect(stateAfter(product, [...reserved, StockReleased(two)]).free).toBe(3)
  expect(stateAfter(product, [...reserved, StockShipped(two)])).toEqual({ status: 'listed', free: 1, reserved: {} })
})
