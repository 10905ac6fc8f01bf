// Types that have other names than before, several that became one, and one that became several: everybody sees the events of now, and the log keeps those of then.
import {
  aggregate,
  bigint,
  command,
  decisionModel,
  defineSystem,
  type EventStore,
  event,
  policy,
  projection,
  type RecordedEvent,
  reaction,
  remoteSystem,
  type SystemNotice,
  saga,
  startSystem,
  subscription,
  text,
} from 'indelible'
import { blame, diffStates, replayDecisions, stateAsOf } from 'indelible/history'
import { memoryConsumers, memoryStore, memoryTables } from 'indelible/memory'
import { describeSystem } from 'indelible/schema'
import { connectTo, crashingStore } from 'indelible/testing'
import { describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { patience, soon } from './patience.ts'
import { parts, statuses } from './till.ts'

/** The first name of OrderPlaced. */
const OrderCreated = event('OrderCreated', z.object({ buyer: z.string() }))
  .next(z.object({ buyer: z.string(), cents: z.int() }))
  .upcast((old) => ({ ...old, cents: 0 }))
/** At the counter, placing and paying were one step. */
const SoldAtCounter = event('SoldAtCounter', z.object({ customer: z.string(), cents: z.int(), by: z.string() }), {
  parts: ['OrderPlaced', 'OrderPaid'],
})
const PaidByCard = event('PaidByCard', z.object({ card: z.string() }))
const PaidInCash = event('PaidInCash', z.object({}))

const tags = { customer: 'customer' } as const
const OrderPlaced = event('OrderPlaced', z.object({ customer: z.string(), cents: z.int() }), { tags })
  .formerly(OrderCreated, ({ buyer, cents }) => ({ customer: buyer, cents }))
  .formerly(SoldAtCounter, ({ customer, cents }) => ({ customer, cents }))
  .next(z.object({ customer: z.string(), cents: z.int(), currency: z.enum(['CZK', 'EUR']) }), { tags })
  .upcast((old) => ({ ...old, currency: 'EUR' }))
const OrderPaid = event('OrderPaid', z.object({ by: z.string() }))
  .formerly(PaidByCard, ({ card }) => ({ by: card }))
  .formerly(PaidInCash, () => ({ by: 'cash' }))
  .formerly(SoldAtCounter, ({ by }) => ({ by }))

const order = aggregate('order', { initialState: { seen: [] as string[] } })
  .on(OrderPlaced, ({ seen }, { customer, cents, currency }) => ({
    seen: [...seen, `${customer} ${cents} ${currency}`],
  }))
  .on(OrderPaid, ({ seen }, { by }) => ({ seen: [...seen, `by ${by}`] }))
const PayOrder = order.command('PayOrder', {
  input: OrderPaid.schema,
  emits: [OrderPaid],
  decide: (_state, paid) => OrderPaid(paid),
})
const PlaceOrder = order.command('PlaceOrder', {
  input: OrderPlaced.schema,
  emits: [OrderPlaced],
  decide: (_state, placed) => OrderPlaced(placed),
})
const commands = [PlaceOrder, PayOrder]
const at = (id: string) => `order-${id}` as const
/** What former code recorded. */
const recorded = [
  { stream: at('1'), type: 'OrderCreated', data: { buyer: 'ann' }, tags: ['customer:ann'] },
  { stream: at('2'), type: 'OrderCreated', schemaVersion: 2, data: { buyer: 'bob', cents: 2 } },
  { stream: at('1'), type: 'PaidByCard', data: { card: '4711' } },
  { stream: at('3'), type: 'SoldAtCounter', data: { customer: 'cid', cents: 3, by: 'cheque' }, tags: ['customer:ann'] },
  { stream: at('2'), type: 'PaidInCash', data: {} },
  { stream: at('4'), type: 'OrderPlaced', data: { customer: 'dan', cents: 4 } },
] as const
const counted = ['cid 3 EUR', 'by cheque']
const split = recorded[3]

async function shop(definition: object = {}, options: object = {}, events: readonly object[] = recorded) {
  const store = memoryStore()
  await store.append({ events: events as never })
  const system = defineSystem({ name: 'shop', commands, ...definition })
  return {
    store,
    system,
    running: startSystem(system, { ...parts({ store: { ...store, close: async () => {} } }), ...options }),
  }
}

describe('events of former types', () => {
  test('are in states, live, in the past and event by event; an event that is seen as several counts once', async () => {
    const { store, running } = await shop()
    const of = async (id: string, asOf?: object) =>
      await stateAsOf(store, order, { id, ...(asOf ? { asOf: asOf as never } : {}) })
    expect((await of('1')).state.seen).toEqual(['ann 0 EUR', 'by 4711'])
    expect((await of('2')).state.seen).toEqual(['bob 2 EUR', 'by cash'])
    expect((await of('4')).state.seen).toEqual(['dan 4 EUR'])
    expect(await of('3', { version: 1 })).toMatchObject({ state: { seen: counted }, version: 1, position: 4 })
    expect(await of('3', { position: 3 })).toMatchObject({ state: { seen: [] }, version: 0 })
    expect(await running.send(PayOrder('3', { by: 'card' }), { expectedVersion: 1 })).toMatchObject({ version: 2 })
    expect((await of('3')).state.seen).toEqual([...counted, 'by card'])
    const diff = await diffStates(store, order, { id: '3', from: { position: 1 } })
    expect(diff.events.map(({ event: type, position }) => [type, position])).toEqual([
      ['OrderPlaced', 4],
      ['OrderPaid', 4],
      ['OrderPaid', 7],
    ])
    expect((await blame(store, { aggregate: order, id: '3' })).length).toBeGreaterThan(0)
    await running.close()
  })

  test('stay in the log as they were recorded', async () => {
    const { store, running } = await shop()
    const events = (await Array.fromAsync(store.read('all'))).flatMap((batch) => batch.events)
    expect(events.map(({ type, data }) => ({ type, data }))).toEqual(recorded.map(({ type, data }) => ({ type, data })))
    await running.close()
  })

  test('are in what a command consults, and an older process that records one is a conflict', async () => {
    const Counted = event('Counted', z.object({ orders: z.int() }))
    const orders = decisionModel('orders', { initialState: 0, tags: ['customer'] }).on(
      OrderPlaced,
      (count) => count + 1,
    )
    const Count = command('Count', {
      category: 'count',
      input: z.object({ customer: z.string() }),
      emits: [Counted],
      consults: { orders: orders.by({ customer: 'customer' }) },
      decide: (facts) => Counted(facts),
    })
    const { store, running } = await shop({ commands: [...commands, Count] })
    await running.send(Count('c', { customer: 'ann' }))
    await store.append({ events: [{ ...recorded[0], stream: 'order-9' }] })
    await running.send(Count('c', { customer: 'ann' }))
    const found = (await Array.fromAsync(store.read([{ types: ['Counted'] }]))).flatMap(({ events }) => events)
    expect(found.map(({ data }) => data)).toEqual([{ orders: 2 }, { orders: 3 }])
    await running.close()
  })

  test('reach who asks for one of the parts as this part alone, each part with its own id', async () => {
    const heard: string[] = []
    const note = (who: string, { type, id, position, data }: RecordedEvent) =>
      void heard.push(`${who} ${position} ${type} ${id.length > 36 ? id.slice(36) : ''} ${JSON.stringify(data)}`)
    const { running } = await shop({
      reactions: [
        reaction('pays', { from: 'beginning' }).on(OrderPaid, (_data, each, { idempotencyKey }) => {
          expect(idempotencyKey).toBe(`pays:${each.id}`)
          note('pays', each)
        }),
      ],
      subscriptions: [
        subscription('all', {
          on: [OrderPaid, OrderPlaced],
          from: 'beginning',
          run: (events) => events.forEach((each) => void note('all', each)),
        }),
      ],
    })
    for (const name of ['pays', 'all']) await running.waitFor({ name }, recorded.length)
    expect(heard.filter((each) => each.startsWith('all'))).toEqual([
      'all 1 OrderPlaced  {"customer":"ann","cents":0,"currency":"EUR"}',
      'all 2 OrderPlaced  {"customer":"bob","cents":2,"currency":"EUR"}',
      'all 3 OrderPaid  {"by":"4711"}',
      'all 4 OrderPlaced  {"customer":"cid","cents":3,"currency":"EUR"}',
      'all 4 OrderPaid /OrderPaid {"by":"cheque"}',
      'all 5 OrderPaid  {"by":"cash"}',
      'all 6 OrderPlaced  {"customer":"dan","cents":4,"currency":"EUR"}',
    ])
    expect(heard.filter((each) => each.startsWith('pays')).toSorted()).toEqual([
      'pays 3 OrderPaid  {"by":"4711"}',
      'pays 4 OrderPaid /OrderPaid {"by":"cheque"}',
      'pays 5 OrderPaid  {"by":"cash"}',
    ])
    await running.close()
  })

  test('are heard by another system too, which asks for their former names and keeps them under those', async () => {
    const { running } = await shop()
    const far = remoteSystem('far', { events: [OrderPlaced, OrderPaid], from: 'beginning' })
    const heard: string[] = []
    const hears = reaction('hears', { from: 'beginning' })
      .on(far.events.OrderPlaced, ({ customer, currency }) => void heard.push(`${customer} ${currency}`))
      .on(far.events.OrderPaid, ({ by }) => void heard.push(`by ${by}`))
    const near = startSystem(
      defineSystem({ name: 'near', commands: [], remotes: [far], reactions: [hears] }),
      parts({ remotes: { far: connectTo(running) } }),
    )
    await near.waitFor(far, recorded.length)
    await near.waitFor(hears, (await near.store.head()).position)
    const copies = (await Array.fromAsync(near.store.read('all'))).flatMap(({ events }) => events)
    expect(copies.map(({ type }) => type)).toEqual(recorded.map(({ type }) => `far.${type}`))
    expect(heard.toSorted()).toEqual(
      ['ann EUR', 'bob EUR', 'cid EUR', 'dan EUR', 'by 4711', 'by cheque', 'by cash'].toSorted(),
    )
    await near.close()
    await running.close()
  })
})

describe('a command that was recorded by former code', () => {
  test('is decided again by the code of now, and compared in the newest form', async () => {
    const Sell = aggregate('order', { initialState: {} })
      .on(SoldAtCounter, (state) => state)
      .command('PlaceOrder', {
        input: SoldAtCounter.schema,
        emits: [SoldAtCounter],
        decide: (_state, sold) => SoldAtCounter(sold),
      })
    const store = memoryStore()
    // The code of then did not know that the event would be split.
    const then = startSystem(
      { ...defineSystem({ name: 'shop', commands }), commands: [Sell], events: [SoldAtCounter] } as never,
      parts({ store: { ...store, close: async () => {} } }),
    )
    await then.send(Sell('1', split.data))
    await then.close()
    const SellNow = order.command('PlaceOrder', {
      input: SoldAtCounter.schema,
      emits: [OrderPlaced, OrderPaid],
      decide: (_state, { by, ...placed }) => [OrderPlaced({ ...placed, currency: 'EUR' }), OrderPaid({ by })],
    })
    const now = defineSystem({ name: 'shop', commands: [SellNow] })
    const again = await Array.fromAsync(replayDecisions(store, now))
    // Tags of now are not those of then, so that it is not the same.
    expect(again).toMatchObject([{ verdict: 'different', position: 1, command: 'PlaceOrder' }])
    expect(again[0]!.difference).toMatchObject({
      recorded: {
        events: [
          { type: 'OrderPlaced', tags: [] },
          { type: 'OrderPaid', data: { by: 'cheque' } },
        ],
      },
      now: {
        events: [
          { type: 'OrderPlaced', tags: ['customer:cid'] },
          { type: 'OrderPaid', data: { by: 'cheque' } },
        ],
      },
    })
  })
})

describe('a projection', () => {
  const initial = (id: string) => ({ id, cents: 0, paid: 0 })
  const ordersTable = (fails: () => boolean) =>
    projection('orders', { table: { id: text().key(), cents: bigint(), paid: bigint() } })
      .on(OrderPlaced, { initial: ({ id = '' }) => initial(id) }, (row, { cents }) => ({
        ...row,
        cents: row.cents + cents,
      }))
      .on(OrderPaid, (row, { by }) => {
        if (by === 'cheque' && fails()) throw new Error('no cheques')
        return { ...row, paid: row.paid + 1 }
      })
  const rows = [
    { id: '1', cents: 0, paid: 1 },
    { id: '2', cents: 2, paid: 1 },
    { id: '3', cents: 3, paid: 1 },
    { id: '4', cents: 4, paid: 0 },
  ]

  test('takes in the parts of an event all or none: where the second fails, the first is not in the table', async () => {
    let fails = true
    const orders = ordersTable(() => fails)
    const tables = memoryTables()
    const { store, running } = await shop({ projections: [orders] }, { tables: { ...tables, close: async () => {} } })
    await expect(running.waitFor(orders, 4)).rejects.toMatchObject({
      code: 'projection_parked',
      details: { position: 4 },
    })
    await soon(async () =>
      expect((await statuses(running, 'projection'))[0]).toMatchObject({ state: 'parked', position: 3 }),
    )
    expect(await running.select(orders)).toEqual([
      { id: '1', cents: 0, paid: 1 },
      { id: '2', cents: 2, paid: 0 },
    ])
    fails = false
    await running.consumers.resume(orders)
    await running.waitFor(orders, recorded.length, { timeoutMs: 5000 })
    expect(await running.select(orders)).toEqual(rows)
    expect(await running.verifyTable(orders)).toMatchObject({ differing: 0 })
    await running.rebuild(orders)
    // While it follows, one event at a time.
    for (let n = 5; n < 9; n++) await store.append({ events: [{ ...split, stream: at(String(n)) }] })
    await running.waitFor(orders, recorded.length + 4)
    expect(await running.select(orders)).toEqual([
      ...rows,
      ...['5', '6', '7', '8'].map((id) => ({ id, cents: 3, paid: 1 })),
    ])
    await running.close()
  })

  test('has another fingerprint with a former type, so that a table without its events is built again', async () => {
    const PaidSimply = event('OrderPaid', z.object({ by: z.string() }))
    const table = (paid: typeof PaidSimply) =>
      projection('paid', { table: { id: text().key() } }).write(paid, (_data, { streamId }) => ({ id: streamId }))
    const before = aggregate('order', { initialState: {} }).on(PaidSimply, (state) => state)
    const after = aggregate('order', { initialState: {} }).on(OrderPaid, (state) => state)
    expect(before.fingerprint).not.toBe(after.fingerprint)
    expect(before.fingerprint).toBe(
      aggregate('order', { initialState: {} }).on(event('OrderPaid', z.object({ by: z.string() })), (state) => state)
        .fingerprint,
    )
    // What becomes of its events is part of it: the version that they become, and the place among the parts.
    const of = (paid: typeof PaidSimply) =>
      aggregate('order', { initialState: {} }).on(paid, (state) => state).fingerprint
    const early = PaidSimply.formerly(PaidInCash, () => ({ by: 'cash' }))
      .next(PaidSimply.schema)
      .upcast((old) => old)
    const late = PaidSimply.next(PaidSimply.schema)
      .upcast((old) => old)
      .formerly(PaidInCash, () => ({ by: 'cash' }))
    const turned = event('SoldAtCounter', SoldAtCounter.schema, { parts: ['OrderPaid', 'OrderPlaced'] })
    const [first, second] = [turned, SoldAtCounter].map((sold) => PaidSimply.formerly(sold, ({ by }) => ({ by })))
    expect(new Set([PaidSimply, early, late, first!, second!, OrderPaid].map(of)).size).toBe(6)
    const Pay = before.command('PayOrder', { input: PaidSimply.schema, emits: [PaidSimply], decide: () => [] })
    const shared = { tables: memoryTables(), notices: [] as SystemNotice[] }
    const tables = { ...shared.tables, close: async () => {} }
    const store = memoryStore()
    await store.append({ events: recorded as never })
    const own = { ...store, close: async () => {} }
    const old = startSystem(
      defineSystem({ name: 'shop', commands: [Pay], projections: [table(PaidSimply)] }),
      parts({ store: own, tables }),
    )
    await old.waitFor(table(PaidSimply), recorded.length)
    expect(await old.select(table(PaidSimply))).toEqual([])
    await old.close()
    const now = table(OrderPaid)
    const onNotice = (notice: SystemNotice) => void shared.notices.push(notice)
    const system = defineSystem({ name: 'shop', commands, projections: [now] })
    const running = startSystem(system, parts({ store: own, tables, onNotice }))
    await running.waitFor(now, recorded.length)
    await vi.waitFor(() => expect(shared.notices.map(({ kind }) => kind)).toEqual(['rebuilding', 'rebuilt']))
    expect(await running.select(now)).toEqual([{ id: '1' }, { id: '2' }, { id: '3' }])
    await running.close()
  })
})

describe('a consumer', () => {
  test('that fails at a part is parked there, goes on there, and has not handled the part before twice', async () => {
    let fails = true
    const calls: string[] = []
    const both = reaction('both', { from: 'beginning', retries: 0 })
      .on(OrderPlaced, (_data, { id, streamId }) => void calls.push(`${streamId} placed ${id.slice(36)}`))
      .on(OrderPaid, ({ by }, { id, streamId }) => {
        if (by === 'cheque' && fails) throw new Error('no cheques')
        calls.push(`${streamId} paid ${id.slice(36)}`)
      })
    const consumers = memoryConsumers()
    const events = [...recorded, { ...split, stream: at('3') }]
    const { store, system, running } = await shop({ reactions: [both] }, { consumers }, events)
    await running.waitFor(both, events.length)
    const status = await running.consumers.show(both)
    expect(status).toMatchObject({
      parked: [{ position: 4, stream: 'order-3', eventId: expect.stringMatching(/^[\w-]{36}\/OrderPaid$/) }],
    })
    await running.close()
    fails = false
    const again = startSystem(system, parts({ store, consumers }))
    await again.consumers.resume(both)
    await soon(async () => expect(calls.filter((each) => each.startsWith('3'))).toHaveLength(4))
    expect(await again.consumers.show(both)).toMatchObject({ parked: [] })
    expect(calls.filter((each) => each.startsWith('3'))).toEqual([
      '3 placed ',
      '3 paid /OrderPaid',
      '3 placed ',
      '3 paid /OrderPaid',
    ])
    await again.close()
  })

  test('that gets batches gets the parts of an event together, also where they come one by one', async () => {
    const batches: string[][] = []
    let fails = true
    const following = subscription('following', {
      on: [OrderPlaced, OrderPaid],
      from: 'beginning',
      retries: 0,
      run: (events) => {
        batches.push(events.map(({ type, position }) => `${position} ${type}`))
        if (fails && events.some(({ position }) => position === 4)) throw new Error('not now')
      },
    })
    const { running } = await shop({ subscriptions: [following] })
    await soon(async () =>
      expect(await running.consumers.show(following)).toMatchObject({ state: 'parked', parked: [{ position: 4 }] }),
    )
    fails = false
    await running.consumers.resume(following)
    await running.waitFor(following, recorded.length)
    const parts = ['4 OrderPlaced', '4 OrderPaid']
    expect(batches.filter((batch) => batch.includes(parts[0]!))).toEqual([expect.arrayContaining(parts), parts, parts])
    await running.close()
  })

  test('that is a policy sends one command for each part, once, at whichever append the process dies', async () => {
    const Noted = event('Noted', z.object({ what: z.string() }))
    const note = aggregate('note', { initialState: {} }).on(Noted, (state) => state)
    const Note = note.command('Note', { input: Noted.schema, emits: [Noted], decide: (_state, data) => Noted(data) })
    const notes = policy('notes', { sends: [Note], from: 'beginning' })
      .on(OrderPlaced, ({ customer }) => Note('n', { what: `placed by ${customer}` }))
      .on(OrderPaid, ({ by }) => Note('n', { what: `paid by ${by}` }))
    const system = defineSystem({ name: 'shop', commands: [...commands, Note], policies: [notes] })
    for (const after of [0, 1, 2]) {
      for (const written of [false, true]) {
        const [store, consumers] = [memoryStore(), memoryConsumers()]
        await store.append({ events: [split] })
        const dying = crashingStore(store, { after, written })
        const first = startSystem(system, parts({ store: dying, consumers }))
        await vi.waitFor(async () => {
          expect(dying.hasCrashed || (await store.head()).position === 3).toBe(true)
        })
        await first.close()
        const second = startSystem(system, parts({ store: { ...store, close: async () => {} }, consumers }))
        await second.waitFor(notes, 1)
        await second.close()
        const found = (await Array.fromAsync(store.read([{ types: ['Noted'] }]))).flatMap(({ events }) => events)
        expect(found.map(({ data }) => (data as { what: string }).what)).toEqual(['placed by cid', 'paid by cheque'])
        const [origin] = (await Array.fromAsync(store.read('all')))[0]!.events
        expect(found.map(({ metadata }) => metadata.causationId)).toEqual([origin!.id, origin!.id])
      }
    }
  })
})

describe('a saga', () => {
  const Noted = event('Noted', z.object({ what: z.string() }))
  const note = aggregate('note', { initialState: {} }).on(Noted, (state) => state)
  const Note = note.command('Note', { input: Noted.schema, emits: [Noted], decide: (_state, data) => Noted(data) })
  const noted = async (store: EventStore) =>
    (await Array.fromAsync(store.read([{ types: ['Noted'] }])))
      .flatMap(({ events }) => events)
      .map(({ data }) => (data as { what: string }).what)

  test('starts on a former type or on a part, and waits for the part that follows', async () => {
    const follow = saga('follow', { startsOn: OrderPlaced, from: 'beginning' })
      .awaitEvent('paid', OrderPaid, { within: '1h' })
      .step('note', {
        command: Note,
        to: () => 'n',
        input: ({ customer, currency }, { answers }) => ({ what: `${customer} ${currency} ${answers.paid.by}` }),
      })
    const { store, running } = await shop({ commands: [...commands, Note], sagas: [follow] })
    for (const id of ['1', '2', '3'])
      expect(await running.waitForSaga(follow, id, patience)).toMatchObject({ status: 'completed' })
    expect((await noted(store)).toSorted()).toEqual(['ann EUR 4711', 'bob EUR cash', 'cid EUR cheque'])
    // What it keeps is what was recorded.
    expect(await running.saga(follow, '3')).toMatchObject({
      input: split.data,
      startedBy: { type: 'SoldAtCounter', position: 4 },
    })
    expect(await running.saga(follow, '4')).toMatchObject({ status: 'running' })
    await running.close()
  })

  test('that starts on the last part does not wait for the first, which came before it', async () => {
    const follow = saga('follow', { startsOn: OrderPaid, from: 'beginning' })
      .awaitEvent('placed', OrderPlaced, { within: '1h' })
      .step('note', { command: Note, to: () => 'n', input: ({ by }) => ({ what: by }) })
    const { store, running } = await shop({ commands: [...commands, Note], sagas: [follow] })
    await soon(async () => expect(await running.saga(follow, '3')).toMatchObject({ status: 'running' }))
    await running.send(PlaceOrder('3', { customer: 'eve', cents: 5, currency: 'CZK' }))
    expect(await running.waitForSaga(follow, '3', patience)).toMatchObject({ status: 'completed' })
    expect(await noted(store)).toEqual(['cheque'])
    expect(await running.saga(follow, '3')).toMatchObject({
      startedBy: { eventId: expect.stringMatching(/\/OrderPaid$/) },
    })
    await running.close()
  })

  test('that waits for a type goes on when code with another name for it is deployed', async () => {
    const store = memoryStore()
    const own = { ...store, close: async () => {} }
    const PaidSimply = event('PaidByCard', z.object({ card: z.string() }))
    const PlacedSimply = event('OrderCreated', z.object({ buyer: z.string() }))
    const older = aggregate('order', { initialState: {} })
      .on(PlacedSimply, (state) => state)
      .on(PaidSimply, (state) => state)
    const consumers = memoryConsumers()
    const Create = older.command('Create', {
      input: PlacedSimply.schema,
      emits: [PlacedSimply, PaidSimply],
      decide: (_state, data) => PlacedSimply(data),
    })
    const was = saga('follow', { startsOn: PlacedSimply })
      .awaitEvent('paid', PaidSimply, { within: '1h' })
      .step('note', { command: Note, to: () => 'n', input: (_data, { answers }) => ({ what: answers.paid.card }) })
    const before = startSystem(
      defineSystem({ name: 'shop', commands: [Create, Note], sagas: [was] }),
      parts({ store: own, consumers }),
    )
    await before.send(Create('1', { buyer: 'ann' }))
    await soon(async () => expect((await Array.fromAsync(store.read([{ types: ['$EventAwaited'] }]))).length).toBe(1))
    await before.close()
    const is = saga('follow', { startsOn: OrderPlaced })
      .awaitEvent('paid', OrderPaid, { within: '1h' })
      .step('note', {
        command: Note,
        to: () => 'n',
        input: ({ customer }, { answers }) => ({ what: `${customer} ${answers.paid.by}` }),
      })
    const after = startSystem(
      defineSystem({ name: 'shop', commands: [...commands, Note], sagas: [is] }),
      parts({ store: own, consumers }),
    )
    await after.send(PayOrder('1', { by: 'bank' }))
    expect(await after.waitForSaga(is, '1', patience)).toMatchObject({ status: 'completed' })
    expect(await noted(store)).toEqual(['ann bank'])
    await after.close()
  })
})

describe('a system is refused', () => {
  const Other = event('Other', z.object({}))
  const system = (...events: readonly (typeof Other)[]) => {
    const thing = events.reduce(
      (declared, each) => declared.on(each, (state) => state) as never,
      aggregate('thing', { initialState: {} }) as never as ReturnType<typeof on>,
    )
    const Do = thing.command('Do', { input: z.object({}), emits: [], decide: () => [] })
    return () => defineSystem({ name: 'things', commands: [Do] })
  }
  const on = (each: typeof Other) => aggregate('thing', { initialState: {} }).on(each, (state) => state)
  const Old = event('Old', z.object({}))
  const Both = event('Both', z.object({}), { parts: ['One', 'Two'] })
  const named = (name: string, ...former: readonly (typeof Other)[]) =>
    former.reduce((type, each) => type.formerly(each as never, () => ({})), event(name, z.object({}))) as never

  test('where a former type is still used, is ambiguous, or misses a part', () => {
    expect(system(named('New', Old as never), Old as never)).toThrow(
      /"Old" is a former type of another event, so nothing/,
    )
    expect(system(named('One', Old as never), named('Two', Old as never))).toThrow(
      /"Old" is formerly One and Two\. .*event\('Old', …, \{ parts: \['One', 'Two'\] \}\)/,
    )
    expect(system(Both as never)).toThrow(/"Both" is seen as One and Two, so nothing emits or handles it/)
    expect(system(named('One', Both as never))).toThrow(/but no Two is declared with \.formerly\(Both, …\)/)
    expect(system(named('One', Both as never), named('Two', Both as never))).not.toThrow()
  })

  test('where an aggregate handles a part alone', () => {
    const one = on(named('One', Both as never))
    const Do = one.command('Do', { input: z.object({}), emits: [], decide: () => [] })
    const two = projection('twos', { table: { id: text().key() } }).write(named('Two', Both as never), () => [])
    expect(() => defineSystem({ name: 'things', commands: [Do], projections: [two] })).toThrow(
      /Aggregate "thing" handles only a part of "Both"\. Handle the other part too: add \.on\(Two, …\)/,
    )
  })
})

test('a described system has the versions, former types and parts as data', async () => {
  const { system, running } = await shop()
  const [placed, paid] = describeSystem(system).events
  expect(placed).toMatchObject({
    type: 'OrderPlaced',
    version: 2,
    olderVersions: [{ version: 1, schema: { properties: { customer: {}, cents: {} } } }],
    formerTypes: [
      {
        type: 'OrderCreated',
        seenAs: ['OrderPlaced'],
        versions: [
          { version: 1, schema: { required: ['buyer'] } },
          { version: 2, schema: { required: ['buyer', 'cents'] } },
        ],
      },
      { type: 'SoldAtCounter', seenAs: ['OrderPlaced', 'OrderPaid'], versions: [{ version: 1 }] },
    ],
  })
  expect(paid!.formerTypes.map(({ type, seenAs }) => [type, seenAs])).toEqual([
    ['PaidByCard', ['OrderPaid']],
    ['PaidInCash', ['OrderPaid']],
    ['SoldAtCounter', ['OrderPlaced', 'OrderPaid']],
  ])
  await running.close()
})
