import { expect, test } from 'vitest'
import { openShop } from '../test/shop.ts'

/** Receives 5 tea at 1, ships 2 and 3 of it at 2 and 3. */
async function shipped() {
  const shop = openShop()
  await shop.post('/commands/item/tea/ReceiveStock', { quantity: 5 })
  for (const quantity of [2, 3]) await shop.post('/commands/item/tea/ShipStock', { quantity })
  return shop
}

test('recorded commands are decided again, in pages', async () => {
  const { get } = await shipped()
  const first = await get('/decisions?limit=2')
  expect(first.body).toMatchObject({
    decisions: [
      { verdict: 'same', position: 1, command: 'ReceiveStock' },
      { verdict: 'same', position: 2, command: 'ShipStock' },
    ],
    next: '/decisions?limit=2&from=3',
  })
  expect((await get('/decisions?from=3')).body).toMatchObject({ decisions: [{ position: 3 }], next: null })
  expect((await get('/decisions?only=different')).body).toEqual({ decisions: [], next: null })
})

test('what would be with another past: decisions, states and rows', async () => {
  const { post, get } = await shipped()
  const asked = '/what-if?decide=true&tables=stock_levels'
  const { status, body } = await post(asked, { instead: [{ position: 1, data: { quantity: 4 } }] })
  expect(status).toBe(200)
  expect(body).toMatchObject({
    forkedAt: 0,
    decided: 2,
    differences: [{ position: 3, command: 'ShipStock', now: { status: 'refused' } }],
    states: [{ stream: 'item-tea', changes: [{ field: 'inStock', before: 0, after: 2 }] }],
    tables: { stock_levels: { added: [], removed: [], changed: [expect.anything()] } },
    isComplete: true,
  })
  expect((await get('/aggregates/item/tea')).body).toMatchObject({ state: { inStock: 0 }, version: 3 })
})

test.each([
  ['/what-if', { with: [1] }, 'invalid_parameter'],
  ['/what-if', { without: ['1'] }, 'invalid_parameter'],
  ['/what-if', { without: [9] }, 'invalid_position'],
  ['/what-if', { instead: [{ position: 1 }] }, 'invalid_parameter'],
  ['/what-if', { instead: [{ data: {} }] }, 'invalid_position'],
  ['/what-if', { events: [{ after: 1 }] }, 'invalid_parameter'],
  ['/what-if', { events: [{ after: 1, event: { stream: 'item-tea', type: '', data: {} } }] }, 'invalid_parameter'],
  ['/what-if', { events: [{ after: 1, event: { stream: '$item-tea', type: '$X', data: {} } }] }, 'reserved_name'],
  ['/what-if', { events: [{ after: 1, event: { type: 'X', data: {} } }] }, 'invalid_stream_name'],
  [
    '/what-if?decide=true',
    { events: [{ after: 1, event: { type: 'StockReceived', data: {} } }] },
    'invalid_stream_name',
  ],
  [
    '/what-if?decide=true',
    { events: [{ after: 1, event: { stream: 'item-tea', type: 'StockReceived', data: { quantity: 1 }, tags: 'x' } }] },
    'invalid_parameter',
  ],
  [
    '/what-if',
    { events: [{ after: 1, event: { stream: 'item-a', type: 'X', data: {}, tags: 5 } }] },
    'invalid_parameter',
  ],
  ['/what-if?decide=true', { commands: [{ after: 1 }] }, 'invalid_command'],
  ['/what-if?decide=true', { commands: [{ after: 1, command: { type: 'No' } }] }, 'unknown_command'],
  ['/what-if?decide=true', { commands: [{ after: 1, command: 'x' }] }, 'invalid_command'],
  ['/what-if?tables=nothing', { without: [1] }, 'unknown_projection'],
])('%s with %j is refused', async (path, past, code) => {
  const { post } = await shipped()
  const { status, body } = await post(path, past)
  expect(status).toBeGreaterThanOrEqual(400)
  expect(status).toBeLessThan(500)
  expect(body.type).toBe(`urn:indelible:error:${code}`)
})
