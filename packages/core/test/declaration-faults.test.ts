// What declarations refuse, and what domain code never sees: faults that were found in trials.
import { runInNewContext } from 'node:vm'
import {
  aggregate,
  bigint,
  decisionModel,
  defineSystem,
  event,
  projection,
  type SystemDefinition,
  startSystem,
  text,
} from 'indelible'
import { memoryStore } from 'indelible/memory'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

const Booked = event('Booked', z.object({ amount: z.int() }), { tags: { amount: 'amount' } })
const account = aggregate('account', { initialState: { sum: 0 } }).on(Booked, ({ sum }, { amount }) => ({
  sum: sum + amount,
}))
const Book = account.command('Book', {
  input: z.object({ amount: z.int() }),
  emits: [Booked],
  decide: (_state, data) => Booked(data),
})
const invalid = expect.objectContaining({ code: 'invalid_declaration' })

describe('a missing part of a system, for example because modules import each other, is a finding like the others', () => {
  test.each<[string, Partial<SystemDefinition>]>([
    ['command', { commands: [Book, undefined as never] }],
    ['projection', { projections: [undefined as never] }],
    ['saga', { sagas: [undefined as never] }],
    ['reaction', { reactions: [undefined as never] }],
    ['subscription', { subscriptions: [undefined as never] }],
    [
      'event',
      {
        commands: [account.command('Odd', { input: z.object({}), emits: [undefined] as never, decide: () => [] })],
      },
    ],
  ])('%s', (_what, wrong) => {
    expect(() => defineSystem({ name: 'x', commands: [Book], ...wrong })).toThrow(invalid)
  })
})

describe('an invalid declaration is refused where it is made, with its code', () => {
  test.each([undefined, null, {}, 'text'])('a projection whose handler is %j', (handler) => {
    const table = projection('p', { table: { id: text().key() } })
    expect(() => table.on(Booked, handler as never)).toThrow(invalid)
  })

  test('a decision model on something that is not an event', () => {
    const model = decisionModel('m', { initialState: 0, tags: ['amount'] })
    expect(() => model.on(undefined as never, (() => 1) as never)).toThrow(invalid)
  })

  test.each<[string, object]>([
    ['refusals that are no list', { refuses: 'Closed' }],
    ['no schema', { input: undefined }],
    ['something that is no consultation', { consults: { seats: undefined } }],
  ])('a command with %s', (_what, wrong) => {
    const definition = { input: z.object({}), emits: [], decide: () => [], ...wrong } as never
    expect(() => account.command('X', definition)).toThrow(invalid)
  })

  test('an event without a schema', () => {
    expect(() => event('X', undefined as never)).toThrow(invalid)
  })
})

describe('data of events', () => {
  const Noted = event('Noted', z.any())

  test.each<[string, unknown]>([
    ['undefined in a list', { list: [1, undefined] }],
    ['a hole in a list', { list: Array(1) }],
    ['a list with a member', { list: Object.assign([1], { total: 1 }) }],
  ])('that JSON would change are refused: %s', (_what, data) => {
    expect(() => Noted(data)).toThrow(expect.objectContaining({ code: 'invalid_event' }))
  })

  test('that JSON preserves are accepted, also objects that were made in another realm', () => {
    expect(() => Noted(runInNewContext('({ a: [1, { b: 2 }] })'))).not.toThrow()
  })
})

describe('a value that must be unique', () => {
  const Changed = event('Changed', z.object({ email: z.string() }))
  const make = (isUnique: boolean) => {
    const unique = isUnique ? { unique: { email: 'EmailTaken' } as const } : {}
    const user = aggregate('user', { initialState: { email: '' }, ...unique }).on(Changed, (_state, { email }) => ({
      email,
    }))
    const Change = user.command('Change', {
      input: Changed.schema,
      emits: [Changed],
      decide: (_state, data) => Changed(data),
    })
    const tagsSeen = projection('tags_seen', { table: { id: text().key(), tags: text() } }).write(
      Changed,
      (_data, { streamId, tags }) => ({ id: streamId, tags: tags.join() }),
    )
    return { Change, tagsSeen, system: defineSystem({ name: 's', commands: [Change], projections: [tagsSeen] }) }
  }

  test('is not released by an aggregate that never claimed it, because it has the value from its initial state', async () => {
    const { Change, system } = make(true)
    await using running = startSystem(system)
    await running.send(Change('ann', { email: 'x' }))
    expect(await running.send(Change('ann', { email: '' }))).toMatchObject({ status: 'accepted' })
    await running.send(Change('ben', { email: 'y' }))
    expect(await running.send(Change('ben', { email: '' }))).toMatchObject({ status: 'refused' })
  })

  test('is not released by an aggregate that never claimed it, because it had the value before it became unique', async () => {
    const store = memoryStore()
    const before = make(false)
    const first = startSystem(before.system, { store: { ...store, close: async () => {} } })
    await first.send(before.Change('ann', { email: 'x' }))
    await first.close()
    const { Change, system } = make(true)
    await using running = startSystem(system, { store })
    expect(await running.send(Change('ben', { email: 'x' }))).toMatchObject({ status: 'accepted' })
    await running.send(Change('ann', { email: 'y' }))
    expect(await running.send(Change('cora', { email: 'x' }))).toMatchObject({ status: 'refused' })
  })

  test('does not show reserved tags to the handler of a projection', async () => {
    const { Change, tagsSeen, system } = make(true)
    await using running = startSystem(system)
    await running.send(Change('ann', { email: 'x' }))
    await running.waitFor(tagsSeen, 1)
    expect(await running.select(tagsSeen)).toEqual([{ id: 'ann', tags: '' }])
  })
})

const offences: Record<string, () => unknown> = {
  'uses the clock': () => Date.now(),
  'uses randomness': () => Math.random(),
}

describe('an upcast obeys the same laws as the code that it serves', () => {
  const was = z.object({ total: z.int() })
  const up = ({ total }: { total: number }) => ({ amount: total })
  const lawless: Record<string, typeof up> = {
    ...Object.fromEntries(
      Object.entries(offences).map(([what, offend]) => [
        what,
        (old: { total: number }) => {
          offend()
          return up(old)
        },
      ]),
    ),
    'changes what it was given': (old) => {
      old.total += 1
      return up(old)
    },
  }
  test.each(Object.entries(lawless))('an upcast that %s is detected', async (_what, up) => {
    const Placed = event('Placed', was)
      .next(z.object({ amount: z.int() }))
      .upcast(up)
    const order = aggregate('order', { initialState: { sum: 0 } }).on(Placed, ({ sum }, { amount }) => ({
      sum: sum + amount,
    }))
    const Place = order.command('Place', {
      input: Placed.schema,
      emits: [Placed],
      decide: (_state, data) => Placed(data),
    })
    const orders = projection('orders', { table: { id: text().key(), amount: bigint() } }).write(
      Placed,
      ({ amount }, { streamId }) => ({ id: streamId, amount }),
    )
    const store = memoryStore()
    await store.append({ events: [{ stream: 'order-1', type: 'Placed', data: { total: 5 } }] })
    const system = defineSystem({ name: 'shop', commands: [Place], projections: [orders] })
    await using running = startSystem(system, { store })
    await expect(running.waitFor(orders, 1)).rejects.toMatchObject({ cause: { code: 'impure_projector' } })
    await expect(running.send(Place('1', { amount: 7 }))).rejects.toMatchObject({ code: 'impure_aggregate' })
    expect((await store.head()).position).toBe(1)
  })

  test('an upcast that returns a promise stops there', async () => {
    const later = (async (old: { total: number }) => up(old)) as never
    const Placed = event('Placed', was)
      .next(z.object({ amount: z.int() }))
      .upcast(later)
    const orders = projection('orders', { table: { id: text().key(), amount: bigint() } }).write(
      Placed,
      ({ amount }, { streamId }) => ({ id: streamId, amount }),
    )
    const Place = aggregate('order', { initialState: {} })
      .on(Placed, (state) => state)
      .command('Place', { input: Placed.schema, emits: [Placed], decide: (_state, data) => Placed(data) })
    const store = memoryStore()
    await store.append({ events: [{ stream: 'order-1', type: 'Placed', data: { total: 5 } }] })
    const system = defineSystem({ name: 'shop', commands: [Place], projections: [orders] })
    await using running = startSystem(system, { store })
    await expect(running.waitFor(orders, 1)).rejects.toMatchObject({ cause: { code: 'upcast_failed' } })
    await expect(running.send(Place('1', { amount: 7 }))).rejects.toMatchObject({ code: 'upcast_failed' })
  })
})
