// How often a voucher was used, over all orders: no aggregate knows that.
import { decisionModel } from 'indelible'
import { OrderPlaced } from './events.ts'

/** A voucher may be used so often. */
export const usesMax = 3

export const voucherUses = decisionModel('voucher_uses', {
  initialState: 0,
  tags: ['voucher'],
  description: 'How often a voucher was used.',
}).on(OrderPlaced, (uses) => uses + 1)
