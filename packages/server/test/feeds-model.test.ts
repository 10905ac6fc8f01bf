// Clients of live feeds over HTTP that connect, drop and come again at random, while events are appended: each sees every matching position once, in order.
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import type { NewEvent, QueryItem } from 'indelible'
import { expect, test } from 'vitest'
import { draws, long } from '../../../scripts/campaign.ts'
import { httpApi } from '../src/index.ts'
import { followFeed } from './feed-client.ts'
import { runningShop } from './shop.ts'

const types = ['StockReceived', 'StockShipped', 'NoteTaken', '$SagaStarted']
const some = <Value>(...values: readonly Value[]) =>
  fc.option(fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 }), { nil: undefined })
const filter = fc.record({
  types: some(...types),
  categories: some('item', 'order', '$saga.fulfilment'),
  streams: some('item-tea', 'item-jam', 'order-1'),
  tags: some('red', 'big'),
})
const client = fc.record({ filter, after: fc.nat({ max: 700 }), patience: fc.nat({ max: 30 }), seed: fc.nat() })
const commit = fc.array(
  fc.record({
    stream: fc.constantFrom('item-tea', 'item-jam', 'item-egg', 'order-1'),
    type: fc.constantFrom('StockReceived', 'StockShipped', 'NoteTaken'),
    tags: fc.uniqueArray(fc.constantFrom('red', 'big', 'old'), { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 8 },
)

test('every client sees each matching position once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(commit, { minLength: 1, maxLength: 25 }),
      fc.array(client, { minLength: 1, maxLength: 5 }),
      async (commits, clients) => {
        // Only the first events are here before the clients: more than the store is asked for at a time.
        const running = runningShop()
        const before = Array.from({ length: 700 }, (_, at) =>
          event(at % 3 ? 'item-tea' : 'item-jam', types[at % 3]!, []),
        )
        await running.store.append({ events: before })
        const app = httpApi(running)
        const appended = (async () => {
          for (const events of commits) {
            await running.store.append({
              events: events.map(({ stream, type, tags }) => event(stream, type, tags)),
            })
            if (events.length % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
          }
          await running.store.append({ events: [event('$saga.fulfilment-x', '$SagaStarted', [])] }, { reserved: true })
          return (await running.store.head()).position
        })()
        await Promise.all(
          clients.map(async ({ filter, after, patience, seed }) => {
            const draw = draws(seed)
            const query = Object.entries(filter).flatMap(([name, values]) =>
              values ? [`${name}=${values.map(encodeURIComponent)}`] : [],
            )
            const path = `/events?${[`after=${after}`, ...query].join('&')}`
            const seen: number[] = []
            let lastEventId = ''
            let isOver = false
            const over = appended.then(() => {
              isOver = true
            })
            for (let reached = 0; !isOver || reached < (await appended); ) {
              const feed = await followFeed((path, init) => app.request(path, init), path, lastEventId)
              // It leaves after some messages, but not before it got one: progress must be possible.
              for (let left = 1 + draw(patience + 1), isLive = false; left > 0; left--) {
                const message = await (isLive ? Promise.race([feed.next(), over]) : feed.next())
                if (!message) break
                const { kind, id } = message
                lastEventId = id!
                reached = Number(id)
                if (kind === 'event') seen.push(reached)
                if (kind !== 'caught-up') continue
                if (isOver) break
                isLive = true
              }
              await feed.leave()
              await setImmediate()
            }
            const item = Object.fromEntries(Object.entries(filter).filter(([, values]) => values)) as QueryItem
            const expected: number[] = []
            const all = Object.keys(item).length === 0 ? 'all' : [item]
            for await (const { events } of running.store.read(all, { from: after + 1 })) {
              for (const { position } of events) expected.push(position)
            }
            expect(seen).toEqual(expected)
          }),
        )
        await running.close()
      },
    ),
    { numRuns: long ? 2_000 : 25 },
  )
})

function event(stream: string, type: string, tags: readonly string[]): NewEvent {
  return { stream: stream as NewEvent['stream'], type, tags, data: { quantity: 1, note: 'n' } }
}
