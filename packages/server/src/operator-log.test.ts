import { IndelibleError, type SystemNotice } from 'indelible'
import { expect, test, vi } from 'vitest'
import { openShop } from '../test/shop.ts'
import { operatorLog } from './operator-log.ts'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

/** What is written, as one text. */
function log(format: 'text' | 'json') {
  const lines: string[] = []
  const log = operatorLog({ format, write: (line) => void lines.push(line) })
  return { ...log, text: () => lines.join(''), entries: () => lines.map((line) => JSON.parse(line)) }
}

test('a fault is one line of JSON with its time, kind, trace and stack', () => {
  const { onError, entries, text } = log('json')
  const cause = new Error('the disk\nis gone')
  const error = new IndelibleError('io_failed', 'Cannot write.', { cause, details: { password: 'hunter2' } })
  onError(error, { method: 'POST', path: '/claims', traceparent })
  expect(text().match(/\n/g)).toHaveLength(1)
  expect(entries()).toEqual([
    {
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      level: 'error',
      message: 'A request failed.',
      kind: 'request failed',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      span_id: 'b7ad6b7169203331',
      method: 'POST',
      path: '/claims',
      error: {
        name: 'IndelibleError',
        code: 'io_failed',
        message: 'Cannot write.',
        stack: expect.arrayContaining([expect.stringContaining('operator-log.test.ts')]),
        cause: { name: 'Error', message: 'the disk\nis gone', stack: expect.any(Array) },
      },
    },
  ])
})

test.each(['text', 'json'] as const)('nothing in %s can look like a line of its own, or move the cursor', (format) => {
  const { onError, onRequest, text } = log(format)
  const evil = 'x\r\n2026-01-01T00:00:00.000Z info request: faked\u001b[2J\u2028\u202e'
  onRequest({ method: evil, path: evil, status: 200, ms: 1, traceparent: evil })
  onError(new Error(evil), { method: 'GET', path: evil, traceparent: undefined })
  const lines = text().split('\n')
  expect(lines.filter((line) => /^2026-01-01/.test(line))).toEqual([])
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones
  expect(text().replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/)
})

test.each(['text', 'json'] as const)(
  'passwords in URLs are hidden in %s, and rows and details are left out',
  (format) => {
    const { onError, onNotice, text } = log(format)
    onError(new Error('No answer from postgres://app:hunter2@db:5432/bank.'), { method: 'GET', path: '/', traceparent })
    const event = { position: 7, id: 'e', type: 'NoteTaken', stream: 'item-tea' }
    onNotice({
      kind: 'parked',
      name: 'notes',
      error: { message: 'broken', event, row: { note: 'hunter2' } },
    } as SystemNotice)
    expect(text()).toContain('postgres://…@db:5432/bank')
    expect(text()).not.toContain('hunter2')
  },
)

test('a notice says what it means, with its facts', () => {
  const { onNotice, entries } = log('json')
  onNotice({ kind: 'stale', name: 'stock_levels', lagMs: 900, targetMs: 500 })
  onNotice({ kind: 'registry failed', message: 'full' })
  expect(entries()).toMatchObject([
    {
      level: 'warn',
      kind: 'stale',
      message: 'A read table is older than its target.',
      name: 'stock_levels',
      lagMs: 900,
    },
    { level: 'warn', kind: 'registry failed', reason: 'full' },
  ])
})

test('text is for people: one line, the fault and where it was thrown below it', () => {
  const { onError, text } = log('text')
  onError(new IndelibleError('io_failed', 'Cannot write.'), { method: 'GET', path: '/a b', traceparent })
  const [first, second, third] = text().split('\n')
  expect(first).toMatch(
    /^\S+Z error request failed: A request failed\. method=GET path="\/a b" trace=0af7651916cd43dd8448eb211c80319c$/,
  )
  expect(second).toBe('  io_failed: Cannot write.')
  expect(third).toMatch(/^ {4}at .*operator-log\.test\.ts/)
})

test('requests are told after they were answered, with the trace of the client', async () => {
  const onRequest = vi.fn()
  const { get } = openShop({ api: { onRequest } })
  await get('/health?x=secret', { headers: { traceparent } })
  expect(onRequest).toHaveBeenCalledExactlyOnceWith({
    method: 'GET',
    path: '/health',
    status: 400,
    ms: expect.any(Number),
    traceparent,
  })
})
