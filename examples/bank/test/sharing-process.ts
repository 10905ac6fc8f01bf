// One of the processes that share the bank on a Postgres server, until it is killed or told to end. It asks for transfers, and says which.
import { writeSync } from 'node:fs'
import { postgresStorage, postgresTables } from '@indelible/postgres'
import { startSystem } from 'indelible'
import { registerEventTypes } from 'indelible/schema'
import { insisting } from '../../../scripts/insisting.ts'
import { bank } from '../bank.ts'
import { RequestTransfer } from '../transfer/transfer.ts'
import { transferSaga } from '../transfer/transfer-saga.ts'
import { openAccounts, transferOrder } from './drawn-transfers.ts'

const clients = 6
const [slot, connectionString, seed, slots] = process.argv.slice(2) as [string, string, string, string]
let isEnding = false
process.once('SIGTERM', () => {
  isEnding = true
})
const { store: open, ...kept } = postgresStorage({ connectionString, mode: 'run', max: 4 })
const store = await open()
await registerEventTypes(store, bank)
const tables = await postgresTables({ connectionString, schema: 'bank', max: 4 })
const running = startSystem(bank, { ...kept, store, tables, proofs: {} })
await openAccounts(running)
say('open')

/** Those of this process are every so many; what an earlier one asked for comes to the same. */
let next = Number(slot)
await Promise.all(
  Array.from({ length: clients }, async () => {
    while (!isEnding) {
      const n = next
      next += Number(slots)
      const order = RequestTransfer(`t${n}`, transferOrder(n, Number(seed)))
      await insisting(() => running.send(order, { commandId: `t${n}` }))
      say(`asked ${n}`)
      // Another process may drive it.
      const { status } = await insisting(() => running.waitForSaga(transferSaga, `t${n}`, { timeoutMs: 60_000 }))
      say(`${status} ${n}`)
    }
  }),
)
await running.close()

/** What is in the pipe outlives the process. */
function say(line: string): void {
  writeSync(1, `${line}\n`)
}
