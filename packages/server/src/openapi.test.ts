import { expect, test } from 'vitest'
import { openShop, shop } from '../test/shop.ts'

async function document() {
  const { get } = openShop({ api: { apiVersion: '7' } })
  const { status, body } = await get('/openapi.json')
  expect(status).toBe(200)
  return body
}

/** Every object in a document, the document first. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return
  yield value as Record<string, unknown>
  for (const part of Object.values(value)) yield* objectsIn(part)
}

function at(root: unknown, pointer: string): unknown {
  const keys = pointer.split('/').slice(1)
  const plain = keys.map((key) => decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~'))
  return plain.reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], root)
}

test('the document is OpenAPI 3.1 and named after the system', async () => {
  const { openapi, info } = await document()
  expect(openapi).toMatch(/^3\.1\.\d+$/)
  expect(info).toEqual({ title: 'shop', version: '7' })
})

test('every declaration has a path', async () => {
  const { paths } = await document()
  for (const { type, category, visibility } of shop.commands) {
    const isThere = Object.hasOwn(paths, `/commands/${category}/{id}/${type}`)
    expect(isThere, type).toBe(visibility === 'public')
  }
  for (const { category } of shop.aggregates) expect(paths).toHaveProperty([`/aggregates/${category}/{id}`, 'get'])
  for (const { name } of shop.projections) {
    expect(paths).toHaveProperty([`/tables/${name}`, 'get'])
    expect(paths).toHaveProperty([`/projections/${name}`, 'get'])
    for (const verb of ['rebuild', 'verify']) {
      expect(paths).toHaveProperty([`/projections/${name}/${verb}`, 'post'])
    }
  }
  for (const { name } of shop.sagas) {
    expect(paths).toHaveProperty([`/sagas/${name}/{id}`, 'get'])
    expect(paths).toHaveProperty([`/sagas/${name}/{id}/resume`, 'post'])
  }
  for (const path of ['/', '/health', '/metrics', '/openapi.json', '/projections', '/streams/{stream}'])
    expect(paths).toHaveProperty([path, 'get'])
})

test('every reference has a target', async () => {
  const root = await document()
  const references = [...objectsIn(root)].map(({ $ref }) => $ref).filter((ref) => typeof ref === 'string')
  expect(references.length).toBeGreaterThan(50)
  for (const reference of references) {
    expect(reference).toMatch(/^#\//)
    expect(at(root, reference), reference).toBeDefined()
  }
})

test('every parameter in a path is declared, and no operation declares one twice', async () => {
  const { paths } = await document()
  const ids: string[] = []
  for (const [path, item] of Object.entries<
    Record<string, { parameters: { name: string; in: string }[]; operationId: string }>
  >(paths)) {
    for (const { parameters, operationId } of Object.values(item)) {
      ids.push(operationId)
      const inPath = parameters.filter((each) => each.in === 'path').map(({ name }) => `{${name}}`)
      expect(inPath.sort()).toEqual((path.match(/\{\w+\}/g) ?? []).sort())
      const names = parameters.map((each) => `${each.in} ${each.name}`)
      expect(new Set(names).size).toBe(names.length)
    }
  }
  expect(new Set(ids).size).toBe(ids.length)
})

test('the input of a command is its schema', async () => {
  const root = await document()
  const { requestBody } = root.paths['/commands/item/{id}/ReceiveStock'].post
  const { schema } = requestBody.content['application/json']
  expect(at(root, schema.$ref)).toMatchObject({
    type: 'object',
    properties: { quantity: { type: 'integer', exclusiveMinimum: 0 } },
    required: ['quantity'],
  })
})

test('a schema that refers to itself also does so inside the document', async () => {
  const root = await document()
  expect(at(root, '#/components/schemas/item.Assemble/properties/parts/items')).toEqual({
    $ref: '#/components/schemas/item.Assemble',
  })
})

test('a member that JSON Schema cannot describe allows anything', async () => {
  const root = await document()
  expect(at(root, '#/components/schemas/item.Schedule')).toMatchObject({ properties: { at: {} }, required: ['at'] })
})

test('every event is a component', async () => {
  const { components } = await document()
  for (const { type, version } of shop.events) {
    expect(components.schemas).toHaveProperty([`${type}.v${version}`])
    expect(components.schemas).toHaveProperty([`${type}.v${version}.data`])
  }
  expect(components.schemas['StockReceived.v1.data'].properties).toHaveProperty('quantity')
})

test('the columns of a table are typed', async () => {
  const root = await document()
  const operation = root.paths['/tables/stock_levels'].get
  const { properties, required } = operation.responses[200].content['application/json'].schema.properties.rows.items
  expect(properties).toMatchObject({
    item_id: { type: 'string' },
    in_stock: { type: 'integer' },
    low: { type: 'boolean' },
    last_seen: { type: ['string', 'null'], format: 'date' },
    extras: {},
  })
  expect(required).toHaveLength(7)
  const where = operation.parameters.find(({ name }: { name: string }) => name === 'where')
  expect(where).toMatchObject({ style: 'deepObject', explode: true })
  const { in_stock, low, limit, extras } = where.schema.properties
  expect(Object.keys(in_stock.anyOf[1].properties)).toEqual('eq ne lt lte gt gte in notIn'.split(' '))
  expect(in_stock.anyOf[0]).toEqual(in_stock.anyOf[1].properties.gte)
  expect(Object.keys(low.anyOf[1].properties)).toEqual(['eq', 'ne'])
  expect(limit.anyOf[1].properties.isNull).toEqual({ type: 'boolean' })
  expect(extras).toBeUndefined()
  const orderBy = operation.parameters.find(({ name }: { name: string }) => name === 'orderBy')
  expect(orderBy.schema.items.enum).toEqual(expect.arrayContaining(['in_stock', '-in_stock']))
  expect(orderBy.schema.items.enum).not.toContain('extras')
})

test('every problem is described with its type', async () => {
  const { components, paths } = await document()
  const { responses } = paths['/commands/item/{id}/ShipStock'].post
  expect(Object.keys(responses).sort()).toEqual(
    '200 400 401 403 404 409 412 413 414 415 422 429 431 500 503 504 507'.split(' '),
  )
  expect(components.responses.Problem422.description).toContain('urn:indelible:refusal:')
  expect(components.responses.Problem422.description).toContain('urn:indelible:error:command_id_reused')
  expect(components.responses.Problem504.description).toContain('urn:indelible:error:wait_timeout')
  expect(components.responses.Problem409.description).toContain('urn:indelible:error:projection_busy')
  expect(Object.keys(paths['/projections/notes/rebuild'].post.responses)).toContain('409')
  expect(paths['/health'].get.responses[503].content).toHaveProperty(['application/json'])
})

test('the content type of the metrics is documented', async () => {
  const { paths } = await document()
  expect(Object.keys(paths['/metrics'].get.responses[200].content)).toEqual([
    'text/plain; version=0.0.4; charset=utf-8',
  ])
})

test('the documented states of projections in health are all that exist', async () => {
  const root = await document()
  const { items } = root.paths['/health'].get.responses[200].content['application/json'].schema.properties.consumers
  const { anyOf } = at(root, items.$ref) as { anyOf: readonly { $ref: string }[] }
  const { properties } = at(root, anyOf[0]!.$ref) as { properties: { state: { enum: string[] } } }
  expect(properties.state.enum).toEqual(
    'starting standby rebuilding running retrying parked paused diverged stopped'.split(' '),
  )
})
