import { expect, test } from 'vitest'
import { openShop } from '../test/shop.ts'

const later = { in: '2d' }
const query = (values: Readonly<Record<string, string>>) => `?${new URLSearchParams(values)}`

test('a command is scheduled once for a key, listed, shown and cancelled, by somebody with a name', async () => {
  const { get, post, running } = openShop()
  const schedule = (headers = {}, when: Record<string, string> = later) =>
    post(`/commands/item/tea/ReceiveStock/schedule${query(when)}`, { quantity: 5 }, headers)
  const { status, body } = await schedule({ 'idempotency-key': 's1', 'x-actor': 'ann' })
  expect(status).toBe(200)
  expect(body).toMatchObject({ scheduleId: 's1', duplicate: false })
  expect((await schedule({ 'idempotency-key': 's1' })).body).toMatchObject({ at: body.at, duplicate: true })
  expect(await schedule({ 'idempotency-key': 's1' }, { in: '3d' })).toMatchObject({
    status: 422,
    body: { type: 'urn:indelible:error:schedule_id_reused' },
  })
  const shown = { scheduleId: 's1', status: 'waiting', actor: 'ann', command: { type: 'ReceiveStock', id: 'tea' } }
  expect((await get('/schedules')).body).toMatchObject({ schedules: [shown], next: null })
  expect((await get('/schedules/s1')).body).toMatchObject(shown)
  expect(await get('/schedules/s2')).toMatchObject({ status: 404 })
  const cancel = () => post(`/schedules/s1/cancel${query({ reason: 'A mistake.' })}`, undefined, { 'x-actor': 'ben' })
  expect((await cancel()).body).toEqual({ scheduleId: 's1', cancelled: true })
  expect((await cancel()).body).toEqual({ scheduleId: 's1', cancelled: false })
  expect((await get('/schedules?status=cancelled')).body).toMatchObject({ schedules: [{ cancelReason: 'A mistake.' }] })
  expect((await running.store.head()).position).toBeGreaterThan(2)
})

test.each([
  ['/commands/item/tea/ReceiveStock/schedule?in=soon', { quantity: 5 }, 400, 'invalid_time'],
  ['/commands/item/tea/ReceiveStock/schedule', { quantity: 5 }, 400, 'invalid_time'],
  ['/commands/item/tea/ReceiveStock/schedule?in=2d', { quantity: 'five' }, 400, 'invalid_command'],
  ['/commands/item/tea/Nothing/schedule?in=2d', {}, 404, 'unknown_command'],
])('%s with %j is refused now', async (path, input, status, code) => {
  const { post } = openShop()
  expect(await post(path, input)).toMatchObject({ status, body: { type: `urn:indelible:error:${code}` } })
})

test('a command whose time is past is sent at once', async () => {
  const { get, post } = openShop()
  await post('/commands/item/tea/ReceiveStock/schedule?at=1999-01-01T00:00:00Z', { quantity: 5 })
  await expect.poll(async () => (await get('/schedules?status=done')).body.schedules).toHaveLength(1)
  expect((await get('/aggregates/item/tea')).body.state.inStock).toBe(5)
})
