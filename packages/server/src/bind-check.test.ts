// Where a server may listen: without identities only where nobody else reaches it.
import dns from 'node:dns/promises'
import { syncBuiltinESMExports } from 'node:module'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { runningShop } from '../test/shop.ts'
import { isLoopback, isLoopbackName } from './bind-check.ts'
import { apiKeys, type ServeOptions, type ServerNotice, serve } from './index.ts'

const lookup = vi.spyOn(dns, 'lookup')
// Modules that are loaded already see it too.
syncBuiltinESMExports()
afterAll(() => {
  vi.restoreAllMocks()
  syncBuiltinESMExports()
})

async function listening(options: ServeOptions) {
  const onNotice = vi.fn<(notice: ServerNotice) => void>()
  const server = await serve(runningShop({ access: { grants: [{ anyone: true, may: 'everything' }] } }), {
    port: 0,
    onNotice,
    ...options,
  })
  onTestFinished(() => server.close())
  return onNotice.mock.calls.map(([{ kind }]) => kind)
}

// Every address here is one of this machine: nothing is bound by the addresses that are refused.
test.each(['0.0.0.0', '::', '', '0', '0x0', '::ffff:0.0.0.0', '10.0.0.1', '192.168.1.5', '2001:db8::5', '128.0.0.1'])(
  'without identities a server does not listen on "%s", and says what to do',
  async (host) => {
    await expect(serve(runningShop(), { host, port: 0 })).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('identities: [apiKeys()]'),
    })
  },
)

test.each(['127.0.0.1', 'localhost'])('without identities it listens on %s', async (host) => {
  expect(await listening({ host })).toEqual([])
})

test('where others reach it, a server without TLS says so, unless a proxy has it', async () => {
  // The server still listens on this machine only: it asks for the address again.
  const everywhere = () => lookup.mockResolvedValueOnce([{ address: '203.0.113.1', family: 4 }] as never)
  everywhere()
  await expect(serve(runningShop(), { host: 'localhost', port: 0 })).rejects.toMatchObject({ code: 'config_invalid' })
  everywhere()
  expect(await listening({ host: 'localhost', identities: [apiKeys()] })).toEqual(['tls missing'])
  everywhere()
  expect(await listening({ host: 'localhost', identities: [apiKeys()], tls: 'behindProxy' })).toEqual([])
  // One address that others reach is enough.
  lookup.mockResolvedValueOnce([
    { address: '127.0.0.1', family: 4 },
    { address: '2001:db8::5', family: 6 },
  ] as never)
  await expect(serve(runningShop(), { host: 'localhost', port: 0 })).rejects.toMatchObject({ code: 'config_invalid' })
})

test('a name without an address is refused by what it is', async () => {
  await expect(serve(runningShop(), { host: 'nothing.invalid', port: 0 })).rejects.toMatchObject({ code: 'io_failed' })
})

test.each<[string, boolean]>([
  ['127.0.0.1', true],
  ['127.255.255.255', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['::ffff:10.0.0.1', false],
  ['126.255.255.255', false],
  ['::2', false],
])('%s is reached by this machine only: %s', async (address, expected) => {
  expect(await isLoopback(address)).toBe(expected)
  expect(isLoopbackName(address.includes(':') ? `[${address}]` : address)).toBe(expected)
})

test('a URL names this machine by localhost too, and not by what looks like it', () => {
  for (const name of ['localhost', 'a.localhost', 'localhost.']) expect(isLoopbackName(name)).toBe(true)
  for (const name of ['localhost.evil.example', 'notlocalhost', '127.0.0.1.evil.example', ''])
    expect(isLoopbackName(name)).toBe(false)
})
