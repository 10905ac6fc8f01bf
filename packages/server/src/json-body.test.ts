import { expect, test } from 'vitest'
import { openShop } from '../test/shop.ts'
import { bodyBytesMaxDefault, jsonDepthMax } from './limits.ts'

const path = '/commands/item/tea/TakeNote'
const json = { 'content-type': 'application/json' }

function post(body: RequestInit['body'], headers: Record<string, string> = json, init: object = {}) {
  return openShop().get(path, { method: 'POST', headers, body: body ?? null, ...init })
}

test.each([
  ['{"a": abc}', 1, 7],
  ['{"a": 1', 1, 8],
  ['{"a": [1, 2,]}', 1, 13],
  ['{\n  "a": 1,\n  b: 2\n}', 3, 3],
  ['["a",\n"b",\n}', 3, 1],
  ['{"a": "one\ntwo"}', 1, 11],
  ['nul', 1, 4],
  ['undefined', 1, 1],
  ['"abc', 1, 5],
  ['{"a": 1} x', 1, 10],
  [`${'["x",'.repeat(50)} nope`, 1, 253],
])('malformed JSON is refused with the place: %s', async (text, line, column) => {
  const { status, body } = await post(text)
  expect(status).toBe(400)
  expect(body).toMatchObject({ type: 'urn:indelible:error:malformed_body', line, column })
  expect(body.detail).toMatch(/^The body is not JSON: [^:]+ at line \d+, column \d+\.$/)
})

test('an empty body is refused', async () => {
  for (const body of ['', '  \n']) {
    expect(await post(body)).toMatchObject({ status: 400, body: { detail: expect.stringContaining('empty') } })
  }
})

test.each([
  [{ 'content-type': 'text/plain' }],
  [{ 'content-type': 'application/x-www-form-urlencoded' }],
  [{ 'content-type': 'application/json; charset=latin1' }],
  [{ ...json, 'content-encoding': 'gzip' }],
  [{}],
])('a body whose content type is not plain JSON is refused: %j', async (headers) => {
  const { status, body } = await post('{}', headers)
  expect(status).toBe(415)
  expect(body.type).toBe('urn:indelible:error:content_type_unsupported')
})

test.each(['application/json;charset=UTF-8', 'application/vnd.shop+json', 'Application/JSON'])(
  'every JSON content type is accepted: %s',
  async (contentType) => {
    expect((await post('{}', { 'content-type': contentType })).status).toBe(200)
  },
)

test('bytes that are not UTF-8 are refused', async () => {
  const { status, body } = await post(new Uint8Array([0x22, 0xc3, 0x28, 0x22]))
  expect(status).toBe(400)
  expect(body.detail).toBe('The body is not UTF-8.')
})

test('a body above the limit is refused, with a declared length or without', async () => {
  const fits = JSON.stringify('x'.repeat(bodyBytesMaxDefault - 2))
  expect((await post(fits)).status).toBe(200)
  const tooLarge = JSON.stringify('x'.repeat(bodyBytesMaxDefault - 1))
  const said = await post(tooLarge, { ...json, 'content-length': String(tooLarge.length) })
  const unsaid = await post(new Blob([tooLarge]).stream(), json, { duplex: 'half' })
  for (const { status, body } of [said, unsaid]) {
    expect(status).toBe(413)
    expect(body).toMatchObject({ type: 'urn:indelible:error:body_too_large', bytesMax: bodyBytesMaxDefault })
  }
})

test('the limit is configurable', async () => {
  const { post } = openShop({ api: { bodyBytesMax: 10 } })
  expect((await post(path, '12345678')).status).toBe(200)
  expect((await post(path, '123456789')).status).toBe(413)
})

test('deep nesting is refused and crashes nothing', async () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  expect((await post(nested(jsonDepthMax))).status).toBe(200)
  for (const depth of [jsonDepthMax + 1, 500_000]) {
    const { status, body } = await post(nested(depth))
    expect(status).toBe(400)
    expect(body.detail).toContain('levels of arrays and objects')
  }
})

test('keys that change prototypes are refused, and duplicate keys count once', async () => {
  const { get } = openShop()
  const take = (body: string) => get(path, { method: 'POST', headers: json, body })
  const rewired = await take('{"a": [{"__proto__": {"admin": true}}]}')
  expect(rewired).toMatchObject({ status: 400, body: { detail: expect.stringContaining('__proto__') } })
  expect(({} as { admin?: boolean }).admin).toBeUndefined()
  expect((await take('{"a": 1, "a": 2, "constructor": 3}')).status).toBe(200)
  expect((await get('/streams/item-tea')).body.events[0].data.note).toEqual({ a: 2, constructor: 3 })
})
