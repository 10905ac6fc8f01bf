// A customer places an order with the lines that it has, once. With a voucher it costs a tenth less, as long as the voucher lasts.
import { refusal, refuse } from 'indelible'
import { z } from 'zod'
import { isCustomer } from '../customers/is-customer.ts'
import { id, voucher } from '../values.ts'
import { OrderPlaced } from './events.ts'
import { order } from './order.ts'
import { usesMax, voucherUses } from './voucher-uses.ts'

const input = z.object({ customer: id })
const consults = { isCustomer: isCustomer.by({ customer: 'customer' }) }

export const VoucherUsedUp = refusal('VoucherUsedUp', z.object({ uses: z.int() }))

export const PlaceOrder = order.command('PlaceOrder', {
  description: 'Orders what the lines say.',
  input,
  consults,
  emits: [OrderPlaced],
  refuses: ['NoLines', 'OrderExists', 'NoSuchCustomer'],
  decide: (state, { customer }, { facts: { isCustomer } }) => {
    if (state.status === 'none') return refuse('NoLines')
    if (state.status !== 'open') return refuse('OrderExists')
    if (!isCustomer) return refuse('NoSuchCustomer')
    const { status: _, ...goods } = state
    return OrderPlaced({ ...goods, lines: [...goods.lines], customer })
  },
})

export const PlaceOrderWithVoucher = order.command('PlaceOrderWithVoucher', {
  description: 'Orders what the lines say, for a tenth less.',
  input: input.extend({ voucher }),
  consults: { ...consults, uses: voucherUses.by({ voucher: 'voucher' }) },
  emits: [OrderPlaced],
  refuses: ['NoLines', 'OrderExists', 'NoSuchCustomer', VoucherUsedUp],
  decide: (state, { customer, voucher }, { facts: { isCustomer, uses } }) => {
    if (state.status === 'none') return refuse('NoLines')
    if (state.status !== 'open') return refuse('OrderExists')
    if (!isCustomer) return refuse('NoSuchCustomer')
    if (uses >= usesMax) return VoucherUsedUp({ uses })
    const { status: _, ...goods } = state
    const cents = Math.ceil(goods.cents * 0.9)
    return OrderPlaced({ ...goods, lines: [...goods.lines], cents, customer, voucher })
  },
})
