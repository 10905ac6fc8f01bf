// A product is put into an order that is not placed yet, at the price of now. All lines of an order are in one currency.
import { refuse } from 'indelible'
import { z } from 'zod'
import { priceOf } from '../products/price-of.ts'
import { id, linesMax, quantity } from '../values.ts'
import { LineAdded } from './events.ts'
import { order } from './order.ts'
import { WrongStatus } from './progress.ts'

export const AddLine = order.command('AddLine', {
  description: 'Puts a product into an order that is not placed yet.',
  input: z.object({ product: id, quantity }),
  consults: { price: priceOf.by({ product: 'product' }) },
  emits: [LineAdded],
  refuses: [WrongStatus, 'NoSuchProduct', 'LineExists', 'OtherCurrency', 'TooManyLines'],
  decide: (state, line, { facts: { price } }) => {
    const { status } = state
    if (status !== 'none' && status !== 'open') return WrongStatus({ status })
    if (!price) return refuse('NoSuchProduct')
    if (status === 'open') {
      if (state.lines.some(({ product }) => product === line.product)) return refuse('LineExists')
      if (state.currency !== price.currency) return refuse('OtherCurrency')
      if (state.lines.length === linesMax) return refuse('TooManyLines')
    }
    return LineAdded({ ...line, cents: price.cents * line.quantity, currency: price.currency })
  },
})
