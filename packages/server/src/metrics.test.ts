import { instruments } from 'indelible/adapter'
import { memoryStore } from 'indelible/memory'
import { expect, test, vi } from 'vitest'
import { openShop, runningShop } from '../test/shop.ts'
import { httpInstruments } from './instruments.ts'
import { metricName } from './prometheus.ts'
import { serve } from './serve.ts'

/** The samples by name and labels, parsed from the text format. Checks that each metric is described once, before its samples. */
async function scraped({ app }: Pick<ReturnType<typeof openShop>, 'app'>): Promise<Map<string, number>> {
  const response = await app.request('/metrics')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const text = await response.text()
  expect(text).toMatch(/\n$/)
  const samples = new Map<string, number>()
  const described: string[] = []
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, kind, name] = /^# (HELP|TYPE) (\w+) \S.*$/.exec(line) ?? []
    if (kind === 'HELP') described.push(name!)
    if (kind) {
      expect(name).toBe(described.at(-1))
      continue
    }
    const [, metric, labels = '', value] = /^(\w+)((?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})?) (\S+)$/.exec(line)!
    // A histogram has three series.
    expect(metric!.replace(/_(bucket|sum|count)$/, '')).toBe(described.at(-1))
    expect(samples.has(metric + labels)).toBe(false)
    samples.set(metric + labels, Number(value))
  }
  expect(new Set(described).size).toBe(described.length)
  return samples
}

test('the metrics say how far the log and each projection are, in seconds and events', async () => {
  const shop = openShop()
  for (const quantity of [1, 2, 3]) await shop.post('/commands/item/tea/ReceiveStock', { quantity })
  await shop.get('/tables/stock_levels?waitFor=3')
  const samples = await scraped(shop)
  const of = (metric: string, more = '') =>
    samples.get(`indelible_projection_${metric}{projection="stock_levels"${more}}`)
  const ofConsumer = (metric: string) =>
    samples.get(`indelible_consumer_${metric}{consumer="stock_levels",kind="projection"}`)
  expect(samples.get('indelible_log_head_position')).toBe(3)
  expect(ofConsumer('position')).toBe(3)
  expect(ofConsumer('lag_events')).toBe(0)
  expect(of('lag_seconds')).toBe(0)
  expect(of('staleness_seconds', ',quantile="0.5"')).toBeLessThan(10)
  expect(of('staleness_seconds', ',quantile="0.99"')).toBeGreaterThan(0)
  expect(of('staleness_target_seconds')).toBe(0.5)
  expect([...samples.values()].every(Number.isFinite)).toBe(true)
})

test('the metric of a store that cannot write is 0, and refused appends are counted by code', async () => {
  expect((await scraped(openShop())).get('indelible_store_can_write')).toBe(1)
  const error = { code: 'store_poisoned', message: 'A write failed.' } as const
  const refusedAppends = { io_failed: 2, store_poisoned: 1 }
  const health = async () => ({ canWrite: false, error, since: '2026-01-31T00:00:00.000Z', refusedAppends }) as const
  const samples = await scraped(openShop({ store: { ...memoryStore(), health } }))
  expect(samples.get('indelible_store_can_write')).toBe(0)
  expect(samples.get('indelible_store_refused_appends_total{code="io_failed"}')).toBe(2)
  expect(samples.get('indelible_store_refused_appends_total{code="store_poisoned"}')).toBe(1)
})

test('exactly one state of a projection is 1', async () => {
  const shop = openShop()
  await shop.post('/commands/item/tea/TakeNote', 'park')
  const states = async () => {
    const samples = [...(await scraped(shop))].filter(([name]) => name.includes('_state{consumer="notes"'))
    return samples.map(([name, value]) => [/state="(\w+)"/.exec(name)![1], value])
  }
  await vi.waitFor(async () => expect(await states()).toContainEqual(['parked', 1]))
  const all = 'starting standby rebuilding running retrying parked paused diverged stopped'.split(' ')
  expect(await states()).toEqual(all.map((state) => [state, state === 'parked' ? 1 : 0]))
})

test('two servers in one process have separate metrics', async () => {
  const [first, second] = [openShop(), openShop()]
  await first.post('/commands/item/tea/ReceiveStock', { quantity: 1 })
  expect((await scraped(first)).get('indelible_log_head_position')).toBe(1)
  expect((await scraped(second)).get('indelible_log_head_position')).toBe(0)
})

test('unknown values are omitted', async () => {
  const samples = await scraped(openShop())
  expect([...samples.keys()].filter((name) => name.includes('staleness_seconds'))).toEqual([])
})

test('commands and appends are counted by outcome, and requests by route and status', async () => {
  const shop = openShop()
  await shop.post('/commands/item/tea/ReceiveStock', { quantity: 1 })
  await shop.post('/commands/item/tea/ShipStock', { quantity: 9 })
  await shop.post('/commands/item/tea/Nope', {})
  await shop.get('/nope/17')
  await shop.app.request('/health', { method: 'BREW' })
  const samples = await scraped(shop)
  const command = (type: string, outcome: string) =>
    samples.get(`indelible_command_duration_seconds_count{category="item",command="${type}",outcome="${outcome}"}`)
  expect([command('ReceiveStock', 'accepted'), command('ShipStock', 'refused')]).toEqual([1, 1])
  expect(samples.get('indelible_append_duration_seconds_count{outcome="written"}')).toBe(1)
  const route = '/commands/{category}/{id}/{command}'
  const requests = (method: string, route: string, status: number) => {
    const labels = `http_request_method="${method}",http_route="${route}",http_response_status_code="${status}"`
    return samples.get(`http_server_request_duration_seconds_count{${labels}}`)
  }
  expect([200, 422, 404].map((status) => requests('POST', route, status))).toEqual([1, 1, 1])
  expect(requests('GET', '', 404)).toBe(1)
  expect(requests('_OTHER', '/health', 405)).toBe(1)
  // No id, and nothing that a client made up, is a label.
  expect([...samples.keys()].filter((name) => /tea|Nope|17|BREW/.test(name))).toEqual([])
})

test('a server that listens shows its connections and what waits, and every metric of the lists', async () => {
  const running = runningShop({
    store: { ...memoryStore(), health: async () => ({ canWrite: true, refusedAppends: { io_failed: 1 } }) },
  })
  await using server = await serve(running, { port: 0 })
  const waiting = fetch(`${server.url}/feed?types=StockReceived&after=0&waitMs=20000`)
  const text = async () => await (await fetch(`${server.url}/metrics`)).text()
  await vi.waitFor(async () => expect(await text()).toMatch(/^indelible_http_waits 1$/m), { timeout: 10_000 })
  expect(await text()).toMatch(/^indelible_http_connections [1-9]/m)
  await fetch(`${server.url}/commands/item/tea/ReceiveStock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"quantity":1}',
  })
  await waiting
  await vi.waitFor(async () => {
    const page = await text()
    // The shop has nothing that can park an event, and shares its work with no other process.
    const { consumerParkedEvents: _, leaseHeld: __, ...others } = instruments
    const listed = [...Object.values(others), ...Object.values(httpInstruments)]
      .map(metricName)
      // Those of tenants are shown where there are tenants.
      .filter((name) => !name.startsWith('indelible_tenant'))
    expect(listed.filter((name) => !new RegExp(`^${name}(_count)?[ {]`, 'm').test(page))).toEqual([])
  })
})
