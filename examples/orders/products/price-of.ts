// What a product costs, for those who order it.
import { decisionModel } from 'indelible'
import type { Currency } from '../values.ts'
import { ProductListed } from './events.ts'

export const priceOf = decisionModel('price_of', {
  description: 'What a product costs.',
  initialState: null as { cents: number; currency: Currency } | null,
  tags: ['product'],
}).on(ProductListed, (_unknown, { cents, currency }) => ({ cents, currency }))
