// The commands on projections through a running server that has the log and the tables open.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@indelible/server'
import { IndelibleError, startSystem } from 'indelible'
import { memorySnapshots, memoryStore, memoryTables } from 'indelible/memory'
import { describe, expect, onTestFinished, test } from 'vitest'
import { balances, system } from '../../../test/domain.ts'
import { cli, ndjson, type Terminal } from '../../../test/support.ts'

/** The system behind HTTP with six events. `hold` blocks every read of the whole log until its result is called. */
async function served() {
  const store = memoryStore()
  let gate = Promise.resolve()
  const slow: typeof store = {
    ...store,
    async *replay(types, options) {
      await gate
      yield* store.replay(types, options)
    },
  }
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gate = promise
    return resolve
  }
  const parts = { store: slow, tables: memoryTables(), snapshots: memorySnapshots() }
  for (const owner of ['ann', 'bob', 'cora']) {
    await store.append({ events: [{ stream: `account-${owner}`, type: 'AccountOpened', data: { owner } }] })
    await store.append({ events: [{ stream: `account-${owner}`, type: 'FundsDeposited', data: { amount: 5 } }] })
  }
  const running = startSystem(system, parts)
  for (const projection of system.projections) await running.waitFor(projection, 6)
  const server = await serve(running, { port: 0, closeTimeoutMs: 100 })
  onTestFinished(async () => {
    await server.close()
    await running.close()
  })
  const projections = (line: string, terminal: Terminal = {}) =>
    cli(['projections', ...line.split(' '), '--url', server.url], terminal)
  return { ...parts, hold, running, url: server.url, projections }
}

test('list and show say what the process that runs the projections knows', async () => {
  const { projections } = await served()
  const { code, out, err } = await projections('list')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/balances {2}running +6 +0 {2}1 +\d+-\S+\n/)
  const shown = await projections('show balances')
  expect(shown.out).toMatch(/^State +running$/m)
  expect(shown.out).toMatch(
    /^Staleness {2}\d+ ms now, target 500 ms; in the last minute 50% within [\d,]+ ms, 99% within/m,
  )
  expect(ndjson((await projections('list --json')).out)).toMatchObject([
    { name: 'balances', state: 'running', staleness: { targetMs: 500 }, table: { state: 'running' } },
    { name: 'owners' },
  ])
})

test('a projection whose database fails is listed with the reason', async () => {
  const { projections, store, tables } = await served()
  tables.save = async () => {
    throw new IndelibleError('tables_unavailable', 'the database is away')
  }
  await store.append({ events: [{ stream: 'account-ann', type: 'FundsDeposited', data: { amount: 5 } }] })
  await expect.poll(async () => (await projections('list')).out).toMatch(/balances {2}retrying/)
  expect((await projections('list')).out).toMatch(/\n\nbalances: the database is away\n/)
  expect((await projections('show balances')).out).toMatch(/^Error +tables_unavailable: the database is away$/m)
})

test('a projection that is parked and then paused is shown as both', async () => {
  const { projections, store } = await served()
  await store.append({ events: [{ stream: 'account-ann', type: 'FundsDeposited', data: { amount: 13 } }] })
  await expect.poll(async () => (await projections('show balances')).out).toMatch(/^State +parked$/m)
  await projections('pause balances')
  await expect.poll(async () => (await projections('show balances')).out).toMatch(/^State +paused$/m)
  const { out } = await projections('list')
  expect(out).toMatch(/balances {2}paused/)
  expect(out).toContain('balances is parked at position 7: thirteen is unlucky')
})

test('rebuild, verify, pause and resume do the same as without a server', async () => {
  const { projections, running, tables, store } = await served()
  expect((await projections('rebuild balances')).out).toMatch(
    /^The table balances was rebuilt and is live\.\n\n {2}3 rows/,
  )
  expect((await projections('show balances')).out).toContain('kept as balances__previous')
  const dropped = await projections('rebuild balances --drop-previous --json')
  expect(ndjson(dropped.out)).toMatchObject([{ name: 'balances', rows: 3, position: 7, previousTable: null }])
  expect((await tables.list()).map(({ name }) => name)).toEqual(['balances', 'owners'])
  expect((await projections('verify balances')).out).toMatch(
    /^The table balances matches the log: 3 rows at position \d+\.\n$/,
  )

  expect((await projections('pause balances')).code).toBe(0)
  await expect.poll(async () => (await projections('show balances')).out, { timeout: 5000 }).toMatch(/^State +paused$/m)
  const upserts = [{ account_id: 'ann', owner: 'ann', balance: 6, last: null }]
  const there = await tables.state(balances.table)
  await tables.save({ table: balances.table, upserts, removals: [], from: there.position, to: there })
  const differing = await projections('verify balances')
  expect(differing.code).toBe(6)
  expect(differing.out).toContain('account_id "ann"\n')
  await store.append({ events: [{ stream: 'account-ann', type: 'FundsDeposited', data: { amount: 5 } }] })
  expect((await projections('resume balances')).code).toBe(0)
  await running.waitFor(balances, (await store.head()).position)
})

describe('a long rebuild', () => {
  test('shows on a terminal how far the server is', async () => {
    const { projections, running, hold } = await served()
    setTimeout(hold(), 600)
    const { code, err } = await projections('rebuild balances', { columns: 100 })
    expect(code).toBe(0)
    expect(err).toContain('Folding the log')
    expect(await running.consumers.show(balances)).toMatchObject({ rebuild: null })
  })

  test('refuses another one, and continues in the server when the command is interrupted', async () => {
    const { projections, running, tables, hold } = await served()
    const release = hold()
    const stop = new AbortController()
    const interrupted = projections('rebuild balances', { signal: stop.signal })
    await expect.poll(() => running.consumers.show(balances)).not.toMatchObject({ rebuild: null })
    expect(await projections('rebuild balances')).toMatchObject({
      code: 1,
      err: 'error: The table of "balances" is already being rebuilt. Try again when that is done.\n',
    })
    stop.abort()
    expect(await interrupted).toMatchObject({
      code: 130,
      err: 'error: Interrupted. The server continues the rebuild: see projections show balances.\n',
    })
    release()
    await expect.poll(async () => (await tables.list()).map(({ name }) => name)).toContain('balances__previous')
  })
})

test('an error of the server is passed on', async () => {
  const { projections, store } = await served()
  expect(await projections('show nope')).toMatchObject({
    code: 3,
    err: 'error: The system declares no projection "nope".\n',
  })
  await store.append({ events: [{ stream: 'account-ann', type: 'FundsDeposited', data: { amount: 13 } }] })
  const stopped = await projections('rebuild balances --json')
  expect(stopped.code).toBe(1)
  expect(ndjson(stopped.err)).toMatchObject([
    { error: { code: 'projection_parked', details: { position: 7, row: { owner: 'ann' } } } },
  ])
})

test('an API that is mounted below another path is found', async () => {
  const asked: string[] = []
  const url = await answering((path) => {
    asked.push(path)
    return [200, '{"projections":[]}']
  })
  for (const path of ['/api', '/api/']) {
    const { out } = await cli(['projections', 'list', '--url', url + path])
    expect(out).toBe('The system declares no projections.\n')
  }
  expect(asked).toEqual(['/api/projections', '/api/projections'])
})

describe('without such a server', () => {
  test('no server listens: ends with 1 and names the URL', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await new Promise((closed) => server.close(closed))
    const { code, err } = await cli(['projections', 'list', '--url', url])
    expect(code).toBe(1)
    expect(err).toBe(`error: No answer from ${url}: ECONNREFUSED. Give the URL of a running server.\n`)
  })

  test.each([
    [404, '<h1>Not here</h1>'],
    [200, 'hello'],
    [200, '{"message":"hello"}'],
    [500, '{"message":"no"}'],
    [302, ''],
  ])('another server answers %i %s', async (status, body) => {
    const url = await answering(() => [status, body])
    const { code, err } = await cli(['projections', 'list', '--url', url, '--json'])
    expect(code).toBe(1)
    expect(ndjson(err)).toMatchObject([{ error: { code: 'server_failed', details: { status } } }])
    expect(err).toContain('it is not an Indelible server')
  })
})

/** The address of a server of another kind. */
async function answering(answer: (path: string) => readonly [status: number, body: string]): Promise<string> {
  const server = createServer(({ url }, response) => {
    const [status, body] = answer(url!)
    response.writeHead(status).end(body)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
