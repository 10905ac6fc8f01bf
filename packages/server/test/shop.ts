// The shop, running, with and without a socket.
import { connect } from 'node:net'
import { type RunningSystem, type SystemOptions, startSystem } from 'indelible'
import { expect, onTestFinished, vi } from 'vitest'
import { type HttpApiOptions, httpApi, type ServeOptions, serve } from '../src/index.ts'
import { shop } from './shop-system.ts'

export { notes, PlaceOrder, ReceiveStock, ShipStock, shop, stockLevels, TakeNote } from './shop-system.ts'

/** A running shop, closed when the test ends. */
export function runningShop(parts: Partial<SystemOptions> = {}): RunningSystem {
  const running = startSystem(shop, parts)
  onTestFinished(() => running.close())
  return running
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the server answered
  readonly body: any
}

/** The HTTP door of a running shop, called without a socket. */
export function openShop(parts: Partial<SystemOptions> & { api?: HttpApiOptions } = {}) {
  const { api, ...systemParts } = parts
  const running = runningShop(systemParts)
  const app = httpApi(running, api)
  const get = async (path: string, init: RequestInit = {}): Promise<Answer> => answerOf(await app.request(path, init))
  return {
    running,
    app,
    get,
    post: (path: string, input: unknown = {}, headers: Record<string, string> = {}) =>
      get(path, jsonPost(input, headers)),
  }
}

/** A running shop behind a socket. The test fails if the server reports a fault. */
export async function servedShop(options: ServeOptions = {}, parts: Partial<SystemOptions> = {}) {
  const running = runningShop(parts)
  const onError = vi.fn()
  const server = await serve(running, { port: 0, onError, ...options })
  onTestFinished(async () => {
    await server.close()
    expect(onError).not.toHaveBeenCalled()
  })
  return {
    running,
    server,
    port: Number(new URL(server.url).port),
    get: async (path: string, init?: RequestInit) => answerOf(await fetch(server.url + path, init)),
    post: async (path: string, input: unknown, headers?: Record<string, string>) =>
      answerOf(await fetch(server.url + path, jsonPost(input, headers))),
  }
}

/** The answer to a connection that sends exactly these lines, and is then to be closed. */
export async function raw(port: number, ...lines: readonly string[]) {
  const socket = connect(port, '127.0.0.1')
  const received: Buffer[] = []
  socket.on('data', (bytes) => received.push(bytes))
  socket.on('error', () => {})
  socket.write([...lines, 'Connection: close', '', ''].join('\r\n'))
  await new Promise((resolve) => socket.once('close', resolve))
  const [head, body = ''] = Buffer.concat(received).toString().split('\r\n\r\n') as [string, string?]
  return { status: Number(head.split(' ')[1]), body: body.startsWith('{') ? JSON.parse(body) : body }
}

export function jsonPost(input: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(input),
  }
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) }
}
