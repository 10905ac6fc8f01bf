// Live feeds against a small server that speaks their form, and loses connections in every way.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ClientError, client, type Progress } from '@indelible/client'
import fc from 'fast-check'
import { expect, expectTypeOf, onTestFinished, test, vi } from 'vitest'
import type { bank } from '../../../examples/bank/bank.ts'
import { messagesIn } from '../src/event-stream.ts'
import { feedSilenceMs } from '../src/limits.ts'
import { answering } from './served.ts'

const event = (position: number) => ({
  id: position,
  event: 'event',
  data: { position, type: 'FundsDeposited', stream: 'account-ann', data: { amount: position } },
})
type Message = { readonly id?: number | ''; readonly event: string; readonly data: unknown }

const encoded = ({ id, event, data }: Message) =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** A server of a log with so many events, whose connections each go as `part` says. */
async function feedOf(events: number, part: (response: ServerResponse, rest: readonly Message[]) => void) {
  const requests: IncomingMessage[] = []
  const url = await answering((request, response) => {
    requests.push(request)
    const asked = new URL(request.url!, 'http://localhost').searchParams
    const after = Number(request.headers['last-event-id'] ?? asked.get('after') ?? events)
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('retry: 1\n\n')
    part(
      response,
      Array.from({ length: Math.max(0, events - after) }, (_, index) => event(after + 1 + index)),
    )
  })
  return { requests, api: client<typeof bank>({ url }) }
}

const all = (response: ServerResponse, rest: readonly Message[]) => response.write(rest.map(encoded).join(''))

test('events come typed, from a position on, until the loop ends', async () => {
  const { api, requests } = await feedOf(5, all)
  const amounts: number[] = []
  for await (const event of api.events({ types: ['FundsDeposited', 'FundsWithdrawn'], tags: ['a:b'], after: 2 })) {
    expectTypeOf(event.type).toEqualTypeOf<'FundsDeposited' | 'FundsWithdrawn'>()
    amounts.push(event.data.amount)
    if (event.position === 5) break
  }
  expect(amounts).toEqual([3, 4, 5])
  expect(requests[0]!.url).toBe('/events?types=FundsDeposited%2CFundsWithdrawn&tags=a%3Ab&after=2')
  expect(requests[0]!.headers.accept).toBe('text/event-stream')
})

test.each([
  ['the server closes', { reason: 'closing' }],
  ['the reader was slow', { reason: 'slow' }],
  ['it failed', { reason: 'failed', error: { code: 'tables_unavailable', message: 'No table.' } }],
])('a feed goes on after its last event where %s', async (_what, end) => {
  const { api, requests } = await feedOf(4, (response, rest) => {
    response.end([...rest.slice(0, 2), { event: 'end', data: end }].map(encoded).join(''))
  })
  const lost: ClientError[] = []
  const positions: number[] = []
  for await (const { position } of api
    .aggregate('account', 'ann')
    .follow({ after: 0, onLost: (error) => lost.push(error) })) {
    positions.push(position)
    if (position === 4) break
  }
  expect(positions).toEqual([1, 2, 3, 4])
  expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '2'])
  expect(lost).toMatchObject([{ name: 'ClientError', code: 'unreachable', details: { reason: end.reason } }])
})

test('progress is told, and is where a feed goes on in which nothing matched', async () => {
  const reached = (event: string, position: number) => ({
    id: position,
    event,
    data: { position, history: `h${position}` },
  })
  const { api, requests } = await feedOf(0, (response) => {
    response.end([reached('progress', 7), reached('caught-up', 9)].map(encoded).join(''))
  })
  const stop = new AbortController()
  const told: Progress[] = []
  const onProgress = (progress: Progress) => told.push(progress) === 4 && stop.abort()
  for await (const event of api.events({ after: 0, history: 'h0', signal: stop.signal, onProgress }))
    expect(event).toBe(0)
  expect(told.slice(0, 2)).toEqual([
    { position: 7, history: 'h7', isCaughtUp: false },
    { position: 9, history: 'h9', isCaughtUp: true },
  ])
  expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '9'])
  expect(requests[0]!.url).toBe('/events?after=0&history=h0')
})

test('a connection that is silent for too long is made again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { api, requests } = await feedOf(2, (response, rest) => response.write(encoded(rest[0]!)))
  const feed = api.events({ after: 0 })
  expect((await feed.next()).value).toMatchObject({ position: 1 })
  const second = feed.next()
  await vi.advanceTimersByTimeAsync(feedSilenceMs - 1)
  expect(requests).toHaveLength(1)
  // The wait before the next try has its own timer, which begins when the loss is noticed.
  const passing = (async () => {
    while (requests.length < 2) await vi.advanceTimersByTimeAsync(100)
  })()
  expect((await second).value).toMatchObject({ position: 2 })
  await passing
  await feed.return()
})

test('an answer that says no ends a feed with its error', async () => {
  const problem = {
    type: 'urn:indelible:error:feed_diverged',
    title: 'Diverged.',
    status: 409,
    detail: 'It is another log.',
  }
  const url = await answering((_request, response) => {
    response
      .writeHead(409, { 'Content-Type': 'application/problem+json' })
      .end(JSON.stringify({ ...problem, details: {} }))
  })
  const feed = client<typeof bank>({ url }).events({ after: 3 })
  await expect(feed.next()).rejects.toMatchObject({ code: 'feed_diverged', status: 409, message: 'It is another log.' })
})

test('a server that is busy or away is asked again', async () => {
  let requests = 0
  const url = await answering((request, response) => {
    requests += 1
    if (requests === 1) request.socket.destroy()
    else if (requests === 2) response.writeHead(503).end()
    else response.writeHead(200).write(encoded(event(1)))
  })
  const feed = client<typeof bank>({ url }).events({ after: 0 })
  expect((await feed.next()).value).toMatchObject({ position: 1 })
  await feed.return()
})

test('rows of a table come as they are, and then as they change', async () => {
  const row = { account_id: 'ann', owner: 'Ann', status: 'open', balance: 5 }
  const changed = (change: string, position: number, row: unknown) => ({
    id: position,
    event: 'row',
    data: { change, position, key: { account_id: 'ann' }, row },
  })
  const { api, requests } = await feedOf(0, (response) => {
    const messages = [
      { id: 0, event: 'reset', data: { position: 4 } },
      changed('snapshot', 4, row),
      changed('update', 5, { ...row, balance: 6 }),
      changed('delete', 6, null),
    ]
    response.write(messages.map(encoded).join(''))
  })
  const seen: unknown[] = []
  for await (const each of api.table('account_balances').changes({ where: { status: 'open' } })) {
    if (each.change === 'update') expectTypeOf(each.row.balance).toEqualTypeOf<number>()
    seen.push([each.change, each.position, each.change === 'reset' ? undefined : each.row?.balance])
    if (each.change === 'delete') break
  }
  expect(seen).toEqual([
    ['reset', 4, undefined],
    ['snapshot', 4, 5],
    ['update', 5, 6],
    ['delete', 6, undefined],
  ])
  expect(requests[0]!.url).toBe('/tables/account_balances/changes?where%5Bstatus%5D%5Beq%5D=open')
})

test('whatever is lost on the way, each event comes once and in order', async () => {
  const cuts = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 700 }), kills: fc.boolean() }), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 12 }), cuts, async (events, coming) => {
      const waiting = [...coming]
      const { api } = await feedOf(events, (response, rest) => {
        const cut = waiting.shift()
        const bytes = Buffer.from(rest.map(encoded).join(': heartbeat\n\n'))
        if (!cut) return void response.write(bytes)
        response.write(bytes.subarray(0, cut.bytes), () => (cut.kills ? response.destroy() : response.end()))
      })
      const positions: number[] = []
      for await (const { position } of api.events({ after: 0 })) {
        positions.push(position)
        if (position === events) break
      }
      expect(positions).toEqual(Array.from({ length: events }, (_, index) => index + 1))
    }),
    { numRuns: process.env.INDELIBLE_LONG ? 1_000 : 30 },
  )
})

test('a stream of messages is read the same however it is cut into pieces', async () => {
  const text =
    '\ufeffevent: a\r\ndata: 1\rdata:2\n\r\n: comment\n\nid: 7\ndata: ž\nnothing\n\nretry: 30\n\ndata: {"a": "b: c"}\n\ndata: unfinished'
  const whole = [
    { kind: 'a', data: '1\n2', id: undefined, retryMs: undefined },
    { kind: 'message', data: 'ž', id: '7', retryMs: undefined },
    { kind: 'message', data: '', id: undefined, retryMs: 30 },
    { kind: 'message', data: '{"a": "b: c"}', id: undefined, retryMs: undefined },
  ]
  const bytes = new TextEncoder().encode(text)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length)), async (places) => {
      const ends = [...places, bytes.length].sort((one, other) => one - other)
      const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
      const messages = []
      for await (const message of messagesIn(ReadableStream.from(pieces) as ReadableStream<Uint8Array>, () => {}))
        messages.push(message)
      expect(messages).toEqual(whole)
    }),
    { numRuns: 100 },
  )
})
