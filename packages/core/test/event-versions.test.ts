// All readers get events of older versions in the newest form. A version that the code does not know is a fault and is not guessed.
import {
  aggregate,
  bigint,
  command,
  decisionModel,
  defineSystem,
  type EventStore,
  type EventType,
  event,
  liveModel,
  ProjectionOperator,
  projection,
  type RecordedEvent,
  reaction,
  type SystemNotice,
  saga,
  startSystem,
  subscription,
  text,
} from 'indelible'
import { fileStore } from 'indelible/file'
import { stateAsOf } from 'indelible/history'
import { memoryStore } from 'indelible/memory'
import { decideAfter, stateAfter } from 'indelible/testing'
import { describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { diskHere, temporaryDirectory } from '../src/file/test-support.ts'
import { rebuildIndex } from '../src/log/maintenance/rebuild-index.ts'
import { patience, soon } from './patience.ts'
import { parts, statuses } from './till.ts'

const first = z.object({ total: z.int() })
const second = z.object({ amount: z.int(), currency: z.string() })
const third = z.object({ amount: z.int(), currency: z.string(), channel: z.string() })
type Third = z.infer<typeof third>

const PlacedOnce = event('Placed', first)
const PlacedTwice = PlacedOnce.next(second).upcast(({ total }) => ({ amount: total, currency: 'CZK' }))
const tags = { channel: 'channel' } as const
const atTheCounter = (data: z.infer<typeof second>) => ({ ...data, channel: 'counter' })
const Placed = PlacedTwice.next(third, { tags }).upcast(atTheCounter)
/** Code that no longer knows the first version. */
const PlacedLately = event('Placed', second, { version: 2 }).next(third, { tags }).upcast(atTheCounter)
const PlacedBadly = PlacedOnce.next(second)
  .upcast(({ total }) => {
    if (total === 13) throw new Error('thirteen is too much')
    return { amount: total, currency: 'CZK' }
  })
  .next(third, { tags })
  .upcast(atTheCounter)

function shop(placed: EventType<'Placed', Third>) {
  const order = aggregate('order', { initialState: { total: 0, seen: [] as string[] } }).on(
    placed,
    (state, { amount, currency, channel }, { schemaVersion }) => ({
      total: state.total + amount,
      seen: [...state.seen, `${schemaVersion} ${amount} ${currency} ${channel}`],
    }),
  )
  const Place = order.command('Place', { input: third, emits: [placed], decide: (_state, data) => placed(data) })
  const turnover = projection('turnover', { table: { order_id: text().key(), total: bigint(), last: text() } }).on(
    placed,
    { initial: (_key, _data, { streamId }) => ({ order_id: streamId, total: 0, last: '' }) },
    (row, { amount, currency, channel }, { schemaVersion }) => ({
      ...row,
      total: row.total + amount,
      last: `${schemaVersion} ${currency} ${channel}`,
    }),
  )
  return { order, Place, turnover, system: defineSystem({ name: 'shop', commands: [Place], projections: [turnover] }) }
}

const old = (id: string, total = 5) => ({ stream: `order-${id}`, type: 'Placed', data: { total } }) as const
const middle = (id: string, amount = 7) =>
  ({ stream: `order-${id}`, type: 'Placed', schemaVersion: 2, data: { amount, currency: 'EUR' } }) as const
const newest = { amount: 9, currency: 'USD', channel: 'web' }
const kept = (store: EventStore): EventStore => ({ ...store, close: async () => {} })
const seen = ['3 5 CZK counter', '3 7 EUR counter', '3 9 USD web']

describe('all readers get the newest form', () => {
  test('decisions and evolutions, live, replayed, at a point of history, and in tests of the domain', async () => {
    const store = memoryStore()
    await store.append({ events: [old('1'), middle('1')] })
    const { order, Place, system } = shop(Placed)
    await using running = startSystem(system, parts({ store: kept(store) }))
    expect(await running.send(Place('1', newest))).toMatchObject({ status: 'accepted', version: 3 })
    expect((await stateAsOf(store, order, { id: '1' })).state).toEqual({ total: 21, seen })
    expect((await stateAsOf(store, order, { id: '1', asOf: { version: 1 } })).state.seen).toEqual(seen.slice(0, 1))
    expect(stateAfter(order, [Placed(newest)]).seen).toEqual(['3 9 USD web'])
    expect(decideAfter([Placed(newest)], Place, newest)).toEqual([Placed(newest)])
    const recorded = (await Array.fromAsync(store.read('all'))).flatMap(({ events }) => events)
    // The log keeps each event as it was recorded.
    expect(recorded.map(({ schemaVersion, data }) => [schemaVersion, data])).toEqual([
      [1, { total: 5 }],
      [2, { amount: 7, currency: 'EUR' }],
      [3, newest],
    ])
  })

  test.each(['memory', 'file'])(
    'a projection that follows, is rebuilt or checked, and a live model: %s',
    async (kind) => {
      const store = kind === 'memory' ? memoryStore() : await fileStore({ dir: temporaryDirectory() })
      await store.append({ events: [old('1'), middle('1'), old('2', 1)] })
      const { Place, turnover, system } = shop(Placed)
      const shared = parts({ store })
      await using running = startSystem(system, shared)
      const rows = [
        { order_id: '1', total: 12, last: '3 EUR counter' },
        { order_id: '2', total: 1, last: '3 CZK counter' },
      ]
      await running.waitFor(turnover, 3)
      expect(await running.select(turnover)).toEqual(rows)
      const model = await liveModel(turnover, store)
      // By following now, not by replay.
      await running.send(Place('1', newest))
      await store.append({ events: [old('2', 2), middle('3', 3)] })
      rows[0] = { order_id: '1', total: 21, last: '3 USD web' }
      rows[1] = { order_id: '2', total: 3, last: '3 CZK counter' }
      rows[2] = { order_id: '3', total: 3, last: '3 EUR counter' }
      await running.waitFor(turnover, 6)
      await model.waitFor(6)
      expect(await running.select(turnover)).toEqual(rows)
      expect([...model.rows()]).toEqual(rows)
      expect(await running.verifyTable(turnover)).toMatchObject({ rows: 3, differing: 0 })
      expect(await running.rebuild(turnover)).toMatchObject({ rows: 3 })
      expect(await running.select(turnover)).toEqual(rows)
      await model.close()
    },
  )

  test.each([
    ['of one older version', () => middle],
    ['of several versions', (n: number) => (n % 3 === 0 ? old : middle)],
  ] as const)('a fold of replay columns, by stream or not: events %s', async (_what, makerOf) => {
    const events = Array.from({ length: 60 }, (_, n) => makerOf(n)(`${n % 7}`, n + 1))
    const dir = temporaryDirectory()
    const limits = { segmentEventsMax: events.length, columnsShareMax: 0 }
    const writing = await fileStore({ dir, limits, disk: diskHere })
    await writing.append({ events })
    await writing.append({ events: [middle('9', 1)] })
    await writing.close()
    await rebuildIndex({ dir, disk: diskHere })
    const store = await fileStore({ dir, disk: diskHere })
    const [batch] = await Array.fromAsync(store.replay(['Placed'], { after: 0 }))
    expect(batch!.byStream).toBeDefined()

    const { order, turnover, system } = shop(Placed)
    const byPlace = projection('by_place', { table: { place: text().key(), total: bigint() } }).on(
      Placed,
      {
        key: (_data, { streamId }) => [{ place: streamId }, { place: 'all' }],
        initial: ({ place }) => ({ place: place!, total: 0 }),
      },
      (row, { amount }) => ({ ...row, total: row.total + amount }),
    )
    const total = (of: (id: string) => boolean) =>
      events.reduce((sum, { stream }, n) => (of(stream.slice('order-'.length)) ? sum + n + 1 : sum), 0)
    await using running = startSystem({ ...system, projections: [turnover, byPlace] as never }, parts({ store }))
    for (const each of [turnover, byPlace]) {
      await running.waitFor(each, 61)
      expect(await running.verifyTable(each)).toMatchObject({ differing: 0 })
      await running.rebuild(each)
    }
    const rows = await running.select(turnover)
    expect(rows).toHaveLength(8)
    for (const { order_id, total: sum, last } of rows.slice(0, 7)) {
      expect(sum).toBe(total((id) => id === order_id))
      const { state } = await stateAsOf(store, order, { id: order_id })
      expect(last).toBe(state.seen.at(-1)!.replace(/^3 \d+ /, '3 '))
    }
    expect((await running.select(byPlace)).find(({ place }) => place === 'all')).toEqual({
      place: 'all',
      total: total(() => true) + 1,
    })
  })

  test('what a command consults, reactions and subscriptions', async () => {
    const Counted = event('Counted', z.object({ total: z.int() }))
    const sales = decisionModel('sales', { initialState: { total: 0 }, tags: ['channel'] }).on(
      Placed,
      ({ total }, { amount }) => ({ total: total + amount }),
    )
    const Count = command('Count', {
      category: 'count',
      input: z.object({ channel: z.string() }),
      emits: [Counted],
      consults: { sales: sales.by({ channel: 'channel' }) },
      decide: ({ sales }) => Counted(sales),
    })
    const heard: string[] = []
    const hear = (by: string, { data, schemaVersion }: RecordedEvent<'Placed', Third>) =>
      void heard.push(`${by} ${schemaVersion} ${data.amount} ${data.currency} ${data.channel}`)
    const { Place, system } = shop(Placed)
    const store = memoryStore()
    // Events keep the tags with which they were recorded.
    await store.append({ events: [{ ...old('1'), tags: ['channel:web'] }, middle('1')] })
    await using running = startSystem(
      defineSystem({
        ...system,
        commands: [Place, Count],
        reactions: [reaction('r', { from: 'beginning' }).on(Placed, (_data, event) => hear('r', event))],
        subscriptions: [
          subscription('s', {
            on: [Placed],
            from: 'beginning',
            run: (events) => {
              for (const each of events) hear('s', each)
            },
          }),
        ],
      }),
      parts({ store }),
    )
    await running.send(Place('1', newest))
    const counted = await running.send(Count('c', { channel: 'web' }))
    if (counted.status !== 'accepted') throw new Error(counted.status)
    expect((await Array.fromAsync(store.read([{ types: ['Counted'] }])))[0]!.events[0]!.data).toEqual({ total: 14 })
    await running.waitFor({ name: 'r' }, counted.position)
    await running.waitFor({ name: 's' }, counted.position)
    expect(heard.sort()).toEqual([...seen.map((each) => `r ${each}`), ...seen.map((each) => `s ${each}`)])
  })

  test('when an older version gets an upcast, events are folded again and earlier snapshots and tables are not used', async () => {
    const store = memoryStore()
    await store.append({ events: Array.from({ length: 120 }, () => middle('1', 1)) })
    const shared = { ...parts({ store: kept(store) }), notices: [] as SystemNotice[] }
    const tables = { ...shared.tables, close: async () => {} }
    const run = (system: ReturnType<typeof shop>['system']) =>
      startSystem(system, { ...shared, tables, onNotice: (notice) => void shared.notices.push(notice) })
    const again = Placed.next(third, { tags }).upcast((data) => ({ ...data, channel: 'mail' }))
    const [before, after] = [shop(Placed), shop(again)]
    const one = run(before.system)
    await one.send(before.Place('1', newest))
    await one.waitFor(before.turnover, 121)
    await one.close()
    expect(after.order.fingerprint).not.toBe(before.order.fingerprint)
    shared.notices.length = 0
    const two = run(after.system)
    await two.waitFor(after.turnover, 121)
    await vi.waitFor(() => expect(shared.notices.map(({ kind }) => kind)).toEqual(['rebuilding', 'rebuilt']))
    await store.append({ events: [middle('1', 1)] })
    await two.waitFor(after.turnover, 122)
    expect(await two.select(after.turnover)).toEqual([{ order_id: '1', total: 130, last: '4 EUR mail' }])
    const { state } = await stateAsOf(store, after.order, { id: '1' })
    expect(state.seen[0]).toBe('4 1 EUR mail')
    expect(await two.send(after.Place('1', newest))).toMatchObject({ status: 'accepted', version: 123 })
    await two.close()
  })
})

describe('an undeclared version', () => {
  const unknown = {
    code: 'event_version_unknown',
    retryable: false,
    message: expect.stringMatching(
      /^"Placed" \(order-1, position 1\) has version 1\. This code knows version 2, 3\. Begin its declaration with that version: .*\{ version: 1 \}\)\.next\(/,
    ),
    details: { type: 'Placed', schemaVersion: 1, known: [2, 3], stream: 'order-1', position: 1 },
  }

  test('fails a command on an aggregate whose history contains it, and the error names event, position and versions', async () => {
    const store = memoryStore()
    await store.append({ events: [old('1')] })
    const { order, Place, system } = shop(PlacedLately)
    await using running = startSystem(system, parts({ store }))
    await expect(running.send(Place('1', newest))).rejects.toMatchObject(unknown)
    expect(await running.send(Place('2', newest))).toMatchObject({ status: 'accepted' })
    await expect(stateAsOf(store, order, { id: '1' })).rejects.toMatchObject(unknown)
  })

  test('of newer code fails with the advice to deploy that code here too', async () => {
    const store = memoryStore()
    await store.append({ events: [{ ...middle('1'), schemaVersion: 4, data: {} }] })
    const { Place, turnover, system } = shop(Placed)
    await using running = startSystem(system, parts({ store }))
    const newer = {
      code: 'event_version_unknown',
      message: expect.stringMatching(/has version 4\. .*Newer code wrote it/),
    }
    await expect(running.send(Place('1', newest))).rejects.toMatchObject(newer)
    await expect(running.waitFor(turnover, 1)).rejects.toMatchObject({ code: 'projection_parked', cause: newer })
  })

  test('parks a projection there, and stops a check, a rebuild and a live model', async () => {
    const store = memoryStore()
    await store.append({ events: [middle('0', 1)] })
    await store.append({ events: [old('1')] })
    const { turnover, system } = shop(PlacedLately)
    const shared = parts({ store })
    await using running = startSystem(system, shared)
    await expect(running.waitFor(turnover, 2)).rejects.toMatchObject({
      code: 'projection_parked',
      details: { position: 2 },
      cause: { code: 'event_version_unknown' },
    })
    await vi.waitFor(async () =>
      expect((await statuses(running, 'projection'))[0]).toMatchObject({
        state: 'parked',
        position: 1,
        error: { code: 'event_version_unknown', event: { position: 2 } },
      }),
    )
    expect(await running.select(turnover)).toEqual([{ order_id: '0', total: 1, last: '3 EUR counter' }])
    const operator = new ProjectionOperator(system, shared)
    await expect(operator.rebuild('turnover')).rejects.toMatchObject({ cause: { code: 'event_version_unknown' } })
    await expect(liveModel(turnover, store)).rejects.toMatchObject({ code: 'projection_parked' })
  })
})

describe('an upcast that throws', () => {
  const failed = {
    code: 'upcast_failed',
    message: 'The upcast of "Placed" from version 1 to 2 failed at order-1, position 2: thirteen is too much',
    details: { type: 'Placed', schemaVersion: 1, stream: 'order-1', position: 2 },
  }

  test.each(['by replay', 'by following'])('parks a projection at its event: %s', async (how) => {
    const store = memoryStore()
    const { turnover, system } = shop(PlacedBadly)
    const shared = parts({ store })
    if (how === 'by replay') await store.append({ events: [old('0'), old('1', 13), old('1')] })
    await using running = startSystem(system, shared)
    if (how !== 'by replay') {
      await store.append({ events: [old('0')] })
      await running.waitFor(turnover, 1)
      await store.append({ events: [old('1', 13), old('1')] })
    }
    await expect(running.waitFor(turnover, 3)).rejects.toMatchObject({
      code: 'projection_parked',
      details: { position: 2 },
      cause: failed,
    })
    await vi.waitFor(async () =>
      expect((await statuses(running, 'projection'))[0]).toMatchObject({
        state: 'parked',
        position: 1,
        error: { code: 'upcast_failed', event: { position: 2, stream: 'order-1' } },
      }),
    )
    expect(await running.select(turnover)).toEqual([{ order_id: '0', total: 5, last: '3 CZK counter' }])
    await expect(running.rebuild(turnover)).rejects.toMatchObject({ code: 'projection_parked', cause: failed })
    await expect(liveModel(turnover, store)).rejects.toMatchObject({ code: 'projection_parked', cause: failed })
  })

  test('fails the commands on its aggregate, but no others', async () => {
    const store = memoryStore()
    await store.append({ events: [old('0'), old('1', 13)] })
    const { order, Place, system } = shop(PlacedBadly)
    await using running = startSystem(system, parts({ store }))
    await expect(running.send(Place('1', newest))).rejects.toMatchObject(failed)
    await expect(stateAsOf(store, order, { id: '1' })).rejects.toMatchObject(failed)
    expect(await running.send(Place('0', newest))).toMatchObject({ status: 'accepted', version: 2 })
  })
})

test('reactions park the event and the later ones of its stream; subscriptions stop there', async () => {
  const store = memoryStore()
  await store.append({ events: [old('1', 13), old('2'), { ...old('3'), schemaVersion: 4 }, middle('1'), middle('2')] })
  const { Place, system } = shop(PlacedBadly)
  const heard: string[] = []
  const parked = (position: number, code: string) => ({ position, code })
  await using running = startSystem(
    defineSystem({
      ...system,
      commands: [Place],
      reactions: [
        reaction('r', { from: 'beginning', retries: 0 }).on(PlacedBadly, ({ amount }, { stream }) => {
          heard.push(`${stream} ${amount}`)
        }),
      ],
      subscriptions: [
        subscription('s', {
          on: [PlacedBadly],
          from: 'beginning',
          retries: 0,
          run: (events) => {
            for (const { data } of events) heard.push(`subscription ${data.amount}`)
          },
        }),
      ],
    }),
    parts({ store }),
  )
  await soon(async () => {
    expect(await running.consumers.show({ name: 'r' })).toMatchObject({
      position: 5,
      parked: [parked(1, 'upcast_failed'), parked(3, 'event_version_unknown')],
    })
    expect(await running.consumers.show({ name: 's' })).toMatchObject({
      state: 'parked',
      position: 0,
      parked: [parked(1, 'upcast_failed')],
    })
  })
  expect(heard.sort()).toEqual(['order-2 5', 'order-2 7'])
})

describe('a saga that began on an older version of its event', () => {
  const Shipped = event('Shipped', z.object({ what: z.string() }))
  const parcel = aggregate('parcel', { initialState: {} }).on(Shipped, (state) => state)
  const Ship = parcel.command('Ship', {
    input: Shipped.schema,
    emits: [Shipped],
    decide: (_state, data) => Shipped(data),
  })

  function start(startsOn: EventType<'Placed', Third>, store: EventStore, check: (data: Third) => void = () => {}) {
    const { Place } = shop(startsOn)
    const ship = saga('ship', { startsOn, from: 'beginning' }).step('ship', {
      command: Ship,
      to: () => 'p',
      input: (data) => {
        check(data)
        return { what: `${data.amount} ${data.currency} ${data.channel}` }
      },
    })
    const system = defineSystem({ name: 's', commands: [Place, Ship], sagas: [ship] })
    return { ship, Place, running: startSystem(system, parts({ store: kept(store) })) }
  }

  const shippedIn = async (store: EventStore) =>
    (await Array.fromAsync(store.read([{ types: ['Shipped'] }]))).flatMap(({ events }) =>
      events.map(({ data }) => data),
    )

  test('gets it in the newest form, and keeps it as it was recorded', async () => {
    const store = memoryStore()
    await store.append({ events: [old('1'), middle('2')] })
    const { ship, Place, running } = start(Placed, store)
    await running.send(Place('3', newest))
    for (const id of ['1', '2', '3'])
      expect(await running.waitForSaga(ship, id, patience)).toMatchObject({ status: 'completed' })
    expect(await running.saga(ship, '1')).toMatchObject({ input: { total: 5 }, startedBy: { schemaVersion: 1 } })
    expect((await shippedIn(store)).map((data) => (data as { what: string }).what).sort()).toEqual([
      '5 CZK counter',
      '7 EUR counter',
      '9 USD web',
    ])
    await running.close()
  })

  test('continues in the newest form with code that was deployed while it was running', async () => {
    const store = memoryStore()
    await store.append({ events: [old('1')] })
    const older = saga('ship', { startsOn: PlacedOnce, from: 'beginning' }).step('ship', {
      command: Ship,
      to: () => 'p',
      input: () => {
        throw new Error('not yet')
      },
    })
    const order = aggregate('order', { initialState: {} }).on(PlacedOnce, (state) => state)
    const Place = order.command('Place', {
      input: first,
      emits: [PlacedOnce],
      decide: (_state, data) => PlacedOnce(data),
    })
    const before = startSystem(
      defineSystem({ name: 's', commands: [Place, Ship], sagas: [older] }),
      parts({ store: kept(store) }),
    )
    await soon(async () => expect((await statuses(before, 'saga'))[0]!.needsIntervention).toHaveLength(1))
    await before.close()
    const { ship, running } = start(Placed, store)
    expect(await running.waitForSaga(ship, '1', patience)).toMatchObject({ status: 'completed' })
    expect(await shippedIn(store)).toEqual([{ what: '5 CZK counter' }])
    await running.close()
  })

  test('needs intervention if the code does not know that version, until it does', async () => {
    const store = memoryStore()
    await store.append({ events: [old('1'), middle('2')] })
    const lately = start(PlacedLately, store)
    await soon(async () =>
      expect((await statuses(lately.running, 'saga'))[0]!.needsIntervention).toEqual([
        {
          sagaId: '1',
          problem: expect.stringMatching(/^"Placed" \(position 1\) has version 1\. This code knows version 2, 3\./),
        },
      ]),
    )
    expect(await lately.running.waitForSaga(lately.ship, '2', patience)).toMatchObject({ status: 'completed' })
    await lately.running.close()
    const mended = start(Placed, store)
    expect(await mended.running.waitForSaga(mended.ship, '1', patience)).toMatchObject({ status: 'completed' })
    await mended.running.close()
  })

  test('needs intervention if the upcast throws, until it no longer does', async () => {
    const store = memoryStore()
    await store.append({ events: [old('1', 13)] })
    const badly = start(PlacedBadly, store)
    await soon(async () =>
      expect((await statuses(badly.running, 'saga'))[0]!.needsIntervention).toEqual([
        { sagaId: '1', problem: expect.stringContaining('thirteen is too much') },
      ]),
    )
    await badly.running.close()
    const mended = start(Placed, store)
    expect(await mended.running.waitForSaga(mended.ship, '1', patience)).toMatchObject({ status: 'completed' })
    expect(await shippedIn(store)).toEqual([{ what: '13 CZK counter' }])
    await mended.running.close()
  })
})

test('an event made by an older declaration of its type is not written', async () => {
  const { order, system } = shop(Placed)
  const Place = order.command('Place', {
    input: second,
    emits: [Placed],
    decide: (_state, data) => PlacedTwice(data) as never,
  })
  await using running = startSystem({ ...system, commands: [Place] }, parts())
  await expect(running.send(Place('1', { amount: 7, currency: 'EUR' }))).rejects.toMatchObject({
    code: 'invalid_declaration',
    message: expect.stringMatching(
      /^decide of Place returned "Placed" in version 2, but the event is declared at version 3\./,
    ),
  })
  expect((await running.store.head()).position).toBe(0)
})
