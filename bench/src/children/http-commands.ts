// A server of one process: ours with a log on disk, or a bare handler of Hono that reads the body and answers. Reports its port, and at the end how many events there are.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { serve } from '@indelible/server'
import { Hono } from 'hono'
import { tell } from '../children.ts'
import { startTransfers } from '../transfers.ts'

const [which, dir] = process.argv.slice(2) as ['ours' | 'bare', string]
const server = which === 'ours' ? await ours() : await bare()
await tell({ port: server.port })
const before = process.cpuUsage()
process.on('message', async () => {
  const { user, system } = process.cpuUsage(before)
  await tell({ events: await server.events(), cpuUs: user + system })
  process.disconnect()
})

async function ours() {
  const running = await startTransfers(dir)
  const { url } = await serve(running, { port: 0, requestsPerSecond: Number.POSITIVE_INFINITY })
  return { port: Number(new URL(url).port), events: async () => (await running.store.head()).position }
}

async function bare() {
  const app = new Hono()
  let asked = 0
  app.post('/commands/:category/:id/:command', async (c) => {
    asked++
    const { amount } = await c.req.json()
    return c.json({ status: 'accepted', amount })
  })
  const listening = createServer(getRequestListener(app.fetch))
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return { port: (listening.address() as AddressInfo).port, events: async () => asked }
}
