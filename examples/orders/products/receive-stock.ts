// Stock comes in.
import { refuse } from 'indelible'
import { StockReceived } from './events.ts'
import { product } from './product.ts'

export const ReceiveStock = product.command('ReceiveStock', {
  description: 'Adds goods that arrived.',
  input: StockReceived.schema,
  emits: [StockReceived],
  refuses: ['NoSuchProduct'],
  decide: ({ status }, received) => (status === 'none' ? refuse('NoSuchProduct') : StockReceived(received)),
})
