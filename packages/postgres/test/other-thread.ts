// Another thread of the process that uses the same PGlite: it saves, and on request stops in the middle of a transaction.
import { once } from 'node:events'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { pgliteTablesAt } from '../src/pglite/index.ts'
import { accountRows, accounts, at } from './samples.ts'

const { port, saves } = workerData as { port: MessagePort; saves: number }
const tables = pgliteTablesAt(port)
const table = { ...accounts, name: 'of_other_thread' }
await tables.open(table)
for (let from = 0; from < saves; from++) {
  await tables.save({ table, upserts: accountRows(100, from + 1), removals: [], from, to: at(from + 1) })
}
await once(parentPort!, 'message')
await tables.scan(table, () => {
  parentPort!.postMessage('in a transaction')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})
