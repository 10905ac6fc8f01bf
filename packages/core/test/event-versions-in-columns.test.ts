// Older versions of events are read in the newest form also from the columns of sealed segments, with one version in a segment, several, or other events between.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  aggregate,
  bigint,
  defineSystem,
  event,
  integer,
  liveModel,
  type NewEvent,
  projection,
  startSystem,
  text,
} from 'indelible'
import { fileStore, rebuildIndex } from 'indelible/file'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'

const dir = mkdtempSync(join(tmpdir(), 'indelible-versions-'))
afterAll(() => rmSync(dir, { recursive: true }))

const one = z.object({ total: z.int() })
const two = z.object({ amount: z.int(), currency: z.string() })
const three = z.object({ amount: z.int(), currency: z.string(), channel: z.string() })
const Placed = event('Placed', one)
  .next(two)
  .upcast(({ total }) => ({ amount: total, currency: 'EUR' }))
  .next(three)
  .upcast((old) => ({ ...old, channel: 'shop' }))
const Cancelled = event('Cancelled', z.object({}))

/** One table with a row for each stream, one with its own keys. */
function shop() {
  const order = aggregate('order', { initialState: {} })
    .on(Placed, (state) => state)
    .on(Cancelled, (state) => state)
  const Place = order.command('Place', {
    input: three,
    emits: [Placed, Cancelled],
    decide: (_state, data) => Placed(data),
  })
  const orders = projection('orders', {
    table: { id: text().key(), amount: bigint(), last: text(), version: integer() },
  })
    .on(
      Placed,
      { initial: ({ id = '' }) => ({ id, amount: 0, last: '', version: 0 }) },
      (row, { amount, currency, channel }, { schemaVersion }) => ({
        ...row,
        amount: row.amount + amount,
        last: `${currency} ${channel}`,
        version: schemaVersion,
      }),
    )
    .on(Cancelled, { initial: ({ id = '' }) => ({ id, amount: 0, last: '', version: 0 }) }, (row) => ({
      ...row,
      last: 'cancelled',
    }))
  const turnover = projection('turnover', { table: { currency: text().key(), amount: bigint() } }).on(
    Placed,
    { key: ({ currency }) => ({ currency }), initial: ({ currency = '' }) => ({ currency, amount: 0 }) },
    (row, { amount }) => ({ ...row, amount: row.amount + amount }),
  )
  const system = defineSystem({ name: 'shop', commands: [Place], projections: [orders, turnover] })
  return { orders, turnover, system }
}

const first = (id: string, total: number): NewEvent => ({
  stream: `order-${id}`,
  type: 'Placed',
  data: { total },
})
const second = (id: string, amount: number): NewEvent => ({
  stream: `order-${id}`,
  type: 'Placed',
  schemaVersion: 2,
  data: { amount, currency: 'CZK' },
})
const third = (id: string, amount: number): NewEvent => ({
  stream: `order-${id}`,
  type: 'Placed',
  schemaVersion: 3,
  data: { amount, currency: 'USD', channel: 'web' },
})
/** Twenty events in a segment: of one version only, of several, and with others between. */
const history: readonly NewEvent[] = [
  ...Array.from({ length: 20 }, (_, n) => first(String(n % 5), 1)),
  ...Array.from({ length: 20 }, (_, n) => [first, second, third][n % 3]!(String(n % 5), 1)),
  ...Array.from({ length: 20 }, (_, n) =>
    n % 4 === 0 ? ({ stream: `order-${n % 5}`, type: 'Cancelled', data: {} } as const) : second(String(n % 5), 1),
  ),
  ...Array.from({ length: 20 }, (_, n) => third(String(n % 5), 1)),
]
const turnoverOf = (events: readonly NewEvent[]) => {
  const placed = events.filter(({ type }) => type === 'Placed')
  const of = (version: number) => placed.filter(({ schemaVersion = 1 }) => schemaVersion === version).length
  return [
    { currency: 'CZK', amount: of(2) },
    { currency: 'EUR', amount: of(1) },
    { currency: 'USD', amount: of(3) },
  ]
}
const ordersOf = (events: readonly NewEvent[]) =>
  Array.from({ length: 5 }, (_, id) => {
    const own = events.filter(({ stream }) => stream === `order-${id}`)
    const { type, schemaVersion } = own.at(-1)!
    const last = type === 'Cancelled' ? 'cancelled' : ['EUR shop', 'CZK shop', 'USD web'][(schemaVersion ?? 1) - 1]
    return { id: String(id), amount: own.filter((each) => each.type === 'Placed').length, last, version: 3 }
  })

test.each([
  ['columns of sealed segments', true],
  ['the log', false],
])('tables get every version in the newest form, from %s and as it is appended', async (name, hasColumns) => {
  const log = join(dir, name)
  const limits = { segmentEventsMax: 20, columnsShareMax: 0 }
  const seed = await fileStore({ dir: log, limits })
  for (let at = 0; at < history.length; at += 20) await seed.append({ events: history.slice(at, at + 20) })
  await seed.close()
  if (hasColumns) await rebuildIndex({ dir: log })
  expect(readdirSync(log).filter((file) => file.endsWith('.col'))).toHaveLength(hasColumns ? 3 : 0)

  const { orders, turnover, system } = shop()
  const store = await fileStore({ dir: log })
  await using running = startSystem(system, { store })
  const expectRows = async (events: readonly NewEvent[]) => {
    for (const table of [orders, turnover]) await running.waitFor(table, (await store.head()).position)
    expect(await running.select(orders)).toEqual(ordersOf(events))
    expect(await running.select(turnover)).toEqual(turnoverOf(events))
  }
  await expectRows(history)
  // Older code that keeps running beside this, for a while.
  const later = [first('0', 1), third('1', 1), second('2', 1), first('3', 1)]
  for (const each of later) await store.append({ events: [each] })
  await expectRows([...history, ...later])
  for (const table of [orders, turnover]) {
    expect(await running.verifyTable(table)).toMatchObject({ differing: 0 })
    await running.rebuild(table)
  }
  await expectRows([...history, ...later])
  const models = [await liveModel(orders, store), await liveModel(turnover, store)] as const
  await store.append({ events: [second('4', 1)] })
  const { position } = await store.head()
  for (const model of models) await model.waitFor(position)
  const all = [...history, ...later, second('4', 1)]
  expect([...models[0].rows()].sort((a, b) => a.id.localeCompare(b.id))).toEqual(ordersOf(all))
  expect([...models[1].rows()].sort((a, b) => a.currency.localeCompare(b.currency))).toEqual(turnoverOf(all))
  for (const model of models) await model.close()
})

test.each([
  ['columns of sealed segments', true],
  ['the log', false],
])('reserved tags are not seen, from %s', async (name, hasColumns) => {
  const log = join(dir, `tags ${name}`)
  const seed = await fileStore({ dir: log, limits: { segmentEventsMax: 4, columnsShareMax: 0 } })
  for (let n = 0; n < 12; n++) {
    // The first segment has no tags at all, and the next ones have reserved tags too.
    const tags = n < 4 ? [] : ['$claim:1', `own:${n}`]
    await seed.append({ events: [{ ...third('1', n), tags }] }, { reserved: true })
  }
  await seed.close()
  if (hasColumns) await rebuildIndex({ dir: log })
  expect(readdirSync(log).filter((file) => file.endsWith('.col'))).toHaveLength(hasColumns ? 2 : 0)
  const tagsSeen = projection('tags', { table: { n: integer().key(), tags: text() } }).write(
    Placed,
    ({ amount }, { tags }) => ({ n: amount, tags: tags.join() }),
  )
  const store = await fileStore({ dir: log })
  const model = await liveModel(tagsSeen, store)
  const rows = [...model.rows()].sort((a, b) => a.n - b.n)
  expect(rows.map(({ tags }) => tags)).toEqual(Array.from({ length: 12 }, (_, n) => (n < 4 ? '' : `own:${n}`)))
  await model.close()
  await store.close()
})
