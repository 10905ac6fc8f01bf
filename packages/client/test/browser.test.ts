// The client in a real browser: the bundle is loaded by a page of the same origin as the API. Skipped where no Chromium is installed.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { httpApi } from '@indelible/server'
import { expect, onTestFinished, test } from 'vitest'
import { bankInMemory } from '../../../examples/bank/test/bank-in-memory.ts'
import { skippedBecause } from '../../../scripts/skips.ts'
import { bundled } from './bundle.ts'
import { answering } from './served.ts'

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
const chromiumMissing = chromium ? undefined : 'no Chromium is installed'

/** Sends, reads and follows, and posts what came of it. The feed is one of this test's own. */
const page = `<!doctype html><meta charset="utf-8"><script type="module">
  import { client, isClientError } from '/client.js'
  const tell = (told) => fetch('/told', { method: 'POST', body: JSON.stringify(told) })
  try {
    const api = client({ url: '/' })
    const ann = api.aggregate('account', 'žofie')
    await ann.send('OpenAccount', { owner: 'Žofie' })
    const outcome = await ann.send('WithdrawFunds', { amount: 5 })
    const { rows } = await api.table('account_balances').page({ where: { owner: 'Žofie' } })
    const missing = await api.saga('transfer', 'none').show().catch((error) => isClientError(error, 'saga_missing'))
    const positions = []
    for await (const { position } of api.events({ after: 0 })) if (positions.push(position) === 2) break
    await tell({ reason: outcome.reason, rows, missing, positions, written: api.written })
  } catch (error) {
    await tell(String(error))
  }
</script>`

test.skipIf(chromiumMissing)(
  `the client works in Chromium${skippedBecause(chromiumMissing)}`,
  { timeout: 120_000 },
  async () => {
    const running = bankInMemory()
    onTestFinished(() => running.close())
    const { fetch: api } = httpApi(running)
    const { code } = await bundled()
    const told = Promise.withResolvers<unknown>()
    const url = await answering(async (request, response) => {
      if (request.url === '/told') {
        told.resolve(JSON.parse(await text(request)))
        return void response.end()
      }
      if (request.url === '/page') return void response.setHeader('Content-Type', 'text/html').end(page)
      if (request.url === '/client.js') return void response.setHeader('Content-Type', 'text/javascript').end(code)
      if (request.url?.startsWith('/events')) {
        const next = Number(request.headers['last-event-id'] ?? 0) + 1
        response.setHeader('Content-Type', 'text/event-stream')
        return void response.end(`retry: 1\n\nid: ${next}\nevent: event\ndata: {"position":${next}}\n\n`)
      }
      const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>)
      const answer = await api(
        new Request(`${url}${request.url}`, {
          method: request.method!,
          headers: request.headers as Record<string, string>,
          body: chunks.length > 0 ? Buffer.concat(chunks) : null,
        }),
      )
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
    })
    const profile = mkdtempSync(join(tmpdir(), 'indelible-chromium-'))
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
    ]
    const browser = spawn(chromium!, [...flags, `${url}/page`], { stdio: 'ignore' })
    const ended = new Promise((resolve) => browser.once('close', resolve))
    onTestFinished(async () => {
      browser.kill()
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    })
    browser.once('exit', (code) => told.reject(new Error(`Chromium ended with ${code}.`)))
    expect(await told.promise).toEqual({
      reason: 'InsufficientFunds',
      rows: [{ account_id: 'žofie', owner: 'Žofie', status: 'open', balance: 0 }],
      missing: true,
      positions: [1, 2],
      written: 1,
    })
  },
)
