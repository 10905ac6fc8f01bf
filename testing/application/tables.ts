// Read tables in Postgres: `node tables.ts postgres URL` or `node tables.ts pglite DIR`.
import assert from 'node:assert/strict'
import { pgliteTables, postgresTables } from '@indelible/postgres'
import { startSystem } from 'indelible'
import { Pay, shop, turnover } from './shop.ts'

const [kind, where = ''] = process.argv.slice(2)
const tables =
  kind === 'pglite' ? await pgliteTables({ dir: where }) : await postgresTables({ connectionString: where })
const running = startSystem(shop, { tables })
const paid = await running.send(Pay('ben', { amount: 5 }))
assert(paid.status === 'accepted')
await running.waitFor(turnover, paid.position, { timeoutMs: 60_000 })
assert.deepEqual(await tables.query('SELECT * FROM turnover'), [{ customer: 'ben', total: 5 }])
await running.close()
console.log(`${kind} ok`)
