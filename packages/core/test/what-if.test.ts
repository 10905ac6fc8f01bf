// The log is played again with another past: what would follow is decided by the same rules, and nothing is written.
import {
  aggregate,
  bigint,
  command,
  decisionModel,
  defineSystem,
  type EventStore,
  event,
  projection,
  type RunningSystem,
  refuse,
  startSystem,
  text,
} from 'indelible'
import { type WhatIfOptions, whatIf } from 'indelible/history'
import { forkOf, memoryStore } from 'indelible/memory'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { draws, seed } from '../../../scripts/campaign.ts'
import { patience } from './patience.ts'
import {
  AskMove,
  CashPaidIn,
  CashTaken,
  moveSaga,
  PayIn,
  parts,
  startTills,
  Take,
  till,
  tills,
  tillTable,
} from './till.ts'

/** It can be read when the system is closed. */
function keptStore(): EventStore {
  return { ...memoryStore(), close: async () => {} }
}

/** Paid in at 1 and 3, taken at 2 and 4, then a move from a to b. */
async function aDay(): Promise<EventStore> {
  const store = keptStore()
  await using system = startTills({ store })
  await system.send(PayIn('a', { amount: 100 }), { actor: 'ann' })
  await system.send(Take('a', { amount: 30 }))
  await system.send(PayIn('b', { amount: 5 }))
  await system.send(Take('a', { amount: 40 }))
  await system.send(AskMove('m', { from: 'a', to: 'b', amount: 20 }))
  await system.waitForSaga(moveSaga, 'm', patience)
  return store
}

async function ask(log: EventStore, options: Omit<WhatIfOptions, 'fork'>) {
  return await whatIf(log, { fork: forkOf, ...options })
}

test('an event that did not happen: all others stay as they were recorded', async () => {
  const log = await aDay()
  const { position } = await log.head()
  const other = await ask(log, { without: [2] })
  const { is, wouldBe, changes } = await other.state(till, { id: 'a' })
  expect([is.state, wouldBe.state]).toEqual([{ cash: 10 }, { cash: 40 }])
  expect(changes).toEqual([{ field: 'cash', before: 10, after: 40 }])
  expect([other.streams, other.decided, other.differences, other.forkedAt]).toEqual([['till-a'], 0, [], 1])
  expect((await other.store.head()).position).toBe(position - 1)
  expect((await log.head()).position).toBe(position)
})

test('decided again: what the rules then forbid is refused, and what it would have caused is left out', async () => {
  const log = await aDay()
  const other = await ask(log, { without: [1], decide: tills })
  expect(other.differences).toMatchObject([
    { command: 'Take', position: 2, recorded: { status: 'accepted' }, now: { status: 'refused', reason: 'TooLittle' } },
    { command: 'Take', position: 4, now: { status: 'refused', details: { cash: 0 } } },
    { command: 'Take', now: { status: 'refused', details: { cash: 0 } } },
    { command: 'PayIn', stream: 'till-b', now: { status: 'left out' } },
  ])
  expect((await other.state(till, { id: 'b' })).wouldBe.state).toEqual({ cash: 5 })
  expect(other.streams.filter((stream) => stream.startsWith('till'))).toEqual(['till-a', 'till-b'])
})

test('events with other data, more events and more commands', async () => {
  const log = await aDay()
  const other = await ask(log, {
    instead: [{ position: 1, data: { amount: 60 } }],
    events: [{ after: 2, event: { stream: 'till-a', type: 'CashPaidIn', data: { amount: 7 } } }],
    commands: [{ after: 3, command: Take('b', { amount: 2 }) }],
    decide: tills,
  })
  // 60 - 30 + 7, then 40 is too much, and 20 is moved.
  expect((await other.state(till, { id: 'a' })).wouldBe.state).toEqual({ cash: 17 })
  expect((await other.state(till, { id: 'b' })).wouldBe.state).toEqual({ cash: 23 })
  expect(other.differences).toMatchObject([
    { command: 'Take', isAdded: true, position: 3, recorded: null, now: { status: 'accepted' } },
    { command: 'Take', isAdded: false, position: 4, now: { status: 'refused' } },
  ])
})

test('rows of a read table, also by other code', async () => {
  const log = await aDay()
  const sums = projection('sums', { table: { till: text().key(), cash: bigint() } })
    .write(CashPaidIn, ({ amount }, { streamId }) => ({ till: streamId, cash: amount }))
    .on(CashTaken, (row, { amount }) => ({ ...row, cash: row.cash - amount }))
  const other = await ask(log, { without: [1] })
  expect(await other.rows(tillTable)).toEqual({ added: [], removed: [{ till: 'a', cash: 100 }], changed: [] })
  const unchanged = await ask(log, {})
  const { changed } = await unchanged.rows(tillTable, { by: sums as unknown as typeof tillTable })
  expect(changed).toEqual([{ key: { till: 'a' }, changes: [{ field: 'cash', before: 100, after: 10 }] }])
})

test('changed code: each command from the beginning on', async () => {
  const log = await aDay()
  const Careful = till.command('Take', {
    input: z.object({ amount: z.int() }),
    emits: [CashTaken],
    refuses: ['NotSoMuch'],
    decide: (_state, { amount }) => (amount > 30 ? refuse('NotSoMuch') : CashTaken({ amount })),
  })
  const commands = tills.commands.map((each) => (each.type === 'Take' ? Careful : each))
  const other = await ask(log, { decide: defineSystem({ name: 'tills', commands }) })
  expect(other.decided).toBe(7)
  expect(other.differences).toMatchObject([{ position: 4, now: { status: 'refused', reason: 'NotSoMuch' } }])
  expect((await other.state(till, { id: 'a' })).wouldBe.state).toEqual({ cash: 50 })
})

test('whatever is left out of drawn histories, the rules hold; and the same past comes to the same events', async () => {
  const next = draws()
  let played = 0
  for (let history = 0; history < 12; history++) {
    const log = await drawn(next)
    const { position: end } = await log.head()
    const same = await ask(log, { decide: tills })
    expect([same.differences, same.streams]).toEqual([[], []])
    expect(await eventsOf(same.store)).toEqual(await eventsOf(log))
    for (let n = 0; n < 5; n++) {
      const without = Array.from({ length: 1 + next(3) }, () => 1 + next(end))
      const other = await ask(log, { without: [...new Set(without)], decide: tills })
      const cash = new Map<string, number>()
      for await (const { events } of other.store.read([{ categories: ['till'] }])) {
        for (const { streamId, type, data } of events) {
          const { amount } = data as { amount: number }
          cash.set(streamId, (cash.get(streamId) ?? 0) + (type === 'CashTaken' ? -amount : amount))
          if (type === 'CashTaken') expect(cash.get(streamId), `without ${without}`).toBeGreaterThanOrEqual(0)
        }
      }
      played++
    }
  }
  console.log(`what-ifs of drawn histories: ${played}, seed ${seed}`)
})

async function drawn(next: (below: number) => number): Promise<EventStore> {
  const store = keptStore()
  await using system = startTills({ store })
  const name = () => ['a', 'b', 'c', 'closed'][next(4)]!
  for (let n = 0; n < 25; n++) await step(system, n)
  return store

  async function step(running: RunningSystem, n: number): Promise<void> {
    const [which, amount] = [next(3), 1 + next(50)]
    if (which === 0) await running.send(PayIn(name(), { amount }))
    else if (which === 1) await running.send(Take(name(), { amount }))
    else {
      await running.send(AskMove(`m${n}`, { from: name(), to: name(), amount }))
      await running.waitForSaga(moveSaga, `m${n}`, patience)
    }
  }
}

async function eventsOf(store: EventStore) {
  const found: unknown[] = []
  for await (const { events } of store.read('all', { reserved: true })) {
    for (const { id, position, stream, version, type, data, recordedAt, metadata } of events) {
      const { requestHash: _, ...rest } = metadata
      found.push({ id, position, stream, version, type, data, recordedAt, metadata: rest })
    }
  }
  return found
}

test('what cannot be asked is refused with what to do', async () => {
  const log = await aDay()
  await expect(ask(log, { without: [99] })).rejects.toMatchObject({ code: 'invalid_position', message: /1 to \d+/ })
  await expect(ask(log, { without: [1, 1] })).rejects.toMatchObject({ code: 'invalid_position' })
  await expect(ask(log, { without: [1], from: 3 })).rejects.toMatchObject({ code: 'invalid_position' })
  await expect(ask(log, { commands: [{ after: 1, command: Take('a', { amount: 1 }) }] })).rejects.toMatchObject({
    code: 'invalid_command',
  })
  const Other = event('Other', z.object({}))
  await expect(ask(log, { events: [{ after: 1, event: { ...Other({}), stream: '$other-a' } }] })).rejects.toMatchObject(
    { code: 'reserved_name' },
  )
  await expect(ask(log, { events: [{ after: 1 } as never] })).rejects.toMatchObject({ code: 'invalid_event' })
  await expect(ask(log, { commands: [{ after: 1 } as never], decide: tills })).rejects.toMatchObject({
    code: 'invalid_command',
  })
  const stop = AbortSignal.abort(new Error('enough'))
  await expect(ask(log, { without: [1], signal: stop })).rejects.toThrow('enough')
})

const Named = event('Named', z.object({ name: z.string() }))
const Spent = event('Spent', z.object({ day: z.string(), amount: z.int() }), { tags: { day: 'day' } })
const guest = aggregate('guest', { initialState: { name: null as string | null }, unique: { name: 'NameTaken' } }).on(
  Named,
  (_state, { name }) => ({ name: name.trim() }),
)
const Name = guest.command('Name', {
  input: z.object({ names: z.array(z.string()) }),
  emits: [Named],
  decide: (_state, { names }) => names.map((name) => Named({ name })),
})
const spentOn = decisionModel('spent_on', { initialState: 0, tags: ['day'] }).on(
  Spent,
  (sum, { amount }) => sum + amount,
)
const Spend = command('Spend', {
  category: 'spending',
  input: Spent.schema,
  emits: [Spent],
  refuses: ['NothingLeft'],
  consults: { spent: spentOn.by({ day: 'day' }) },
  decide: ({ spent }, input) => (spent + input.amount > 10 ? refuse('NothingLeft') : Spent(input)),
})
const house = defineSystem({ name: 'house', commands: [Name, Spend] })

/** Ann is named at 1, and renamed twice by one command at 2 and 3; bob is named at 4. Half of d1 is spent at 5, half of d2 at 6. */
async function aHouse(): Promise<EventStore> {
  const store = keptStore()
  await using system = startSystem(house, parts({ store }))
  await system.send(Name('a', { names: ['ann'] }))
  await system.send(Name('a', { names: ['anna', 'anne'] }), { commandId: 'renamed' })
  await system.send(Name('b', { names: ['bob'] }))
  await system.send(Spend('s1', { day: 'd1', amount: 6 }))
  await system.send(Spend('s2', { day: 'd2', amount: 6 }))
  return store
}

const refusals = ({ differences }: { readonly differences: readonly unknown[] }) =>
  (differences as readonly { position: number; now: { reason?: string } }[]).map(({ position, now }) => [
    position,
    now.reason,
  ])

test('what is given claims unique values and has the tags of its type, so later decisions see it', async () => {
  const log = await aHouse()
  const decide = house
  const changed = await ask(log, { instead: [{ position: 3, data: { name: 'bob' } }], decide })
  expect(refusals(changed)).toEqual([[4, 'NameTaken']])
  const added = { stream: 'guest-c', type: 'Named', data: { name: 'bob' } } as const
  expect(refusals(await ask(log, { events: [{ after: 1, event: added }], decide }))).toEqual([[4, 'NameTaken']])
  // The claim of the commit was on its last event, which did not happen: ann is called anna.
  const partly = await ask(log, {
    without: [3],
    commands: ['anne', 'anna'].map((name) => ({ after: 4, command: Name('c', { names: [name] }) })),
    decide,
  })
  expect(partly.differences).toMatchObject([{ now: { status: 'accepted' } }, { now: { reason: 'NameTaken' } }])
  const otherDay = await ask(log, { instead: [{ position: 5, data: { day: 'd2', amount: 6 } }], decide })
  expect(refusals(otherDay)).toEqual([[6, 'NothingLeft']])
  const spent = { ...Spent({ day: 'd2', amount: 6 }), tags: [], stream: 'spending-s0' } as const
  expect(refusals(await ask(log, { events: [{ after: 0, event: spent }], decide }))).toEqual([[6, 'NothingLeft']])
})

test('a commit is played as a whole, wherever the play begins', async () => {
  const log = await aHouse()
  const commands = [{ after: 2, command: Name('a', { names: ['ada'] }) }]
  const [early, late] = [
    await ask(log, { commands, decide: house, from: 1 }),
    await ask(log, { commands, decide: house }),
  ]
  const names = async ({ store }: { store: EventStore }) =>
    (await eventsOf(store)).map((each) => (each as { data: { name?: string } }).data.name)
  expect(await names(late)).toEqual(['ann', 'anna', 'anne', 'ada', 'bob', undefined, undefined])
  expect(await names(early)).toEqual(await names(late))
  expect(late.forkedAt).toBe(1)
})

test('a command is found by its id on the fork, and is not carried out twice', async () => {
  const log = await aHouse()
  const other = await ask(log, { without: [1] })
  expect(await other.store.findCommit('renamed')).toMatchObject({ firstPosition: 1, lastPosition: 2 })
  await using system = startSystem(house, parts({ store: other.store }))
  expect(await system.send(Name('a', { names: ['anna', 'anne'] }), { commandId: 'renamed' })).toMatchObject({
    duplicate: true,
  })
  const command = Name('a', { names: ['ada'] })
  const taken = await ask(log, { commands: [{ after: 1, command, options: { commandId: 'renamed' } }], decide: house })
  expect(taken.differences).toMatchObject([
    { isAdded: true, now: { status: 'accepted' } },
    { position: 2, now: { status: 'failed', message: expect.stringContaining('used before') } },
  ])
})

test('data that the handlers cannot take are told with the aggregate', async () => {
  const log = await aHouse()
  const instead = [{ position: 1, data: { nome: 'ann' } }]
  const failed = { code: 'invalid_event', message: expect.stringContaining('guest-a') }
  const other = await ask(log, { instead })
  await expect(other.state(guest, { id: 'a' })).rejects.toMatchObject(failed)
  await expect(ask(log, { instead, decide: house })).rejects.toMatchObject(failed)
})

test('what is added before the first event has the time of the first event', async () => {
  const log = await aHouse()
  const event = { stream: 'guest-c', type: 'Named', data: { name: 'cid' } } as const
  const other = await ask(log, { events: [{ after: 0, event }] })
  const [first, second] = (await eventsOf(other.store)) as { recordedAt: string }[]
  expect(first!.recordedAt).toBe(second!.recordedAt)
})

test('what is recorded after the question is not compared', async () => {
  const log = await aDay()
  const other = await ask(log, { without: [3] })
  await log.append({ events: [{ stream: 'till-a', ...CashPaidIn({ amount: 1000 }) }] })
  expect(await other.state(till, { id: 'a' })).toMatchObject({ is: { state: { cash: 10 } }, changes: [] })
  expect(await other.rows(tillTable)).toEqual({
    added: [],
    removed: [],
    changed: [],
  })
})
