// A server in a process of its own, whose heap has a limit. `/streams/item-large` has a page of 4 MB.
import { startSystem } from 'indelible'
import { serve } from '../src/index.ts'
import { shop } from './shop-system.ts'

const running = startSystem(shop)
const note = 'x'.repeat(100_000)
for (let count = 0; count < 40; count++)
  await running.store.append({ events: [{ stream: 'item-large', type: 'NoteTaken', data: { note } }] })
const server = await serve(running, {
  port: 0,
  connectionsMax: Number(process.argv[2]),
  heldBytesMax: 32 * 1024 * 1024,
  readsAtOnceMax: 4,
  requestsPerSecond: Number.POSITIVE_INFINITY,
})
process.send!(server.url)
// Says how much memory it has, when asked.
process.on('message', () => process.send!(process.memoryUsage().rss))
