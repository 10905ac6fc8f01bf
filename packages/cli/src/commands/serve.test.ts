// `indelible serve` with what the config says of the server. It runs the binary, because signals are a part of it.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { authority } from '../../../server/test/authorities.ts'
import { bin, binary, cli, start, temporaryDirectory } from '../../test/support.ts'
import { exitCodes } from '../errors/index.ts'

const urlOf = (specifier: string) => JSON.stringify(import.meta.resolve(specifier))
const domain = JSON.stringify(new URL('../../test/domain.ts', import.meta.url).href)

/** The directory of a config with this text in the braces of `defineServer`. */
function configured(server: string): string {
  const dir = temporaryDirectory()
  const config = `import { apiKeys, defineServer } from ${urlOf('@indelible/server')}
import { fileStorage } from ${urlOf('indelible/file')}
import { memoryTables } from ${urlOf('indelible/memory')}
import { system } from ${domain}
const access = { grants: [{ anyone: true, may: 'everything' }] }
export default { system, access, open: (options) => ({ ...fileStorage(options), tables: async () => memoryTables() }) }
export const server = defineServer({${server}})
`
  writeFileSync(join(dir, 'indelible.config.ts'), config)
  return dir
}

/** What a process printed so far. */
function printed(child: ChildProcess): () => string {
  let all = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (more) => {
      all += more
    })
  return () => all
}

test('identities, TLS and port stand in the config; SIGHUP reads the certificate again', async () => {
  const root = await authority('root')
  const dir = configured("identities: [apiKeys()], tls: { certFile: 'cert.pem', keyFile: 'key.pem' }, port: 0")
  const write = async () => {
    const { cert, key } = await root.issue({ subject: 'CN=server' })
    writeFileSync(join(dir, 'cert.pem'), cert)
    writeFileSync(join(dir, 'key.pem'), key)
  }
  await write()
  const { out: key } = await cli(['keys', 'create', 'admin'], { cwd: dir })
  const child = start([bin, 'serve'], { cwd: dir })
  const output = printed(child)
  await expect.poll(output, { timeout: 20_000 }).toMatch(/is served at https:\/\/127\.0\.0\.1:\d+ /)
  const [, port] = /127\.0\.0\.1:(\d+)/.exec(output())!
  const health = async (headers: Record<string, string>) => {
    const sent = request({ host: '127.0.0.1', port, path: '/health', ca: root.cert, agent: false, headers }).end()
    const [response] = await once(sent, 'response')
    await text(response)
    return response.statusCode
  }
  expect(await health({ Authorization: `Bearer ${key.trim()}` })).toBe(200)
  expect(await health({})).toBe(401)
  expect(output()).toContain('notice: identity refused {"identity":null')
  child.kill('SIGHUP')
  await expect.poll(output, { timeout: 10_000 }).toContain('notice: certificate loaded')
  writeFileSync(join(dir, 'cert.pem'), 'no certificate')
  child.kill('SIGHUP')
  await expect.poll(output, { timeout: 10_000 }).toContain('notice: certificate kept')
  expect(await health({ Authorization: `Bearer ${key.trim()}` })).toBe(200)
  expect(output()).not.toContain(key.trim().slice(21))
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test.each([
  ['host: "0.0.0.0", port: 0', /would listen on 0\.0\.0\.0 without identities/],
  ['identites: [apiKeys()]', /unknown option "identites"/],
  ['identities: [apiKeys()], tls: { certFile: "nope.pem", keyFile: "nope.pem" }, port: 0', /"certFile" cannot be read/],
])('a server that cannot be as the config says does not start: %s', async (server, message) => {
  const { code, out, err } = await binary(['serve'], { cwd: configured(server) })
  expect({ code, out }).toEqual({ code: exitCodes.usage, out: '' })
  expect(err).toMatch(message)
})

test('in memory there are no keys, so it is open on this machine and refuses any other', async () => {
  const dir = configured('identities: [apiKeys()], host: "0.0.0.0", port: 0')
  const child = start([bin, 'serve', '--in-memory', '--json'], { cwd: dir })
  const output = printed(child)
  await expect.poll(output, { timeout: 20_000 }).toContain('"url"')
  const { url } = JSON.parse(output())
  expect((await fetch(`${url}/health`)).status).toBe(200)
  const { code, err } = await binary(['serve', '--in-memory', '--host', '::'], { cwd: dir })
  expect({ code, err }).toEqual({ code: exitCodes.usage, err: expect.stringContaining('would listen on ::') })
})
