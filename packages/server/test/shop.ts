// The small domain of the server tests: stock that can run out, orders that a saga fulfils, and events on which a view fails.
import { connect } from 'node:net'
import {
  aggregate,
  bigint,
  boolean,
  date,
  defineSystem,
  event,
  integer,
  json,
  projection,
  type RunningSystem,
  refusal,
  refuse,
  type SystemOptions,
  saga,
  startSystem,
  text,
} from 'indelible'
import { expect, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import { type HttpApiOptions, httpApi, type ServeOptions, serve } from '../src/index.ts'

const quantity = z.int().positive()
const StockReceived = event('StockReceived', z.object({ quantity }))
const StockShipped = event('StockShipped', z.object({ quantity }))
const NoteTaken = event('NoteTaken', z.object({ note: z.unknown() }))
const OutOfStock = refusal('Out of stock', z.object({ inStock: z.int() }))
const item = aggregate('item', { initialState: { inStock: 0, frozen: false } })
  .on(StockReceived, (state, { quantity }) => ({ ...state, inStock: state.inStock + quantity }))
  .on(StockShipped, (state, { quantity }) => ({ ...state, inStock: state.inStock - quantity }))
  .on(NoteTaken, (state, { note }) => ({ ...state, frozen: note === 'freeze' }))
export const ReceiveStock = item.command('ReceiveStock', {
  input: z.object({ quantity }),
  emits: [StockReceived],
  refuses: ['Frozen'],
  decide: (state, input) => (state.frozen ? refuse('Frozen') : StockReceived(input)),
})
export const ShipStock = item.command('ShipStock', {
  input: z.object({ quantity }),
  emits: [StockShipped],
  refuses: [OutOfStock],
  decide: ({ inStock }, input) =>
    inStock < input.quantity ? OutOfStock({ inStock }) : StockShipped(input, { tags: ['shipped'] }),
})
/** Accepts any JSON. */
export const TakeNote = item.command('TakeNote', {
  input: z.unknown(),
  emits: [NoteTaken],
  decide: (_, note) => NoteTaken({ note }),
})
const Fail = item.command('Fail', {
  input: z.object({ with: z.enum(['error', 'text', 'clock']) }),
  emits: [NoteTaken],
  decide: (_, input) => {
    if (input.with === 'clock') return NoteTaken({ note: Date.now() })
    throw input.with === 'error' ? new Error('the password is hunter2') : 'the password is hunter2'
  },
})
/** Only the system itself may send it. */
const Recount = item.command('Recount', { input: z.object({}), emits: [], visibility: 'internal', decide: () => [] })
/** A schema that JSON Schema cannot describe, and one that refers to itself. */
const Schedule = item.command('Schedule', { input: z.object({ at: z.date() }), emits: [], decide: () => [] })
const tree = z.object({
  name: z.string(),
  get parts() {
    return z.array(tree).optional()
  },
})
const Assemble = item.command('Assemble', { input: tree, emits: [], decide: () => [] })

const OrderPlaced = event('OrderPlaced', z.object({ item: z.string(), extra: z.string(), quantity }))
const order = aggregate('order', { initialState: {} }).on(OrderPlaced, (state) => state)
export const PlaceOrder = order.command('PlaceOrder', {
  input: z.object({ item: z.string(), extra: z.string(), quantity }),
  emits: [OrderPlaced],
  decide: (_, input) => OrderPlaced(input),
})
const fulfilment = saga('fulfilment', { startsOn: OrderPlaced })
  .step('item', {
    command: ShipStock,
    to: ({ item }) => item,
    input: ({ quantity }) => ({ quantity }),
    compensate: { command: ReceiveStock, to: ({ item }) => item, input: ({ quantity }) => ({ quantity }) },
  })
  .step('extra', { command: ShipStock, to: ({ extra }) => extra, input: ({ quantity }) => ({ quantity }) })

export const stockLevels = projection('stock_levels', {
  table: {
    item_id: text().key(),
    in_stock: bigint(),
    low: boolean(),
    deliveries: integer(),
    last_seen: date().nullable(),
    limit: text().nullable(),
    extras: json(),
  },
})
  .write(StockReceived, ({ quantity }, { streamId }) => ({
    item_id: streamId,
    in_stock: quantity,
    low: quantity < 10,
    deliveries: 1,
    last_seen: '2026-01-31',
    limit: null,
    extras: { colour: 'red' },
  }))
  .on(StockShipped, (row, { quantity }) => ({ ...row, in_stock: row.in_stock - quantity }))
/** Parks at the note "park". */
export const notes = projection('notes', { table: { item_id: text().key(), note: json() } }).write(
  NoteTaken,
  ({ note }, { streamId }) => {
    if (note === 'park') throw new Error('this note cannot be shown')
    return { item_id: streamId, note: JSON.stringify(note) }
  },
)

export const shop = defineSystem({
  name: 'shop',
  commands: [ReceiveStock, ShipStock, TakeNote, Fail, Recount, Schedule, Assemble, PlaceOrder],
  projections: [stockLevels, notes],
  sagas: [fulfilment],
})

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
