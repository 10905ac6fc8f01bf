// What the fulfilment relies on: the provider decides once for each key, also when it is told to give one up that it has not seen yet.
import type { ServiceRequest } from 'indelible'
import { beforeEach, expect, test } from 'vitest'
import { paymentProvider, payments } from '../outside/payment-provider.ts'
import { outsideOfItsOwn } from './shop-in-memory.ts'

beforeEach(outsideOfItsOwn)

const { signal } = new AbortController()
const asked = { order: 'o1', customer: 'ann', cents: 900, currency: 'EUR' }
const ask = (idempotencyKey: string, method: ServiceRequest['method'], path: string, body?: unknown) =>
  paymentProvider.call({ method, path, body, idempotencyKey }, { signal })
const authorise = (key: string, body: unknown = asked) => ask(key, 'POST', '/authorisations', body)
const giveUp = (key: string) => ask(`${key}:giveUp`, 'DELETE', `/authorisations/by-key/${encodeURIComponent(key)}`)
const statuses = () => payments().map(({ status }) => status)

test('an amount is held once for a key, up to a limit', async () => {
  const held = { authorisation: 'a1', cents: 900, currency: 'EUR', status: 'held' }
  for (const _twice of [1, 2]) expect(await authorise('k1')).toEqual({ status: 201, body: held })
  expect(await authorise('k2', { ...asked, cents: 100_001 })).toEqual({ status: 402, body: { centsMax: 100_000 } })
  expect(payments()).toEqual([held])
})

test('what is held is taken, and what is held or taken is given back, each once for a key', async () => {
  await authorise('k1')
  for (const _twice of [1, 2])
    expect(await ask('k2', 'POST', '/authorisations/a1/capture')).toMatchObject({ status: 200 })
  expect(statuses()).toEqual(['captured'])
  for (const _twice of [1, 2]) expect(await ask('k3', 'DELETE', '/authorisations/a1')).toMatchObject({ status: 200 })
  expect(statuses()).toEqual(['returned'])
  expect(await ask('k4', 'POST', '/authorisations/a1/capture')).toMatchObject({ status: 404 })
})

test('what was given up is never held, also where the request comes later; what was decided cannot be given up', async () => {
  for (const _twice of [1, 2]) expect(await giveUp('log:k1')).toMatchObject({ status: 204 })
  expect(await authorise('log:k1')).toMatchObject({ status: 410 })
  expect(statuses()).toEqual([])
  await authorise('k2')
  await authorise('k3', { ...asked, cents: 100_001 })
  for (const key of ['k2', 'k3']) expect(await giveUp(key)).toMatchObject({ status: 409 })
})
