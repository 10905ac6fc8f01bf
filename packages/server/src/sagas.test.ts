import { operations } from 'indelible/operations'
import { expect, test } from 'vitest'
import { openShop } from '../test/shop.ts'

const { maximum: waitMsMax } = operations.showSaga.parameters.waitMs!.schema as { maximum: number }

const order = { item: 'tea', extra: 'jam', quantity: 2 }

test('a reader that waits gets the saga at its end', async () => {
  const { get, post } = openShop()
  await post('/commands/item/tea/ReceiveStock', { quantity: 5 })
  await post('/commands/item/jam/ReceiveStock', { quantity: 5 })
  await post('/commands/order/o1/PlaceOrder', order)
  const { status, body } = await get('/sagas/fulfilment/o1?waitMs=5000')
  expect(status).toBe(200)
  expect(body).toMatchObject({
    saga: 'fulfilment',
    id: 'o1',
    status: 'completed',
    done: ['item', 'extra'],
    pending: [],
    failure: null,
    input: order,
  })
})

test('a saga that was refused is shown with what it took back and why', async () => {
  const { get, post } = openShop()
  await post('/commands/item/tea/ReceiveStock', { quantity: 5 })
  await post('/commands/order/o1/PlaceOrder', order)
  const { body } = await get('/sagas/fulfilment/o1?waitMs=5000')
  expect(body).toMatchObject({ status: 'compensated', done: [], failure: { step: 'extra', reason: 'Out of stock' } })
  expect((await get('/aggregates/item/tea')).body.state.inStock).toBe(5)
})

test('a saga whose compensation failed can be resumed, and the person is recorded', async () => {
  const { get, post, running } = openShop()
  await post('/commands/item/tea/ReceiveStock', { quantity: 2 })
  // Frozen tea cannot be given back; it is frozen between the step and its compensation.
  const { store } = running
  const append = store.append.bind(store)
  store.append = async (commit, options) => {
    const outcome = await append(commit, options)
    if (commit.events.some(({ type, stream }) => type === 'StockShipped' && stream === 'item-tea')) {
      await append({ events: [{ stream: 'item-tea', type: 'NoteTaken', data: { note: 'freeze' } }] })
    }
    return outcome
  }
  await post('/commands/order/o1/PlaceOrder', order)
  const failed = await get('/sagas/fulfilment/o1?waitMs=5000')
  expect(failed.body).toMatchObject({
    status: 'compensationFailed',
    compensationFailure: { step: 'item', reason: 'Frozen' },
  })
  expect(await get('/health')).toMatchObject({
    status: 200,
    body: { consumers: [{}, {}, { name: 'fulfilment', needsIntervention: [{ sagaId: 'o1' }] }, {}] },
  })

  await post('/commands/item/tea/TakeNote', 'thaw')
  const resumed = await get('/sagas/fulfilment/o1/resume', { method: 'POST', headers: { 'X-Actor': 'ann' } })
  expect(resumed).toMatchObject({ status: 200, body: { saga: 'fulfilment', id: 'o1', resumed: true } })
  expect((await get('/sagas/fulfilment/o1?waitMs=5000')).body).toMatchObject({ status: 'compensated', resumed: 1 })
  const { body } = await get('/streams/$saga.fulfilment-o1')
  const event = body.events.find(({ type }: { type: string }) => type === '$SagaResumed')
  expect(event.metadata.actor).toBe('ann')
  expect((await post('/sagas/fulfilment/o1/resume')).body.resumed).toBe(false)
})

test('a wait that times out answers with the current state', async () => {
  const { get, running } = openShop()
  await running.consumers.pause({ name: 'fulfilment' })
  const startedBy = { eventId: 'e', position: 1, schemaVersion: 1, correlationId: 'c', validAt: null }
  const started = { saga: 'fulfilment', input: order, startedBy }
  const events = [{ stream: '$saga.fulfilment-o9', type: '$SagaStarted', data: started }] as const
  await running.store.append({ events }, { reserved: true })
  expect((await get('/sagas/fulfilment/o9?waitMs=20')).body).toMatchObject({ status: 'running', version: 1 })
})

test('a saga that has not started is missing, also for a wait or a resume', async () => {
  const { get, post } = openShop()
  const missing = { status: 404, body: { type: 'urn:indelible:error:saga_missing' } }
  expect(await get('/sagas/fulfilment/o1')).toMatchObject(missing)
  expect(await get('/sagas/fulfilment/o1?waitMs=20')).toMatchObject(missing)
  expect(await post('/sagas/fulfilment/o1/resume')).toMatchObject(missing)
})

test('an undeclared saga is unknown', async () => {
  const { get, post } = openShop()
  const unknown = { status: 404, body: { type: 'urn:indelible:error:unknown_saga' } }
  expect(await get('/sagas/nope/o1')).toMatchObject(unknown)
  expect(await get('/sagas/nope/o1?waitMs=20')).toMatchObject(unknown)
  expect(await post('/sagas/nope/o1/resume')).toMatchObject(unknown)
})

test('a wait has a maximum length', async () => {
  const { get } = openShop()
  expect((await get(`/sagas/fulfilment/o1?waitMs=${waitMsMax + 1}`)).status).toBe(400)
})
