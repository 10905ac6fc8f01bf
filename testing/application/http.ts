// The shop behind HTTP.
import assert from 'node:assert/strict'
import { client } from '@indelible/client'
import { serve } from '@indelible/server'
import { startSystem } from 'indelible'
import { operations } from 'indelible/operations'
import { shop } from './shop.ts'

const running = startSystem(shop)
const server = await serve(running, { host: '127.0.0.1', port: 0 })
const response = await fetch(`${server.url}/commands/customer/ann/Pay`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ amount: 12 }),
})
assert.equal(response.status, 200)
const { info } = (await (await fetch(`${server.url}/openapi.json`)).json()) as { info: { title: string } }
assert.equal(info.title, 'shop')
const api = client<typeof shop>({ url: server.url })
const outcome = await api.aggregate('customer', 'ann').send('Pay', { amount: 100 })
assert.equal(outcome.status === 'refused' && outcome.details.paid, 12)
const { rows } = await api.table('turnover').page({ where: { customer: 'ann' } })
assert.deepEqual(rows, [{ customer: 'ann', total: 12 }])
assert.equal((await operations.health.run(running, {})).status, 'ok')
await server.close()
await running.close()
console.log('http ok')
