// Tenants on the command line: made and listed here or on a server, and named by every command that opens a log or asks a server.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { serve } from '@indelible/server'
import { openTenants } from 'indelible'
import { expect, onTestFinished, test } from 'vitest'
import { bin, cli, ndjson, start, temporaryDirectory } from '../../../test/support.ts'
import { exitCodes } from '../../errors/index.ts'

const urlOf = (specifier: string) => JSON.stringify(import.meta.resolve(specifier))
const domain = JSON.stringify(new URL('../../../test/domain.ts', import.meta.url).href)

function configured(more = 'tenants: {}'): string {
  const dir = temporaryDirectory()
  const config = `import { defineServer } from ${urlOf('@indelible/server')}
import { fileStorage } from ${urlOf('indelible/file')}
import { memoryTables } from ${urlOf('indelible/memory')}
import { system } from ${domain}
export default { system, ${more}, open: (options) => ({ ...fileStorage(options), tables: async () => memoryTables() }) }
export const server = defineServer({ port: 0 })
`
  writeFileSync(join(dir, 'indelible.config.ts'), config)
  return dir
}

const names = ({ out }: { readonly out: string }) => ndjson(out).map(({ tenant }) => tenant)

async function served(dir: string) {
  const tenants = await openTenants(pathToFileURL(join(dir, 'indelible.config.ts')))
  const server = await serve(tenants, { port: 0, onNotice: () => {} })
  onTestFinished(async () => {
    await server.close()
    await tenants.close()
  })
  return server.url
}

async function deposit(url: string, tenant: string, amount: number): Promise<number> {
  const body = JSON.stringify({ amount })
  const headers = { 'Content-Type': 'application/json' }
  return (await fetch(`${url}/tenants/${tenant}/commands/account/a1/DepositFunds`, { method: 'POST', body, headers }))
    .status
}

test('tenants are made and listed in the list here, and on a server that has it', async () => {
  const cwd = configured()
  expect(await cli(['tenants', 'create', 'acme', '--actor', 'ann'], { cwd })).toMatchObject({
    code: 0,
    out: 'The tenant acme was made.\n',
  })
  expect((await cli(['tenants', 'create', 'acme'], { cwd })).err).toContain('There is a tenant "acme" already.')
  expect((await cli(['tenants', 'create', 'A/B'], { cwd })).err).toContain('must be of a-z, 0-9 and "-"')
  expect(await cli(['tenants', 'list'], { cwd })).toMatchObject({
    out: expect.stringMatching(/TENANT +MADE +BY\n +acme +\d{4}-\d\d-\d\d +ann\n/),
  })
  const url = await served(cwd)
  expect(await cli(['tenants', 'create', 'globex'], { cwd })).toMatchObject({
    code: exitCodes.fault,
    err: expect.stringContaining('--url'),
  })
  expect(await cli(['tenants', 'create', 'globex', '--url', url], { cwd })).toMatchObject({ code: 0 })
  expect(names(await cli(['tenants', 'list', '--json', '--url', url], { cwd }))).toEqual(['acme', 'globex'])
  expect(names(await cli(['tenants', 'list', '--json'], { cwd }))).toEqual(['acme', 'globex'])
})

test('every command that opens a log or asks a server says of which tenant', async () => {
  const cwd = configured()
  for (const name of ['acme', 'globex']) await cli(['tenants', 'create', name], { cwd })
  const url = await served(cwd)
  expect(await deposit(url, 'acme', 5)).toBe(200)
  expect(await deposit(url, 'globex', 7)).toBe(200)
  const read = async (...more: string[]) =>
    ndjson((await cli(['read', '--json', ...more], { cwd })).out).map(({ data }) => data)
  expect(await read('--tenant', 'acme')).toEqual([{ amount: 5 }])
  expect(await read('--tenant', 'globex', '--data', join(cwd, 'data'))).toEqual([{ amount: 7 }])
  for (const command of [
    ['read'],
    ['stat'],
    ['verify'],
    ['projections', 'list'],
    ['state', 'account', 'a1'],
    ['sagas', 'list'],
  ])
    expect([command, await cli(command, { cwd })]).toEqual([
      command,
      expect.objectContaining({ code: exitCodes.usage, err: expect.stringContaining('--tenant NAME') }),
    ])
  for (const command of [
    ['stat'],
    ['verify'],
    ['state', 'account', 'a1'],
    ['sagas', 'list'],
    ['schedules', 'list'],
    ['audit', '--url', url],
    ['projections', 'list', '--url', url],
    ['sagas', 'list', '--url', url],
  ])
    expect([command, await cli([...command, '--tenant', 'acme'], { cwd })]).toEqual([
      command,
      expect.objectContaining({ code: 0, err: '' }),
    ])
  expect(await cli(['sagas', 'list', '--url', url, '--tenant', 'nobody'], { cwd })).toMatchObject({
    err: expect.stringContaining('There is no tenant "nobody"'),
  })
  expect(await cli(['read', '--tenant', '..'], { cwd })).toMatchObject({ code: exitCodes.usage })
})

test('keys are for the whole server, and are made before it runs', async () => {
  const cwd = configured()
  const { code, out } = await cli(['keys', 'create', 'admin', '--role', 'admin'], { cwd })
  expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^ind_/) })
  expect((await cli(['keys', 'list'], { cwd })).out).toContain('admin')
  expect(await cli(['keys', 'create', 'admin', '--tenant', 'acme'], { cwd })).toMatchObject({
    code: exitCodes.usage,
    err: expect.stringContaining('attributes'),
  })
})

test('without tenants in the config, a tenant is refused', async () => {
  const cwd = configured('dataDir: "data"')
  for (const command of [
    ['read', '--tenant', 'acme'],
    ['tenants', 'list'],
    ['stat', '--tenant', 'acme'],
  ])
    expect([command, await cli(command, { cwd })]).toEqual([
      command,
      expect.objectContaining({ code: exitCodes.usage, err: expect.stringContaining('declares no tenants') }),
    ])
})

test.each([[[]], [['--in-memory']]])('serve %j serves all of them', async (more) => {
  const cwd = configured()
  const child = start([bin, 'serve', '--json', ...more], { cwd })
  let out = ''
  child.stdout!.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  await expect.poll(() => out, { timeout: 60_000 }).toContain('\n')
  const { url } = JSON.parse(out)
  expect((await fetch(`${url}/tenants/acme`, { method: 'POST' })).status).toBe(200)
  expect(await deposit(url, 'acme', 5)).toBe(200)
  expect(await deposit(url, 'nobody', 5)).toBe(404)
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  expect(metrics).toContain('indelible_tenants_open 1')
  expect(metrics).toContain('indelible_tenant_operations_total{tenant="acme"} 1')
})
