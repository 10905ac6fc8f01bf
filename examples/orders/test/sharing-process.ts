// One of the processes that share the shop on a Postgres server, until it is killed or told to end. Its customers order, pay and now and then cancel.
import { writeSync } from 'node:fs'
import { postgresStorage, postgresTables } from '@indelible/postgres'
import { startSystem } from 'indelible'
import { registerEventTypes } from 'indelible/schema'
import { insisting } from '../../../scripts/insisting.ts'
import { shop } from '../system.ts'
import { finished, ordered, providerAt, stocked } from './shared-shop.ts'

const customers = 3
const [slot, connectionString, provider, outside, slots] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
]
let isEnding = false
process.once('SIGTERM', () => {
  isEnding = true
})
process.env.ORDERS_OUTSIDE = outside
const { store: open, ...kept } = postgresStorage({ connectionString, mode: 'run', max: 4 })
const store = await open()
await registerEventTypes(store, shop)
const tables = await postgresTables({ connectionString, schema: 'shop', max: 4 })
const services = { payments: providerAt(provider) }
const running = startSystem(shop, { ...kept, store, tables, services })
await stocked(running)
say('open')

let next = Number(slot)
await Promise.all(
  Array.from({ length: customers }, async () => {
    while (!isEnding) {
      const n = next
      next += Number(slots)
      await insisting(() => ordered(running, n))
      say(`placed ${n}`)
      say(`${await insisting(() => finished(running, n))} ${n}`)
    }
  }),
)
await running.close()

/** What is in the pipe outlives the process. */
function say(line: string): void {
  writeSync(1, `${line}\n`)
}
