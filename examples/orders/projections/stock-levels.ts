// What there is of each product, and how much of it is free.
import { integer, projection, text } from 'indelible'
import { ProductListed, StockReceived, StockReleased, StockReserved, StockShipped } from '../products/events.ts'

export const stockLevels = projection('stock_levels', {
  description: 'What there is of each product, and how much of it is free.',
  table: { product_id: text().key(), title: text(), free: integer(), reserved: integer(), shipped: integer() },
  staleness: { targetMs: 500 },
})
  .write(ProductListed, ({ product, title }) => ({ product_id: product, title, free: 0, reserved: 0, shipped: 0 }))
  .on(StockReceived, (row, { quantity }) => ({ ...row, free: row.free + quantity }))
  .on(StockReserved, (row, { quantity }) => ({ ...row, free: row.free - quantity, reserved: row.reserved + quantity }))
  .on(StockReleased, (row, { quantity }) => ({ ...row, free: row.free + quantity, reserved: row.reserved - quantity }))
  .on(StockShipped, (row, { quantity }) => ({
    ...row,
    reserved: row.reserved - quantity,
    shipped: row.shipped + quantity,
  }))
