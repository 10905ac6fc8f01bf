// A customer orders a product, once under each id, at the price of then. With a voucher it costs a tenth less, as long as the voucher lasts.
import { refusal, refuse } from 'indelible'
import { z } from 'zod'
import { isCustomer } from '../customers/is-customer.ts'
import { priceOf } from '../products/price-of.ts'
import { id, quantity, voucher } from '../values.ts'
import { OrderPlaced } from './events.ts'
import { order } from './order.ts'
import { usesMax, voucherUses } from './voucher-uses.ts'

const input = z.object({ customer: id, product: id, quantity })

const consults = {
  isCustomer: isCustomer.by({ customer: 'customer' }),
  price: priceOf.by({ product: 'product' }),
}

export const VoucherUsedUp = refusal('VoucherUsedUp', z.object({ uses: z.int() }))

export const PlaceOrder = order.command('PlaceOrder', {
  input,
  consults,
  emits: [OrderPlaced],
  refuses: ['OrderExists', 'NoSuchCustomer', 'NoSuchProduct'],
  decide: ({ status }, line, { facts: { isCustomer, price } }) => {
    if (status !== 'none') return refuse('OrderExists')
    if (!isCustomer) return refuse('NoSuchCustomer')
    if (!price) return refuse('NoSuchProduct')
    return OrderPlaced({ ...line, cents: price.cents * line.quantity, currency: price.currency })
  },
})

export const PlaceOrderWithVoucher = order.command('PlaceOrderWithVoucher', {
  input: input.extend({ voucher }),
  consults: { ...consults, uses: voucherUses.by({ voucher: 'voucher' }) },
  emits: [OrderPlaced],
  refuses: ['OrderExists', 'NoSuchCustomer', 'NoSuchProduct', VoucherUsedUp],
  decide: ({ status }, line, { facts: { isCustomer, price, uses } }) => {
    if (status !== 'none') return refuse('OrderExists')
    if (!isCustomer) return refuse('NoSuchCustomer')
    if (!price) return refuse('NoSuchProduct')
    if (uses >= usesMax) return VoucherUsedUp({ uses })
    const cents = Math.ceil(price.cents * line.quantity * 0.9)
    return OrderPlaced({ ...line, cents, currency: price.currency })
  },
})
