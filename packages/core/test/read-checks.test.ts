// Events are checked on the way out of the log, where that is asked for: all or some, with an error or a notice.
import { aggregate, defineSystem, event, liveModel, projection, type SystemNotice, startSystem, text } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { checkedForm } from '../src/kernel/upcasts.ts'
import { parts } from './till.ts'

const Placed = event('Placed', z.object({ lines: z.array(z.object({ cents: z.string() })) }))
  .next(z.object({ lines: z.array(z.object({ cents: z.int() })) }))
  // Wrong for text that is no number.
  .upcast(({ lines }) => ({ lines: lines.map(({ cents }) => ({ cents: Number(cents) })) }))
const order = aggregate('order', { initialState: { count: 0 } }).on(Placed, ({ count }) => ({ count: count + 1 }))
const Place = order.command('Place', { input: Placed.schema, emits: [Placed], decide: (_state, data) => Placed(data) })
const orders = projection('orders', { table: { id: text().key() } }).write(Placed, (_data, { streamId }) => ({
  id: streamId,
}))
const system = defineSystem({ name: 'shop', commands: [Place], projections: [orders] })

const placed = (id: string, cents: string) => ({
  stream: `order-${id}` as const,
  type: 'Placed',
  data: { lines: [{ cents: '1' }, { cents }] },
})

async function started(readChecks: { oneIn: number; onInvalid: 'error' | 'notice' } | undefined) {
  const store = memoryStore()
  await store.append({ events: [placed('1', '5'), placed('2', 'five'), placed('1', 'six')] })
  const notices: SystemNotice[] = []
  const own = { ...store, close: async () => {} }
  const onNotice = (notice: SystemNotice) => void notices.push(notice)
  return { store, notices, running: startSystem(system, parts({ store: own, readChecks, onNotice })) }
}

const misfit = {
  code: 'recorded_event_invalid',
  message: expect.stringMatching(
    /^The data of "Placed" \(order-2, position 2\) as version 2 of "Placed" does not fit its schema: lines\.1\.cents: /,
  ),
  details: {
    ...{ type: 'Placed', recordedType: 'Placed', schemaVersion: 1, stream: 'order-2', position: 2 },
    issues: [{ path: 'lines.1.cents', message: expect.any(String) }],
  },
}

test('without it, what an upcast made is not looked at', async () => {
  const { running, notices } = await started(undefined)
  expect(await running.send(Place('2', { lines: [] }))).toMatchObject({ status: 'accepted' })
  await running.waitFor(orders, 4)
  expect(notices).toEqual([])
  await running.close()
})

test('with an error, a reader stops at the event that does not fit, and the error names type, stream, position and path', async () => {
  const { store, running } = await started({ oneIn: 1, onInvalid: 'error' })
  await expect(running.send(Place('2', { lines: [] }))).rejects.toMatchObject(misfit)
  expect((await store.head()).position).toBe(3)
  await expect(running.waitFor(orders, 3)).rejects.toMatchObject({ code: 'projection_parked', cause: misfit })
  await running.close()
})

test('with a notice, a reader goes on, and each event is told once, however often it is read', async () => {
  const { running, notices } = await started({ oneIn: 1, onInvalid: 'notice' })
  await running.waitFor(orders, 3)
  expect(await running.send(Place('2', { lines: [] }))).toMatchObject({ status: 'accepted' })
  await running.rebuild(orders)
  await vi.waitFor(() => expect(notices.filter(({ kind }) => kind === 'event invalid')).toHaveLength(2))
  const { code: _, details, ...told } = misfit
  expect(notices.find((each) => each.kind === 'event invalid' && each.position === 2)).toEqual({
    kind: 'event invalid',
    ...told,
    ...details,
  })
  await running.close()
})

test('a sample is one in so many', async () => {
  let checks = 0
  const validate = (value: unknown) => {
    checks++
    return { value }
  }
  const counting = { '~standard': { version: 1, vendor: 'test', validate } } as never
  const Counted = event('Counted', counting)
  const table = projection('counted', { table: { id: text().key() } }).write(Counted, (_data, { streamId }) => ({
    id: streamId,
  }))
  const counter = aggregate('counter', { initialState: {} }).on(Counted, (state) => state)
  const Count = counter.command('Count', { input: z.object({}), emits: [Counted], decide: () => [] })
  const store = memoryStore()
  await store.append({
    events: Array.from({ length: 100 }, (_, n) => ({ stream: `counter-${n}` as const, type: 'Counted', data: {} })),
  })
  const running = startSystem(
    defineSystem({ name: 'counters', commands: [Count], projections: [table] }),
    parts({ store, domainCode: 'trusted', readChecks: { oneIn: 10, onInvalid: 'error' } }),
  )
  await running.waitFor(table, 100)
  expect(checks).toBe(10)
  await running.close()
})

test('wrong options are refused', () => {
  for (const readChecks of [
    { oneIn: 0, onInvalid: 'error' },
    { oneIn: 1, onInvalid: 'ignore' },
    { oneIn: 1.5 },
  ] as never[])
    expect(() => startSystem(system, parts({ readChecks }))).toThrow(/^readChecks is .*Write \{ oneIn: 100/)
})

test('a checked form is the newest one, or says what is wrong with it', async () => {
  const { store, running } = await started(undefined)
  const [batch] = await Array.fromAsync(store.read('all'))
  const [right, wrong] = batch!.events
  expect(checkedForm(Placed, right!).data).toEqual({ lines: [{ cents: 1 }, { cents: 5 }] })
  expect(() => checkedForm(Placed, wrong!)).toThrow(expect.objectContaining(misfit))
  const model = await liveModel(orders, store)
  expect([...model.rows()]).toHaveLength(2)
  await model.close()
  await running.close()
})
