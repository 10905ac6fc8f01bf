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

export const LineAdded = event('LineAdded', line.extend({ cents, currency }), {
  description: 'A product was put into an order, at the price of that moment.',
})
export const OrderPlaced = event('OrderPlaced', inEuros, { description: 'A customer ordered what is in the lines.' })
  .next(ofOneLine)
  .upcast((old) => ({ ...old, currency: 'EUR' }))
  .next(placed, { tags: { customer: 'customer', voucher: 'voucher' } })
  .upcast(withLines)
export const OrderAccepted = event('OrderAccepted', z.object({}), { description: 'The shop takes the order on.' })
export const OrderPaid = event('OrderPaid', z.object({}), { description: 'The customer has paid at the provider.' })
export const OrderShipped = event('OrderShipped', line.extend({ customer: id }), {
  description: 'The parcel is on its way.',
})
  .next(placed.pick({ customer: true, lines: true }))
  .upcast(withLines)
export const OrderCancelled = event('OrderCancelled', z.object({ reason: z.string() }), {
  description: 'The order will not be fulfilled, for a reason.',
})
