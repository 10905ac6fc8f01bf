// Made the log in `version-1/`, once: what the shop wrote when OrderPlaced was at version 1. The log is kept as it is; run this only to see how it was made.
import { event } from 'indelible'
import { fileStore } from 'indelible/file'
import { z } from 'zod'

const OrderPlacedV1 = event(
  'OrderPlaced',
  z.object({ customer: z.string(), product: z.string(), quantity: z.int(), cents: z.int() }),
)

const [dir = ''] = process.argv.slice(2)
const store = await fileStore({ dir })
for (const [id, cents] of [
  ['old-1', 450],
  ['old-2', 900],
] as const) {
  const { type, schemaVersion, data } = OrderPlacedV1({ customer: 'ann', product: 'tea', quantity: 1, cents })
  await store.append({ events: [{ stream: `order-${id}`, type, schemaVersion, data, validAt: '2026-01-31' }] })
}
await store.close()
