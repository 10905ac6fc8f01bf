// One of the processes that share the bank on a Postgres server: asks for its part of the transfers when told to, and reports when they have ended.
import { once } from 'node:events'
import { tell } from '../children.ts'
import { openAccounts, RequestTransfer, startSharedTransfers, transferEnds, transferOf } from '../transfers.ts'

const clients = 256
const [connectionString, slotText, slotsText, countText, openMaxText] = process.argv.slice(2) as string[]
const [slot, slots, count, openMax] = [slotText, slotsText, countText, openMaxText].map(Number) as [
  number,
  number,
  number,
  number,
]
const running = await startSharedTransfers(connectionString!)
await openAccounts(running)
const { position: after } = await running.store.head()
const stop = new AbortController()
let [asked, ended] = [0, 0]
const following = (async () => {
  for await (const { events } of running.store.subscribe(transferEnds, { after, signal: stop.signal }))
    for (const { streamId } of events) if (Number(streamId.slice(1)) % slots === slot) ended++
})()
// The work is spread by then.
await new Promise((resolve) => setTimeout(resolve, 3_000))
const told = once(process, 'message')
await tell({ ready: 1 })
await told

const own = Math.ceil((count - slot) / slots)
const moment = () => new Promise((resolve) => setTimeout(resolve, 2))
await Promise.all(
  Array.from({ length: clients }, async () => {
    while (asked < own) {
      const { id, ...input } = transferOf(slot + slots * asked++)
      const { status } = await running.send(RequestTransfer(id, input))
      if (status !== 'accepted') throw new Error(status)
      while (asked - ended > openMax) await moment()
    }
  }),
)
while (ended < own) await moment()
const closing = once(process, 'message')
await tell({ ended })
// The others need what is run here until they have ended too.
await closing
stop.abort()
await following
await running.close()
await tell({ closed: 1 })
process.disconnect()
