// Serves the shop with a page that shows its orders as they change: page and API have one origin, so no other page can read the feed.
import { readFileSync } from 'node:fs'
import { serve } from '@hono/node-server'
import { httpApi } from '@indelible/server'
import { Hono } from 'hono'
import { openSystem } from 'indelible'

const shop = await openSystem(new URL('../indelible.config.ts', import.meta.url))
const page = readFileSync(new URL('../live/orders.html', import.meta.url), 'utf8')
const closing = new AbortController()
const app = new Hono()
app.get('/live', (c) => c.html(page))
app.route('/', httpApi(shop, { closing: closing.signal }))
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) }, ({ port }) =>
  console.log(`The orders are at http://127.0.0.1:${port}/live. Ctrl-C ends it.`),
)
process.once('SIGINT', () => {
  closing.abort()
  server.close(() => void shop.close())
})
