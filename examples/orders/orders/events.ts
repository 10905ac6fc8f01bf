// Everything that can have happened to an order.
import { event, upcast } from 'indelible'
import { z } from 'zod'
import { cents, currency, id, quantity, voucher } from '../values.ts'

const line = z.object({ product: id, quantity })
const placed = line.extend({ customer: id, cents, currency, voucher: voucher.optional() })
/** Orders were in euros before there was a choice, and there were no vouchers. */
const placedInEuros = placed.omit({ currency: true, voucher: true })

export const OrderPlaced = event('OrderPlaced', placed, {
  version: 2,
  upcasts: { 1: upcast(placedInEuros, (old) => ({ ...old, currency: 'EUR' })) },
  tags: { customer: 'customer', voucher: 'voucher' },
})
export const OrderAccepted = event('OrderAccepted', z.object({}))
export const OrderPaid = event('OrderPaid', z.object({}))
export const OrderShipped = event('OrderShipped', line.extend({ customer: id }))
export const OrderCancelled = event('OrderCancelled', z.object({ reason: z.string() }))
/** An order was cancelled after it was paid, so that what was done for it must be taken back. */
export const RefundOwed = event('RefundOwed', line)
