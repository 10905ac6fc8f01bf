import { memoryStore } from 'indelible/memory'
import { expect, test, vi } from 'vitest'
import { openShop } from '../test/shop.ts'

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
