// Over HTTP an event is what was recorded, also where the code of now sees it as another one or as several; the document describes every form.
import { aggregate, defineSystem, event, startSystem } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { answerOf } from '../test/shop.ts'
import { httpApi } from './http-api.ts'

const Sold = event('Sold', z.object({ cents: z.int(), by: z.string() }), { parts: ['Placed', 'Paid'] })
const Placed = event('Placed', z.object({ cents: z.int() }))
  .formerly(Sold, ({ cents }) => ({ cents }))
  .next(z.object({ cents: z.int(), currency: z.string() }))
  .upcast((old) => ({ ...old, currency: 'EUR' }))
const Paid = event('Paid', z.object({ by: z.string() })).formerly(Sold, ({ by }) => ({ by }))
const order = aggregate('order', { initialState: { seen: [] as string[] } })
  .on(Placed, ({ seen }, { cents, currency }) => ({ seen: [...seen, `${cents} ${currency}`] }))
  .on(Paid, ({ seen }, { by }) => ({ seen: [...seen, by] }))
const Pay = order.command('Pay', { input: Paid.schema, emits: [Paid], decide: (_state, paid) => Paid(paid) })

test('streams have recorded events, states those of now, and the document all forms', async () => {
  const store = memoryStore()
  await store.append({
    events: [
      { stream: 'order-1', type: 'Sold', data: { cents: 5, by: 'card' } },
      { stream: 'order-2', type: 'Refunded', data: {} },
    ],
  })
  const running = startSystem(defineSystem({ name: 'shop', commands: [Pay] }), { store })
  onTestFinished(() => running.close())
  const app = httpApi(running)
  const get = async (path: string) => (await answerOf(await app.request(path))).body
  expect((await get('/streams/order-1')).events).toMatchObject([
    { type: 'Sold', schemaVersion: 1, data: { cents: 5, by: 'card' } },
  ])
  expect(await get('/aggregates/order/1')).toMatchObject({ version: 1, state: { seen: ['5 EUR', 'card'] } })
  expect((await get('/streams/order-2')).events).toMatchObject([{ type: 'Refunded' }])
  expect(await get('/aggregates/order/2')).toMatchObject({ type: 'urn:indelible:error:event_type_unknown' })
  const { components } = await get('/openapi.json')
  const names = Object.keys(components.schemas)
  for (const name of ['Sold.v1', 'Placed.v1', 'Placed.v2', 'Paid.v1'])
    expect(names).toEqual(expect.arrayContaining([name, `${name}.data`]))
})
