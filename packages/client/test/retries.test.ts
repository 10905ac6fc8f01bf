// What is tried again, what is not, and that a command has one effect whatever fails on the way.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { client, isClientError } from '@indelible/client'
import { httpApi } from '@indelible/server'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import type { bank } from '../../../examples/bank/bank.ts'
import { balanceOf, bankInMemory } from '../../../examples/bank/test/bank-in-memory.ts'
import { answering, servedUrl } from './served.ts'

type Options = Parameters<typeof client>[0]

const account = (url: string, options: Partial<Options> = {}) =>
  client<typeof bank>({ url, ...options }).aggregate('account', 'ann')

const accepted = {
  status: 'accepted',
  commandId: 'c',
  stream: 'account-ann',
  version: 1,
  position: 1,
  duplicate: false,
}

function problem(response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}): void {
  const document = { type: `urn:indelible:error:${code}`, title: 'It failed.', status, detail: 'It failed so.' }
  response.writeHead(status, { 'Content-Type': 'application/problem+json', ...headers })
  response.end(JSON.stringify({ ...document, details: {}, stream: 'account-ann', version: 7 }))
}

/** Answers each request in turn, and what comes later as the last. Returns the requests that came. */
async function script(...answers: ((response: ServerResponse, request: IncomingMessage) => void)[]) {
  const requests: IncomingMessage[] = []
  const url = await answering((request, response) => {
    requests.push(request)
    request.resume()
    answers[Math.min(requests.length, answers.length) - 1]!(response, request)
  })
  return { url, requests }
}

const ok = (response: ServerResponse) => response.end(JSON.stringify(accepted))
const reset = (_response: ServerResponse, { socket }: IncomingMessage) => socket.destroy()
const half = (response: ServerResponse) => {
  response.writeHead(200, { 'Content-Length': 1_000 })
  response.write('{"status":')
  response.socket!.end()
}

test.each([
  ['a connection that is reset', reset],
  ['an answer that breaks off', half],
  ['503 with Retry-After', (response: ServerResponse) => problem(response, 503, 'io_failed', { 'Retry-After': '0' })],
  ['429', (response: ServerResponse) => problem(response, 429, 'too_many_waits')],
  ['504 of a proxy', (response: ServerResponse) => response.writeHead(504).end()],
  ['409 of a command that was overtaken', (response: ServerResponse) => problem(response, 409, 'overtaken')],
  ['502 of a proxy', (response: ServerResponse) => response.writeHead(502).end('<h1>Bad gateway</h1>')],
  ['a page of a proxy', (response: ServerResponse) => response.end('<h1>Log in</h1>')],
] as const)('a command is sent again after %s, with the same id', async (_what, fail) => {
  const { url, requests } = await script(fail, fail, ok)
  expect(await account(url).send('DepositFunds', { amount: 1 })).toMatchObject({ status: 'accepted' })
  const ids = requests.map(({ headers }) => headers['idempotency-key'])
  expect(ids).toHaveLength(3)
  expect(new Set(ids).size).toBe(1)
  expect(ids[0]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
})

test.each([
  ['400', 400, 'invalid_command'],
  ['403', 403, 'access_denied'],
  ['422 of an id that was used', 422, 'command_id_reused'],
  ['500', 500, 'internal'],
  ['503 that is final', 503, 'store_poisoned'],
  ['504 of a wait that is over', 504, 'wait_timeout'],
  ['507', 507, 'store_full'],
] as const)('nothing is sent again after %s', async (_what, status, code) => {
  const { url, requests } = await script((response) => problem(response, status, code))
  const sent = account(url).send('DepositFunds', { amount: 1 }, { commandId: 'c' })
  await expect(sent).rejects.toMatchObject({ code, status, details: { commandId: 'c' } })
  expect(requests).toHaveLength(1)
})

test('a command that stays overtaken is a conflict after the last try', async () => {
  const { url, requests } = await script((response) => problem(response, 409, 'overtaken'))
  const outcome = await account(url, { triesMax: 3 }).send('DepositFunds', { amount: 1 }, { commandId: 'c' })
  expect(outcome).toEqual({ status: 'conflict', commandId: 'c', stream: 'account-ann', version: 7 })
  expect(requests).toHaveLength(3)
})

test('what is not idempotent is sent once', async () => {
  const { url, requests } = await script(reset)
  const saga = client<typeof bank>({ url }).saga('transfer', 't')
  await expect(saga.cancel('Fraud')).rejects.toMatchObject({ code: 'unreachable' })
  await expect(saga.decide('check', {})).rejects.toMatchObject({ code: 'unreachable' })
  expect(requests).toHaveLength(2)
})

test('a server that never answers is given up in time', async () => {
  const { url, requests } = await script(() => {})
  const late = account(url, { timeoutMs: 400, tryTimeoutMs: 100 }).state()
  await expect(late).rejects.toMatchObject({ name: 'ClientError', code: 'timeout' })
  expect(requests.length).toBeGreaterThan(1)
})

test('a server that is not there is an error with a code', async () => {
  const options = { triesMax: 2 }
  await expect(account('http://127.0.0.1:9', options).state()).rejects.toMatchObject({ code: 'unreachable' })
})

test('a signal ends a request, and the wait for the next try', async () => {
  for (const answer of [
    () => {},
    (response: ServerResponse) => problem(response, 503, 'aborted', { 'Retry-After': '9' }),
  ]) {
    const stop = new AbortController()
    const { url } = await script((response) => {
      answer(response)
      setTimeout(() => stop.abort(), 50)
    })
    const error = await account(url)
      .state({ signal: stop.signal })
      .catch((caught: unknown) => caught)
    expect(isClientError(error, 'aborted')).toBe(true)
  }
})

test('a token is asked for once more after a 401', async () => {
  const tokens = ['old', 'new', 'newer']
  const { url, requests } = await script((response, { headers }) =>
    headers.authorization === 'Bearer new' ? ok(response) : problem(response, 401, 'unauthenticated'),
  )
  const outcome = await account(url, { token: async () => tokens.shift()! }).send('DepositFunds', { amount: 1 })
  expect(outcome.status).toBe('accepted')
  expect(requests).toHaveLength(2)
  await expect(account(url, { token: 'old' }).state()).rejects.toMatchObject({ code: 'unauthenticated', status: 401 })
  expect(requests).toHaveLength(3)
  await expect(account(url, { token: () => 'old' }).state()).rejects.toMatchObject({ status: 401 })
  expect(requests).toHaveLength(5)
})

test('a token that cannot be had is asked for again, and is an error with a code', async () => {
  const { url, requests } = await script(ok)
  const fails = [true, false]
  const token = () => (fails.shift() ? Promise.reject(new Error('The identity provider is away.')) : 'new')
  expect(await account(url, { token }).send('DepositFunds', { amount: 1 })).toMatchObject({ status: 'accepted' })
  expect(requests).toHaveLength(1)
  const never = account(url, { token: () => Promise.reject(new Error('No.')), triesMax: 2 }).state()
  await expect(never).rejects.toMatchObject({ code: 'token_failed' })
})

test('a request that cannot be made is an error at once', async () => {
  const { url, requests } = await script(ok)
  await expect(account(url, { headers: { 'X-Tenant': 'a\nb' } }).state()).rejects.toMatchObject({
    code: 'invalid_request',
  })
  const odd = client<typeof bank>({ url }).aggregate('account', '\ud800').state()
  await expect(odd).rejects.toMatchObject({ code: 'invalid_request' })
  expect(requests).toHaveLength(0)
})

test('headers of the caller take the place of those that the client makes', async () => {
  const { url, requests } = await script(ok)
  await account(url, { headers: { Authorization: 'Basic YTpi' } }).state()
  expect(requests[0]!.headers.authorization).toBe('Basic YTpi')
})

test('headers and trace context go with each request', async () => {
  const { url, requests } = await script(ok)
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await account(url, { headers: { 'X-Tenant': 'a' }, traceparent: () => traceparent }).state()
  expect(requests[0]!.headers).toMatchObject({ 'x-tenant': 'a', traceparent })
})

test('a command whose answer is lost after it was carried out has one effect', async () => {
  const running = bankInMemory()
  const url = await servedUrl(running)
  await account(url).send('OpenAccount', { owner: 'Ann' })
  let lost = 0
  const lossy = account(url, {
    fetch: async (request) => {
      const response = await fetch(request)
      if (lost++ < 3) throw new TypeError('socket hang up')
      return response
    },
  })
  expect(await lossy.send('DepositFunds', { amount: 5 })).toMatchObject({ status: 'accepted', duplicate: true })
  expect(await balanceOf(running.store, 'ann')).toBe(5)
})

/** What happens to one try: before the server sees it, or after it has answered. */
const mishap = fc.constantFrom('none', 'before', 'after', 'busy', 'cut', 'proxy')

test('whatever fails on the way, a command is carried out at most once and its outcome is learned', async () => {
  const running = bankInMemory()
  onTestFinished(() => running.close())
  const { fetch: api } = httpApi(running)
  let number = 0
  const steps = fc.array(
    fc.record({ amount: fc.integer({ min: -3, max: 5 }), mishaps: fc.array(mishap, { maxLength: 4 }) }),
    { minLength: 1, maxLength: 5 },
  )
  await fc.assert(
    fc.asyncProperty(steps, async (commands) => {
      const id = `a${number++}`
      let coming: string[] = []
      const faulty = async (request: Request): Promise<Response> => {
        const what = coming.shift() ?? 'none'
        if (what === 'before') throw new TypeError('fetch failed')
        if (what === 'busy') return new Response('', { status: 503, headers: { 'Retry-After': '0' } })
        if (what === 'proxy') return new Response('<h1>Bad gateway</h1>', { status: 502 })
        const response = await api(request)
        if (what === 'after') throw new TypeError('socket hang up')
        return what === 'cut' ? new Response((await response.text()).slice(0, -3)) : response
      }
      const to = client<typeof bank>({ url: 'http://localhost', fetch: faulty, retryDelayMs: 0 }).aggregate(
        'account',
        id,
      )
      await to.send('OpenAccount', { owner: 'Ann' })
      let balance = 0
      for (const { amount, mishaps } of commands) {
        coming = [...mishaps]
        const withdraws = amount < 0
        const outcome = withdraws
          ? await to.send('WithdrawFunds', { amount: -amount })
          : await to.send('DepositFunds', { amount: amount + 1 })
        const mayBe = withdraws ? balance + amount >= 0 : true
        expect(outcome.status).toBe(mayBe ? 'accepted' : 'refused')
        if (mayBe) balance += withdraws ? amount : amount + 1
        coming = []
        expect(await balanceOf(running.store, id)).toBe(balance)
      }
    }),
    { numRuns: process.env.INDELIBLE_LONG ? 2_000 : 60 },
  )
})
