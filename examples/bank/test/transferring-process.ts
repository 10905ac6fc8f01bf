// The process that the kill campaign kills: the bank with its log in files. It asks for transfers, and says how each ended.
import { writeSync } from 'node:fs'
import { defineSystem, startSystem } from 'indelible'
import { fileStorage } from 'indelible/file'
import { bank } from '../bank.ts'
import { RequestTransfer } from '../transfer/transfer.ts'
import { transferSaga } from '../transfer/transfer-saga.ts'
import { openAccounts, transferOrder } from './drawn-transfers.ts'

const clients = 24
const [dataDir, first, end, seed, until] = process.argv.slice(2) as [string, string, string, string, 'killed' | 'done']
const { store, ...kept } = fileStorage({ dataDir, mode: 'run' })
// The tables are folded in the end, by the process that nobody kills.
const running = startSystem(defineSystem({ ...bank, projections: [] }), { ...kept, store: await store() })
say('open')

await openAccounts(running)

let next = Number(first)
await Promise.all(
  Array.from({ length: clients }, async () => {
    while (next < Number(end)) {
      const n = next++
      const id = `t${n}`
      await running.send(RequestTransfer(id, transferOrder(n, Number(seed))), { commandId: id })
      const { status } = await running.waitForSaga(transferSaga, id, { timeoutMs: 60_000 })
      say(`${n} ${status}`)
    }
  }),
)
say('done')
// Whoever waits to be killed stays as it is.
if (until === 'killed') setInterval(() => {}, 60_000)
else await running.close()

/** What is in the pipe outlives the process. */
function say(line: string): void {
  writeSync(1, `${line}\n`)
}
