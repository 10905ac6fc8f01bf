import { MessageChannel, Worker } from 'node:worker_threads'
import { expect, onTestFinished, test, vi } from 'vitest'
import { IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import { type CallContext, errorFrom, errorMessage, type Handlers, serve, ThreadClient } from './index.ts'

interface Protocol {
  double(n: number): number
  fill(size: number): Uint8Array
  fail(thrown: 'ours' | 'node' | 'text' | 'function'): void
  wait(): string
  count(to: number): string
}

const ended = (cause: unknown) => new IndelibleError('io_failed', 'The thread ended.', { cause })

function connect(handlers: Partial<Handlers<Protocol>> = {}, options: { close?: () => Promise<void> } = {}) {
  const { port1, port2 } = new MessageChannel()
  onTestFinished(() => port2.close())
  const server = serve<Protocol>(port2, { ...answers, ...handlers }, options)
  const onNotice = vi.fn()
  return { client: new ThreadClient<Protocol>(port1, { ended, onNotice }), server, port: port2, onNotice }
}

const answers: Handlers<Protocol> = {
  double: (n) => 2 * n,
  fill(size, { transfer }) {
    const bytes = new Uint8Array(size).fill(7)
    transfer([bytes.buffer])
    return bytes
  },
  fail(thrown) {
    const cause = Object.assign(new Error('disk'), { code: 'EIO' })
    if (thrown === 'ours') throw new IndelibleError('log_corrupt', 'Damaged.', { details: { offset: 8 }, cause })
    if (thrown === 'node') throw Object.assign(new Error('refused'), { code: '42P01', severity: 'ERROR' })
    if (thrown === 'function') throw Object.assign(new Error('odd'), { run: () => {} })
    throw 'text'
  },
  wait: (_, { signal }) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve('aborted'), { once: true })),
  count(to, { progress }) {
    for (let n = 1; n <= to; n++) progress(n)
    return 'done'
  },
}

test('overlapping calls each get their own answer', async () => {
  const { client } = connect({ double: async (n) => await new Promise((done) => setTimeout(() => done(2 * n), 9 - n)) })
  expect(await Promise.all([1, 2, 3].map((n) => client.call('double', n)))).toEqual([2, 4, 6])
})

test('buffers in a transfer list are moved, in the call and in the answer', async () => {
  const { client } = connect({ fail: () => {} })
  expect(await client.call('fill', 3)).toEqual(Uint8Array.of(7, 7, 7))
  const bytes = new Uint8Array(3)
  await client.call('fail', bytes as never, { transfer: [bytes.buffer] })
  expect(bytes.byteLength).toBe(0)
})

test('an IndelibleError arrives with its code, its details and its cause', async () => {
  const error = await connect()
    .client.call('fail', 'ours')
    .catch((error) => error)
  expect(isIndelibleError(error, 'log_corrupt')).toBe(true)
  expect(error).toBeInstanceOf(IndelibleError)
  expect(error).toMatchObject({ message: 'Damaged.', details: { offset: 8 }, cause: { message: 'disk', code: 'EIO' } })
})

test('any other error arrives with the fields that can be cloned, and a thrown value that is not an error becomes one', async () => {
  const { client } = connect()
  await expect(client.call('fail', 'node')).rejects.toMatchObject({
    message: 'refused',
    code: '42P01',
    severity: 'ERROR',
  })
  await expect(client.call('fail', 'function')).rejects.toEqual(new Error('odd'))
  await expect(client.call('fail', 'text')).rejects.toEqual(new Error('text'))
})

test('a cycle of causes is cut', () => {
  const error = new Error('ring')
  error.cause = error
  expect(errorFrom(errorMessage(error)).cause).toEqual(expect.objectContaining({ message: 'ring' }))
})

test('an input or result that cannot be cloned fails only its own call', async () => {
  const { client } = connect({ wait: () => (() => {}) as never })
  await expect(client.call('double', (() => {}) as never)).rejects.toThrow(/could not be cloned/)
  await expect(client.call('wait', undefined as never)).rejects.toThrow(/could not be cloned/)
  expect(await client.call('double', 1)).toBe(2)
})

test('progress arrives before the answer, and an error thrown by its receiver ends the call', async () => {
  const { client } = connect()
  const seen: number[] = []
  expect(await client.call('count', 3, { onProgress: (n: number) => void seen.push(n) })).toBe('done')
  expect(seen).toEqual([1, 2, 3])
  const enough = new Error('enough')
  const stop = () => {
    throw enough
  }
  await expect(client.call('count', 3, { onProgress: stop })).rejects.toBe(enough)
})

test('an aborted call waits for its answer; a call that is given up does not', async () => {
  const { client } = connect()
  expect(await client.call('wait', undefined as never, { signal: AbortSignal.abort() })).toBe('aborted')
  const abort = new AbortController()
  const aborted = client.call('wait', undefined as never, { signal: abort.signal })
  abort.abort()
  expect(await aborted).toBe('aborted')
  const signals: AbortSignal[] = []
  const hanging = connect({ wait: (_, { signal }: CallContext) => new Promise(() => signals.push(signal)) }).client
  const [giveUp, late] = [new AbortController(), new Error('late')]
  const given = hanging.call('wait', undefined as never, { giveUp: giveUp.signal })
  await vi.waitFor(() => expect(signals.length).toBe(1))
  giveUp.abort(late)
  await expect(given).rejects.toBe(late)
  await vi.waitFor(() => expect(signals[0]!.aborted).toBe(true))
})

test('a notice arrives without a call', async () => {
  const { server, onNotice } = connect()
  server.notify({ ready: true })
  await vi.waitFor(() => expect(onNotice).toHaveBeenCalledWith({ ready: true }))
})

test('closing runs the close function of the other side and waits for calls in progress', async () => {
  let finish = () => {}
  const close = vi.fn(async () => finish())
  const waiting = () => new Promise<string>((resolve) => (finish = () => resolve('finished')))
  const { client } = connect({ wait: waiting }, { close })
  const call = client.call('wait', undefined as never)
  await client.close()
  expect(await call).toBe('finished')
  expect(close).toHaveBeenCalledOnce()
  expect(client.hasEnded).toBe(true)
  await client.close()
})

test('when the other side ends, waiting calls and later calls fail with the configured error', async () => {
  const { client, port } = connect({ wait: () => new Promise(() => {}) })
  const call = client.call('wait', undefined as never)
  port.close()
  await expect(call).rejects.toMatchObject({ code: 'io_failed', message: 'The thread ended.' })
  await expect(client.call('double', 1)).rejects.toMatchObject({ code: 'io_failed' })
})

test('a worker that throws fails its calls, with the thrown error as the cause', async () => {
  const worker = new Worker(`setTimeout(() => { throw new Error('broken') }, 20)`, { eval: true })
  const client = new ThreadClient<Protocol>(worker, { ended })
  await expect(client.call('double', 1)).rejects.toMatchObject({ code: 'io_failed', cause: { message: 'broken' } })
})
