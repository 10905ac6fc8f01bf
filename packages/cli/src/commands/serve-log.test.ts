import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { configFile, ndjson } from '../../test/support.ts'
import { run } from '../run.ts'

/** Serves the tests' domain in memory, asks it something, and ends it; gives what it wrote to stderr. */
async function served(options: readonly string[], ask: (url: string) => Promise<unknown>): Promise<string> {
  const [stdout, stderr, stop] = [new PassThrough(), new PassThrough(), new AbortController()]
  const args = ['serve', '--in-memory', '--port', '0', '--json', '--config', configFile, ...options]
  const written = text(stderr)
  const ended = run(args, { stdout, stderr, cwd: '.', signal: stop.signal })
  const { url } = JSON.parse(String(await new Promise((resolve) => stdout.once('data', resolve)))) as { url: string }
  await ask(url)
  stop.abort()
  expect(await ended).toBe(0)
  stderr.end()
  return await written
}

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

test('serve writes a line of JSON for each request, with the trace of its client', async () => {
  const lines = ndjson(
    await served(['--log', 'json', '--log-requests'], (url) => fetch(`${url}/health`, { headers: { traceparent } })),
  )
  expect(lines).toMatchObject([
    { level: 'info', kind: 'request', method: 'GET', path: '/health', status: 200, trace_id: traceparent.slice(3, 35) },
    { level: 'info', kind: 'closing' },
    { level: 'info', kind: 'closed' },
  ])
})

test('serve writes nothing about requests that went well, unless it is asked to', async () => {
  const written = await served([], (url) => fetch(`${url}/health`))
  expect(written).toMatch(/^\S+ info closing: .*\n\S+ info closed: .*\n$/)
  expect(await served(['--log-requests'], (url) => fetch(`${url}/health`))).toMatch(/Z info request: .* path=\/health /)
})
