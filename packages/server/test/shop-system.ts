// The small domain of the server tests: stock that can run out, orders that a saga fulfils, and events on which a view fails.
import {
  aggregate,
  bigint,
  boolean,
  date,
  defineSystem,
  event,
  integer,
  json,
  projection,
  refusal,
  refuse,
  saga,
  text,
} from 'indelible'
import { z } from 'zod'

const quantity = z.int().positive()
const StockReceived = event('StockReceived', z.object({ quantity }))
const StockShipped = event('StockShipped', z.object({ quantity }))
const NoteTaken = event('NoteTaken', z.object({ note: z.unknown() }))
const OutOfStock = refusal('Out of stock', z.object({ inStock: z.int() }))
const item = aggregate('item', { initialState: { inStock: 0, frozen: false } })
  .on(StockReceived, (state, { quantity }) => ({ ...state, inStock: state.inStock + quantity }))
  .on(StockShipped, (state, { quantity }) => ({ ...state, inStock: state.inStock - quantity }))
  .on(NoteTaken, (state, { note }) => ({ ...state, frozen: note === 'freeze' }))
export const ReceiveStock = item.command('ReceiveStock', {
  input: z.object({ quantity }),
  emits: [StockReceived],
  refuses: ['Frozen'],
  decide: (state, input) => (state.frozen ? refuse('Frozen') : StockReceived(input)),
})
export const ShipStock = item.command('ShipStock', {
  input: z.object({ quantity }),
  emits: [StockShipped],
  refuses: [OutOfStock],
  decide: ({ inStock }, input) =>
    inStock < input.quantity ? OutOfStock({ inStock }) : StockShipped(input, { tags: ['shipped'] }),
})
/** Accepts any JSON. */
export const TakeNote = item.command('TakeNote', {
  input: z.unknown(),
  emits: [NoteTaken],
  decide: (_, note) => NoteTaken({ note }),
})
const Fail = item.command('Fail', {
  input: z.object({ with: z.enum(['error', 'text', 'clock']) }),
  emits: [NoteTaken],
  decide: (_, input) => {
    if (input.with === 'clock') return NoteTaken({ note: Date.now() })
    throw input.with === 'error' ? new Error('the password is hunter2') : 'the password is hunter2'
  },
})
/** Only the system itself may send it. */
const Recount = item.command('Recount', { input: z.object({}), emits: [], visibility: 'internal', decide: () => [] })
/** A schema that JSON Schema cannot describe, and one that refers to itself. */
const Schedule = item.command('Schedule', { input: z.object({ at: z.date() }), emits: [], decide: () => [] })
const tree = z.object({
  name: z.string(),
  get parts() {
    return z.array(tree).optional()
  },
})
const Assemble = item.command('Assemble', { input: tree, emits: [], decide: () => [] })

const OrderPlaced = event('OrderPlaced', z.object({ item: z.string(), extra: z.string(), quantity }))
const order = aggregate('order', { initialState: {} }).on(OrderPlaced, (state) => state)
export const PlaceOrder = order.command('PlaceOrder', {
  input: z.object({ item: z.string(), extra: z.string(), quantity }),
  emits: [OrderPlaced],
  decide: (_, input) => OrderPlaced(input),
})
const fulfilment = saga('fulfilment', { startsOn: OrderPlaced })
  .step('item', {
    command: ShipStock,
    to: ({ item }) => item,
    input: ({ quantity }) => ({ quantity }),
    compensate: { command: ReceiveStock, to: ({ item }) => item, input: ({ quantity }) => ({ quantity }) },
  })
  .step('extra', { command: ShipStock, to: ({ extra }) => extra, input: ({ quantity }) => ({ quantity }) })

export const stockLevels = projection('stock_levels', {
  table: {
    item_id: text().key(),
    in_stock: bigint(),
    low: boolean(),
    deliveries: integer(),
    last_seen: date().nullable(),
    limit: text().nullable(),
    extras: json(),
  },
})
  .write(StockReceived, ({ quantity }, { streamId }) => ({
    item_id: streamId,
    in_stock: quantity,
    low: quantity < 10,
    deliveries: 1,
    last_seen: '2026-01-31',
    limit: null,
    extras: { colour: 'red' },
  }))
  .on(StockShipped, (row, { quantity }) => ({ ...row, in_stock: row.in_stock - quantity }))
/** Parks at the note "park". */
export const notes = projection('notes', { table: { item_id: text().key(), note: json() } }).write(
  NoteTaken,
  ({ note }, { streamId }) => {
    if (note === 'park') throw new Error('this note cannot be shown')
    return { item_id: streamId, note: JSON.stringify(note) }
  },
)

export const shop = defineSystem({
  name: 'shop',
  commands: [ReceiveStock, ShipStock, TakeNote, Fail, Recount, Schedule, Assemble, PlaceOrder],
  projections: [stockLevels, notes],
  sagas: [fulfilment],
})
