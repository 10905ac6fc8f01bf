// Whatever bytes a client sends: no fault of the server, no hang, no word about its insides, and a good request is answered afterwards.
import { connect } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { serve } from '../src/index.ts'
import { type Attack, attack } from './attacks.ts'
import { type PlainRequest, plainRequest } from './requests.ts'
import { runningShop } from './shop.ts'

const isLong = process.env.INDELIBLE_LONG !== undefined
/** A log that became long would make the test slow, and say nothing new. */
const requestsOfShop = 2_000
/** Connections at the same time. */
const together = 32
/** Looks at a connection until it counts as hanging. Time in which this process got no turn does not count. */
const looksMax = 150
const lookMs = 100
/** A request that is not complete gets no answer: the client waits a moment, and ends the connection. */
const quietMs = 15

/** Statuses above 500 that are no fault: a parked table, a wait that timed out, a client that left. */
const unavailable = [
  'projection_parked',
  'wait_timeout',
  'aborted',
  'too_many_waits',
  'server_busy',
  'table_outdated',
  'projections_ended',
]
const insides = [
  process.cwd(),
  homedir() === '/' ? '/root' : homedir(),
  `${tmpdir()}/`,
  'node_modules',
  'file://',
  'node:internal',
]

/** Shops behind a socket, one after the other. */
async function shops() {
  const onError = vi.fn()
  let current: Awaited<ReturnType<typeof open>> | undefined
  let requests = 0
  async function open() {
    const running = runningShop()
    const limits = { requestsPerSecond: Number.POSITIVE_INFINITY, heavyPerSecond: Number.POSITIVE_INFINITY }
    const server = await serve(running, { port: 0, onError, ...limits })
    return { running, server, port: Number(new URL(server.url).port) }
  }
  const close = async () => {
    await current?.server.close()
    await current?.running.close()
  }
  onTestFinished(close)
  return {
    onError,
    async next(count: number) {
      requests -= count
      if (requests > 0) return current!
      requests = requestsOfShop
      await close()
      current = await open()
      return current
    },
  }
}

/** What the server answers to these bytes until the connection is closed. Fails if that takes too long. */
async function answerTo(port: number, bytes: Attack): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const received: Buffer[] = []
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => {})
  let quiet = setTimeout(() => socket.end(), quietMs)
  socket.on('data', (data) => {
    received.push(data)
    clearTimeout(quiet)
    quiet = setTimeout(() => socket.end(), quietMs)
  })
  socket.write(Buffer.from(bytes, 'latin1'))
  let looks = 0
  const patience = setInterval(() => {
    if (++looks === looksMax) socket.destroy(new Error('hangs'))
  }, lookMs)
  await closed
  clearTimeout(quiet)
  clearInterval(patience)
  if (socket.errored?.message === 'hangs') throw new Error('The server neither answers nor ends the connection.')
  return Buffer.concat(received).toString('latin1')
}

function assertHarmless(answer: string): void {
  for (const [, status, head, rest] of answer.matchAll(
    /HTTP\/1\.1 (\d{3}) ([\s\S]*?)\r\n\r\n([\s\S]*?)(?=HTTP\/1\.1 \d{3} |$)/g,
  )) {
    expect(head).not.toMatch(/^x-injected/im)
    assertTold(Number(status), rest!)
  }
}

function assertTold(status: number, body: string): void {
  if (status >= 400 && body.length > 0) assertProblem(status, body)
}

function assertProblem(status: number, body: string): void {
  for (const inside of insides) expect(body).not.toContain(inside)
  expect(body).not.toMatch(/\n\s+at |\.[cm]?[jt]s:\d+|\bSELECT\b.*\bFROM\b|\bINSERT INTO\b/)
  // A problem document that the client ended before it was complete proves nothing.
  if (!body.trimEnd().endsWith('}')) return
  const { type, checks } = JSON.parse(Buffer.from(body, 'latin1').toString()) as { type?: string; checks?: unknown }
  if (checks !== undefined || (type === undefined && status === 503)) return
  expect(type).toMatch(/^urn:indelible:(error|refusal):/)
  if (status >= 500) expect(unavailable.map((code) => `urn:indelible:error:${code}`)).toContain(type)
}

async function assertServes(url: string): Promise<void> {
  const response = await fetch(`${url}/streams/item-nothing`)
  expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
  await response.arrayBuffer()
}

test('no bytes on a connection make the server fail, hang, or tell of its insides', async () => {
  const { onError, next } = await shops()
  const statuses = new Set<string>()
  let count = 0
  await fc.assert(
    fc.asyncProperty(fc.array(attack, { minLength: together, maxLength: together }), async (attacks) => {
      const { port, server } = await next(together)
      const answers = await Promise.all(attacks.map((each) => answerTo(port, each)))
      for (const answer of answers) {
        assertHarmless(answer)
        statuses.add(answer.slice(9, 12))
      }
      expect(onError.mock.calls).toEqual([])
      if (count++ % 20 === 0) await assertServes(server.url)
    }),
    { numRuns: (isLong ? 1_000_000 : 1_280) / together },
  )
  // Requests that fail the first check would prove little.
  expect([...statuses]).toEqual(expect.arrayContaining(['200', '400', '404', '405', '403']))
  if (isLong) expect(process.memoryUsage().heapUsed).toBeLessThan(1_024 * 1_024 * 1_024)
})

test('no request of a client makes the server fail or tell of its insides', async () => {
  const { onError, next } = await shops()
  await fc.assert(
    fc.asyncProperty(plainRequest, async (request) => {
      const { server } = await next(1)
      const response = await fetched(server.url, request)
      if (!response) return
      // A live feed does not end.
      if (response.headers.get('content-type')?.startsWith('text/event-stream')) return await response.body?.cancel()
      assertTold(response.status, Buffer.from(await response.arrayBuffer()).toString('latin1'))
      expect(onError.mock.calls).toEqual([])
    }),
    { numRuns: isLong ? 100_000 : 500 },
  )
})

/** Undefined if no client can send it. */
async function fetched(url: string, { method, target, headers, body }: PlainRequest): Promise<Response | undefined> {
  let request: Request
  try {
    const sent = new Headers({ 'content-type': 'application/json' })
    for (const [name, value] of headers) if (!/^(host|expect|upgrade)$/i.test(name)) sent.append(name, value)
    const withBody = body !== undefined && method !== 'GET' && method !== 'HEAD'
    request = new Request(url + target, { method, headers: sent, ...(withBody ? { body } : {}) })
  } catch {
    return undefined
  }
  return await fetch(request).catch((error: { readonly cause?: { readonly code?: string } }) => {
    if (error.cause?.code?.startsWith('UND_ERR_INVALID') || error.cause?.code === 'UND_ERR_NOT_SUPPORTED')
      return undefined
    throw error
  })
}
