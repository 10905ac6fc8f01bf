// Everything that can have happened to an order.
import { event } from 'indelible'
import { z } from 'zod'
import { cents, currency, id, linesMax, quantity, voucher } from '../values.ts'

const line = z.object({ product: id, quantity })
const placed = z.object({
  lines: z.array(line).min(1).max(linesMax),
  customer: id,
  cents,
  currency,
  voucher: voucher.optional(),
})

/** Before an order could have several lines, its product stood beside its customer. */
const ofOneLine = placed.omit({ lines: true }).extend(line.shape)
/** Before that, orders were in euros, and there were no vouchers. */
const inEuros = ofOneLine.omit({ currency: true, voucher: true })
const withLines = <Old extends z.infer<typeof line>>({ product, quantity, ...others }: Old) => ({
  ...others,
  lines: [{ product, quantity }],
})

export const LineAdded = event('LineAdded', line.extend({ cents, currency }))
export const OrderPlaced = event('OrderPlaced', inEuros)
  .next(ofOneLine)
  .upcast((old) => ({ ...old, currency: 'EUR' }))
  .next(placed, { tags: { customer: 'customer', voucher: 'voucher' } })
  .upcast(withLines)
export const OrderAccepted = event('OrderAccepted', z.object({}))
export const OrderPaid = event('OrderPaid', z.object({}))
export const OrderShipped = event('OrderShipped', line.extend({ customer: id }))
  .next(placed.pick({ customer: true, lines: true }))
  .upcast(withLines)
export const OrderCancelled = event('OrderCancelled', z.object({ reason: z.string() }))
