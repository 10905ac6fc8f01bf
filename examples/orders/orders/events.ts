// Everything that can have happened to an order.
import { event, upcast } from 'indelible'
import { z } from 'zod'
import { quantity } from '../products/events.ts'

const placed = z.object({
  customer: z.string(),
  product: z.string(),
  quantity,
  cents: z.int().positive(),
  currency: z.enum(['EUR', 'CZK']),
  voucher: z.string().optional(),
})
/** Orders were in euros before there was a choice, and there were no vouchers. */
const placedInEuros = placed.omit({ currency: true, voucher: true })

export const OrderPlaced = event('OrderPlaced', placed, {
  version: 2,
  upcasts: { 1: upcast(placedInEuros, (old) => ({ ...old, currency: 'EUR' })) },
  tags: { customer: 'customer', voucher: 'voucher' },
})
export const OrderAccepted = event('OrderAccepted', z.object({}))
export const OrderPaid = event('OrderPaid', z.object({ payment: z.string() }))
export const OrderShipped = event('OrderShipped', z.object({ customer: z.string() }))
export const OrderCancelled = event('OrderCancelled', z.object({ reason: z.string() }))
