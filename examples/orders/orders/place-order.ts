// An order is placed once. With a voucher it costs a tenth less, as long as the voucher lasts.
import { refuse } from 'indelible'
import { z } from 'zod'
import { OrderPlaced } from './events.ts'
import { order } from './order.ts'
import { usesMax, voucherUses } from './voucher-uses.ts'

const input = z.object({
  customer: z.string(),
  product: z.string(),
  quantity: z.int().positive().max(1_000),
  cents: z.int().positive(),
  currency: z.enum(['EUR', 'CZK']).default('EUR'),
})

export const PlaceOrder = order.command('PlaceOrder', {
  input,
  emits: [OrderPlaced],
  refuses: ['OrderExists'],
  decide: ({ status }, placed) => (status === 'none' ? OrderPlaced(placed) : refuse('OrderExists')),
})

export const PlaceOrderWithVoucher = order.command('PlaceOrderWithVoucher', {
  input: input.extend({ voucher: z.string().min(1) }),
  consults: { uses: voucherUses.by({ voucher: 'voucher' }) },
  emits: [OrderPlaced],
  refuses: ['OrderExists', 'VoucherUsedUp'],
  decide: ({ status }, placed, { facts: { uses } }) => {
    if (status !== 'none') return refuse('OrderExists')
    if (uses >= usesMax) return refuse('VoucherUsedUp')
    return OrderPlaced({ ...placed, cents: Math.ceil(placed.cents * 0.9) })
  },
})
