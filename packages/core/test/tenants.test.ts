// Many logs of one declaration: tenants are made, opened when they are needed, closed when they have nothing to do, and nothing of theirs is forgotten.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  bigint,
  defineSystem,
  isIndelibleError,
  openSystem,
  openTenants,
  projection,
  reaction,
  type StartTenantsOptions,
  startTenants,
  type Tenants,
  text,
} from 'indelible'
import { operations } from 'indelible/operations'
import { manualClock } from 'indelible/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { temporaryDirectory } from '../src/file/test-support.ts'
import { cashOf, PaidIn, PayIn, Take, Taken } from './branches.ts'

const cash = projection('cash', { table: { till: text().key(), cash: bigint() } }).write(
  PaidIn,
  ({ amount }, { streamId }) => ({ till: streamId, cash: amount }),
)
const heard: string[] = []
const bell = reaction('bell', { retries: 0 }).on(Taken, ({ amount }, { streamId }) => {
  heard.push(`${streamId} ${amount}`)
})
const shop = defineSystem({ name: 'shop', commands: [PayIn, Take], projections: [cash], reactions: [bell] })

async function started(options: StartTenantsOptions = {}): Promise<Tenants> {
  const tenants = await startTenants(shop, options)
  onTestFinished(() => tenants.close())
  return tenants
}

const payIn = (tenants: Tenants, tenant: string, amount = 5) =>
  tenants.use(tenant, (running) => running.send(PayIn('a', { amount })))
test('each tenant has a log of its own, and only a tenant that was made has one', async () => {
  const tenants = await started()
  await tenants.create('acme', { actor: 'olga' })
  await tenants.create('globex')
  await payIn(tenants, 'acme', 5)
  await payIn(tenants, 'globex', 7)
  expect(await tenants.use('acme', cashOf)).toEqual(['till-a +5'])
  expect(await tenants.use('globex', cashOf)).toEqual(['till-a +7'])
  expect((await tenants.list()).map(({ tenant, createdBy }) => [tenant, createdBy])).toEqual([
    ['acme', 'olga'],
    ['globex', null],
  ])
  await expect(payIn(tenants, 'acmee')).rejects.toMatchObject({ code: 'unknown_tenant' })
  await expect(tenants.create('acme')).rejects.toMatchObject({ code: 'tenant_exists' })
  expect(await tenants.list()).toHaveLength(2)
})

test.each([
  '',
  'a/b',
  '..',
  '.',
  'A',
  'ä',
  'a b',
  '-a',
  'a-',
  'a_b',
  'catalog',
  "a'--",
  '%2e',
  'a'.repeat(64),
  5,
  null,
  undefined,
])('no tenant has the name %j', async (name) => {
  const tenants = await started()
  await expect(tenants.create(name as string)).rejects.toMatchObject({ code: 'invalid_tenant_name' })
  await expect(payIn(tenants, name as string)).rejects.toMatchObject({ code: 'invalid_tenant_name' })
})

test('of many that are made at the same time under one name, one is made', async () => {
  const tenants = await started()
  const made = await Promise.allSettled(Array.from({ length: 20 }, () => tenants.create('acme')))
  expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const each of made)
    if (each.status === 'rejected') expect(isIndelibleError(each.reason, 'tenant_exists')).toBe(true)
})

test('no more than the named number are open, and every caller is served', async () => {
  const tenants = await started({ tenants: { openMax: 3, waitMs: 60_000 } })
  const names = Array.from({ length: 30 }, (_, index) => `t${index}`)
  for (const name of names) await tenants.create(name)
  let most = 0
  const looks = setInterval(() => {
    most = Math.max(most, tenants.openNow)
  }, 1)
  await Promise.all(Array.from({ length: 90 }, (_, index) => payIn(tenants, names[(index * 7) % 30]!, index + 1)))
  clearInterval(looks)
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThanOrEqual(3)
  for (const name of names) expect(await tenants.use(name, cashOf)).toHaveLength(3)
})

test('where all are in use, a caller waits, and is told if that takes too long', async () => {
  const tenants = await started({ tenants: { openMax: 1, waitMs: 20 } })
  await tenants.create('acme')
  await tenants.create('globex')
  const busy = Promise.withResolvers<void>()
  const using = tenants.use('acme', () => busy.promise)
  await expect(payIn(tenants, 'globex')).rejects.toMatchObject({ code: 'tenants_busy', retryable: true })
  const gone = new AbortController()
  const waiting = tenants.use('globex', async () => {}, { signal: gone.signal })
  gone.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
  // Shared while in use.
  await payIn(tenants, 'acme')
  busy.resolve()
  await using
  await vi.waitFor(async () => expect((await payIn(tenants, 'globex')).status).toBe('accepted'))
})

test('an idle tenant is closed, and has everything again when it is opened', async () => {
  const tenants = await started({ tenants: { idleMs: 40 } })
  await tenants.create('acme')
  await payIn(tenants, 'acme')
  await vi.waitFor(() => expect(tenants.openNow).toBe(0))
  expect(await tenants.use('acme', (running) => running.select(cash))).toEqual([{ till: 'a', cash: 5 }])
  expect(await tenants.use('acme', cashOf)).toEqual(['till-a +5'])
})

test('a tenant whose consumers lag is not idle: what they do is done before it is closed', async () => {
  const tenants = await started({ tenants: { idleMs: 1 } })
  heard.length = 0
  for (let n = 0; n < 10; n++) {
    await tenants.create(`t${n}`)
    await tenants.use(`t${n}`, (running) => running.send(Take(`x${n}`, { amount: 1 })))
  }
  await vi.waitFor(() => expect(tenants.openNow).toBe(0))
  expect([...heard].sort()).toEqual(Array.from({ length: 10 }, (_, n) => `x${n} 1`))
})

test('a command that was scheduled is sent at its time, although the tenant is closed', async () => {
  const clock = manualClock()
  const tenants = await started({ clock, tenants: { idleMs: 20 } })
  await tenants.create('acme')
  await tenants.use('acme', (running) => running.schedule(PayIn('later', { amount: 3 }), { in: '30d' }))
  await vi.waitFor(() => expect(tenants.openNow).toBe(0))
  clock.advance(29 * 86_400_000)
  expect(tenants.openNow).toBe(0)
  clock.advance(86_400_000)
  await vi.waitFor(async () => expect(await tenants.use('acme', cashOf)).toEqual(['till-later +3']))
})

/** The tenants that the configs of {@link files} opened. */
const opened: string[] = []
Object.assign(globalThis, { openedTenants: opened })

const files = (more = '') => {
  const dir = temporaryDirectory()
  const file = join(dir, 'indelible.config.ts')
  const source = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)
  writeFileSync(
    file,
    `import { defineConfig, defineSystem } from ${JSON.stringify(import.meta.resolve('indelible'))}
import { fileStorage } from ${JSON.stringify(import.meta.resolve('indelible/file'))}
import { memoryTables } from ${JSON.stringify(import.meta.resolve('indelible/memory'))}
import { PayIn, Take } from ${source('./branches.ts')}
export default defineConfig({
  system: defineSystem({ name: 'shop', commands: [PayIn, Take] }),
  tenants: {},
  open(options) {
    if (options.tenant !== 'catalog') globalThis.openedTenants.push(options.tenant)
    return { ...fileStorage(options), tables: async () => memoryTables() }
  },
  ${more}
})\n`,
  )
  return { dir, url: pathToFileURL(file) }
}

test('in files, each tenant has a directory, and the list of tenants has one', async () => {
  const { dir, url } = files()
  const tenants = await openTenants(url)
  await tenants.create('acme')
  await tenants.create('globex')
  await payIn(tenants, 'acme')
  expect(readdirSync(join(dir, 'data')).sort()).toEqual(['catalog', 'tenants'])
  // A tenant that nobody used has no files.
  expect(readdirSync(join(dir, 'data/tenants'))).toEqual(['acme'])
  await tenants.close()
  const again = await openTenants(url)
  onTestFinished(() => again.close())
  expect((await again.list()).map(({ tenant }) => tenant)).toEqual(['acme', 'globex'])
  expect(await again.use('acme', cashOf)).toEqual(['till-a +5'])
})

test('at a start, tenants with work are opened again, also after a crash, and those of which nothing is known', async () => {
  const { dir, url } = files()
  const clock = manualClock()
  const first = await openTenants(url, { clock })
  for (const name of ['quiet', 'timer', 'used', 'restored']) await first.create(name)
  await payIn(first, 'quiet')
  await payIn(first, 'restored')
  await first.use('timer', (running) => running.schedule(PayIn('later', { amount: 3 }), { in: '1d' }))
  const recordOf = (tenant: string) => join(dir, `data/catalog/consumers/$tenant.${tenant}.json`)
  await payIn(first, 'used')
  // As a process leaves it that was killed.
  const whileOpen = readFileSync(recordOf('used'))
  await first.close()
  writeFileSync(recordOf('used'), whileOpen)
  rmSync(recordOf('restored'))

  clock.advance(86_400_000)
  opened.length = 0
  const again = await openTenants(url, { clock })
  onTestFinished(() => again.close())
  await vi.waitFor(() => expect([...opened].sort()).toEqual(['restored', 'timer', 'used']))
  await vi.waitFor(async () => expect(await again.use('timer', cashOf)).toEqual(['till-later +3']))
})

test('a system with tenants is opened with openTenants, and one without with openSystem', async () => {
  const { url } = files()
  await expect(openSystem(url)).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('openTenants'),
  })
  const { url: one } = files('...{ tenants: undefined },')
  await expect(openTenants(one)).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('openSystem'),
  })
  const { url: wrong } = files('...{ tenants: { idle: 5 } },')
  await expect(openTenants(wrong)).rejects.toMatchObject({
    code: 'invalid_declaration',
    message: expect.stringContaining('"idle"'),
  })
})

test('a tenant that cannot be opened says why to its callers, and to the operator where it has work, and harms no other', async () => {
  const { dir, url } = files()
  const clock = manualClock()
  const first = await openTenants(url, { clock })
  await first.create('broken')
  await first.create('sound')
  await first.use('broken', (running) => running.schedule(PayIn('later', { amount: 3 }), { in: '1d' }))
  await first.close()
  const log = join(dir, 'data/tenants/broken/log')
  renameSync(log, `${log}.aside`)
  writeFileSync(log, 'This is no directory.')
  const onNotice = vi.fn()
  const again = await openTenants(url, { clock, onNotice })
  onTestFinished(() => again.close())
  await expect(again.use('broken', cashOf)).rejects.toThrow()
  expect((await payIn(again, 'sound')).status).toBe('accepted')
  clock.advance(86_400_000)
  await vi.waitFor(() =>
    expect(onNotice).toHaveBeenCalledWith(expect.objectContaining({ kind: 'tenant failed', tenant: 'broken' })),
  )
  rmSync(log)
  renameSync(`${log}.aside`, log)
  clock.advance(60_000)
  await vi.waitFor(async () => expect(await again.use('broken', cashOf)).toEqual(['till-later +3']))
})

test('what is asked of a server as a whole is not asked of a tenant', async () => {
  const tenants = await started()
  await tenants.create('acme')
  for (const operation of [operations.issueKey, operations.listTenants] as never[])
    await expect(tenants.run(operation, 'acme', {})).rejects.toMatchObject({ code: 'invalid_parameter' })
})
