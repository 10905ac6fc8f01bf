// HTTP carries the list of operations: each has a route, and nothing else has one except the pages of HTTP itself. Client and server share the mappings.
import { describeOperations, type Operation, type OperationName, operations } from 'indelible/operations'
import { describeSystem } from 'indelible/schema'
import { describe, expect, test } from 'vitest'
import { openShop, shop } from '../test/shop.ts'
import { errorOf, requestOf, resultOf } from './client.ts'
import { openApiDocument } from './openapi.ts'
import { httpMaps, operationRoutes } from './routes.ts'

const names = Object.keys(operations) as OperationName[]

describe('the list of operations', () => {
  test('has one route for each, and all routes differ', () => {
    expect(Object.keys(httpMaps).sort()).toEqual([...names].sort())
    expect(operationRoutes.map(({ operation }) => operation.name)).toEqual(names)
    // A feed may have the path of a page: the client chooses by Accept.
    const routes = operationRoutes.map(({ map, operation }) => `${map.method} ${map.path} ${operation.isLive}`)
    expect(new Set(routes).size).toBe(routes.length)
  })

  test('has all routes of the app, besides home, OpenAPI, probes, metrics and tiles', () => {
    const { app } = openShop()
    const served = app.routes.filter(({ method, path }) => method !== 'ALL' && path !== '*')
    const mapped = operationRoutes
      .filter(({ operation }) => operation.of !== 'tenants')
      .map(({ map: { method, path } }) => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`)
    const own = ['GET /livez', 'GET /readyz', 'GET /metrics', 'GET /openapi.json', 'GET /', 'GET /log/*']
    expect(served.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...mapped, ...own].sort())
  })

  test.each(names)('%s has a place for each of its parameters, and a GET operation changes nothing', (name) => {
    const { operation, map, places } = operationRoutes.find((each) => each.operation.name === name)!
    const placed = places.filter(({ of }) => of === 'input').map(({ parameter }) => parameter)
    const expected = Object.keys(operation.parameters)
    expect([...new Set([...placed, ...(map.body ? [map.body] : [])])].sort()).toEqual(expected.sort())
    const inPath = places.filter((place) => place.in === 'path').map((place) => `{${place.name}}`)
    expect(inPath.sort()).toEqual((map.path.match(/\{\w+\}/g) ?? []).sort())
    if (map.method === 'GET') expect(operation.effect).toBe('reads')
  })
})

/** Calls the API with the requests that a client makes. */
function client() {
  const { app, running } = openShop()
  const ask = async <Input extends object, Result>(operation: Operation<Input, Result>, input: Input) => {
    const { method, path, headers, body } = requestOf(operation, input, { principal: { actor: 'Zoë' } })
    const response = await app.request(path, { method, headers, ...(body === undefined ? {} : { body }) })
    const answer = await response.json()
    return response.ok ? resultOf(operation, answer) : Promise.reject(errorOf(answer))
  }
  return { ask, running }
}

describe('a client made from the same mappings', () => {
  test('sends commands with all their metadata', async () => {
    const { ask } = client()
    const sent = { category: 'item', id: 'té/1', command: 'ReceiveStock', input: { quantity: 5 } }
    const travelling = { commandId: 'é1', correlationId: 'c', validAt: '2025-12-24', expectedVersion: 0 }
    expect(await ask(operations.sendCommand, { ...sent, ...travelling })).toMatchObject({
      status: 'accepted',
      version: 1,
    })
    const { events } = await ask(operations.readStream, { stream: 'item-té/1' })
    expect(events).toMatchObject([
      { validAt: '2025-12-24', metadata: { actor: 'Zoë', commandId: 'é1', correlationId: 'c' } },
    ])
  })

  test('gets the results of the operations', async () => {
    const { ask, running } = client()
    let waitFor = 0
    for (const [id, quantity] of [
      ['tea', 20],
      ['jam', 20],
      ['bread', 5],
    ] as const) {
      const input = { category: 'item', id, command: 'ReceiveStock', input: { quantity } }
      waitFor = ((await ask(operations.sendCommand, input)) as { position: number }).position
    }
    const rows = { name: 'stock_levels', where: { in_stock: 20, low: false }, limit: 1, waitFor, timeoutMs: 5_000 }
    for (const projection of shop.projections) await running.waitFor(projection, waitFor)
    const first = await ask(operations.selectRows, rows)
    expect(first).toEqual(await operations.selectRows.run(running, rows))
    const second = { ...rows, after: first.next! }
    expect(await ask(operations.selectRows, second)).toEqual(await operations.selectRows.run(running, second))
    const where = { in_stock: { gte: 6, in: [20, 5] }, limit: { isNull: true } }
    const conditions = { name: 'stock_levels', where, orderBy: ['-in_stock', '-item_id'], limit: 1 }
    const found = await ask(operations.selectRows, conditions)
    expect(found).toMatchObject({ rows: [{ item_id: 'tea' }], next: expect.any(String) })
    expect(await ask(operations.selectRows, { ...conditions, after: found.next! })).toMatchObject({
      rows: [{ item_id: 'jam' }],
      next: null,
    })
    const page = { stream: 'item-tea', limit: 1, direction: 'backwards' } as const
    expect(await ask(operations.readStream, page)).toMatchObject({ next: null })
    await ask(operations.sendCommand, { category: 'item', id: 'tea', command: 'ReceiveStock', input: { quantity: 1 } })
    const { next } = await ask(operations.readStream, page)
    expect(next).toBe(1)
    const state = { category: 'item', id: 'tea', version: 1 }
    expect(await ask(operations.aggregateState, state)).toEqual(await operations.aggregateState.run(running, state))
    await ask(operations.pauseConsumer, { name: 'fulfilment' })
    expect(await ask(operations.showConsumer, { name: 'notes' })).toMatchObject({ kind: 'projection' })
    expect(await ask(operations.rebuildProjection, { name: 'notes', dropPrevious: true })).toMatchObject({ rows: 0 })
    expect(await ask(operations.health, {})).toMatchObject({ status: 'ok' })
  })

  test('gets the errors of the operations', async () => {
    const { ask } = client()
    await expect(ask(operations.showSaga, { name: 'fulfilment', id: 'o1', waitMs: 1 })).rejects.toMatchObject({
      name: 'IndelibleError',
      code: 'saga_missing',
    })
    await expect(ask(operations.selectRows, { name: 'stock_levels', limit: 0 })).rejects.toMatchObject({
      code: 'invalid_parameter',
      details: { parameter: 'limit' },
    })
  })
})

test('the OpenAPI document is made from the JSON description of the system', async () => {
  const { get } = openShop()
  const { body: served } = await get('/openapi.json')
  const described = describeOperations(JSON.parse(JSON.stringify(describeSystem(shop))))
  const made = JSON.parse(
    JSON.stringify(
      openApiDocument({ name: shop.name, described, standsOf: () => ['root'], ownPages: [], identities: [] }, '1'),
    ),
  )
  const own = ['/', '/livez', '/readyz', '/metrics', '/openapi.json']
  const paths = Object.fromEntries(Object.entries(served.paths).filter(([path]) => !own.includes(path)))
  expect({ ...served, paths }).toEqual(made)
})
