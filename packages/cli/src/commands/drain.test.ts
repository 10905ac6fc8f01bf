// How `indelible serve` ends: by SIGTERM, by Ctrl-C, by a second signal. It runs the binary, because signals are a part of it.
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { bin, ended, start, temporaryDirectory } from '../../test/support.ts'
import { exitCodes } from '../errors/index.ts'

const config = fileURLToPath(new URL('../../test/indelible.config.ts', import.meta.url))

/** `indelible serve` in a process of its own, when it listens. */
async function serving(...args: readonly string[]) {
  const child = start([
    bin,
    'serve',
    '--config',
    config,
    '--data',
    temporaryDirectory(),
    '--port',
    '0',
    '--json',
    ...args,
  ])
  const result = ended(child)
  const [line] = (await once(child.stdout!, 'data')) as [string]
  const { url } = JSON.parse(line) as { url: string }
  const status = async (path: string) => (await fetch(url + path)).status
  return { child, result, status }
}

test('SIGTERM first makes the server not ready while it goes on answering, then it closes', async () => {
  const { child, result, status } = await serving('--drain-ms', '1000')
  expect(await status('/readyz')).toBe(200)
  child.kill('SIGTERM')
  await expect.poll(() => status('/readyz')).toBe(503)
  expect([await status('/livez'), await status('/health')]).toEqual([200, 200])
  const { code, err } = await result
  expect({ code, err }).toEqual({
    code: 0,
    err: expect.stringMatching(/^\S+ info closing: .*The same signal again ends at once\.\n\S+ info closed: .*\n$/),
  })
})

test('Ctrl-C closes without waiting for a load balancer', async () => {
  const { child, result, status } = await serving('--drain-ms', '600000')
  expect(await status('/readyz')).toBe(200)
  child.kill('SIGINT')
  expect((await result).code).toBe(exitCodes.ok)
})

test('a second signal ends at once', async () => {
  const { child, result, status } = await serving('--drain-ms', '600000')
  expect(await status('/readyz')).toBe(200)
  child.kill('SIGTERM')
  await expect.poll(() => status('/readyz')).toBe(503)
  // One that comes at the same time is the same signal, passed on by a wrapper.
  child.kill('SIGTERM')
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(child.exitCode).toBe(null)
  child.kill('SIGTERM')
  expect((await result).code).toBe(128 + 15)
})
