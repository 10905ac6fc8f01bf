// Indelible's own events in the log never mix with those of users, whatever names the users choose.
import { aggregate, defineSystem, event, integer, projection, saga, startSystem, text } from 'indelible'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { patience, soon } from './patience.ts'
import { AskMove, moveSaga, PayIn, parts, startTills, statuses } from './till.ts'

test('user events and categories with the names of saga events stay the user’s, and those of the saga stay its own', async () => {
  const Asked = event('Asked', z.object({}))
  const StepDone = event('StepDone', z.object({}))
  const job = aggregate('job', { initialState: {} }).on(Asked, (state) => state)
  const walk = aggregate('saga.flow', { initialState: {} }).on(StepDone, (state) => state)
  const Ask = job.command('Ask', { input: z.object({}), emits: [Asked], decide: () => Asked({}) })
  const Walk = walk.command('Walk', { input: z.object({}), emits: [StepDone], decide: () => StepDone({}) })
  const flow = saga('flow', { startsOn: Asked }).step('walk', { command: Walk, to: () => '1', input: () => ({}) })
  const steps = projection('steps', { table: { stream: text().key(), n: integer() } }).on(
    StepDone,
    { key: (_data, { stream }) => ({ stream }), initial: (_key, _data, { stream }) => ({ stream, n: 0 }) },
    (row) => ({ ...row, n: row.n + 1 }),
  )
  const system = defineSystem({ name: 's', commands: [Ask, Walk], projections: [steps], sagas: [flow] })
  await using running = startSystem(system, parts())
  await running.send(Ask('1', {}))
  expect(await running.waitForSaga(flow, '1', patience)).toMatchObject({ status: 'completed' })
  await running.waitFor(steps, (await running.store.head()).position)
  expect(await running.select(steps)).toEqual([{ stream: 'saga.flow-1', n: 1 }])
})

test('a read of everything shows the events of users; the events of sagas must be requested', async () => {
  await using system = startTills()
  await system.send(PayIn('a', { amount: 10 }))
  await system.send(AskMove('m', { from: 'a', to: 'b', amount: 4 }), { correlationId: 'corr' })
  await system.waitForSaga(moveSaga, 'm', patience)
  const { store } = system
  const typesOf = async (...read: Parameters<typeof store.read>) =>
    (await Array.fromAsync(store.read(...read))).flatMap(({ events }) => events.map(({ type }) => type))
  expect(await typesOf('all')).toEqual(['CashPaidIn', 'MoveAsked', 'CashTaken', 'CashPaidIn'])
  expect(await typesOf([{ correlationIds: ['corr'] }])).toEqual(['MoveAsked', 'CashTaken', 'CashPaidIn'])
  const own = await typesOf([{ categories: ['$saga.move'] }])
  expect(own).toHaveLength(6)
  expect(await typesOf([{ correlationIds: ['corr'] }], { reserved: true })).toHaveLength(9)
  expect(new Set(own.map((type) => type[0]))).toEqual(new Set('$'))
})

test('a decision for a saga’s command may not use reserved names either', async () => {
  const Tagged = event('Tagged', z.object({}))
  const Asked = event('Asked', z.object({}))
  const thing = aggregate('thing', { initialState: {} })
    .on(Asked, (state) => state)
    .on(Tagged, (state) => state)
  const Ask = thing.command('Ask', { input: z.object({}), emits: [Asked], decide: () => Asked({}) })
  const Tag = thing.command('Tag', {
    input: z.object({}),
    emits: [Tagged],
    decide: () => Tagged({}, { tags: ['$mine'] }),
  })
  const tagging = saga('tagging', { startsOn: Asked }).step('tag', { command: Tag, to: () => '1', input: () => ({}) })
  await using running = startSystem(defineSystem({ name: 's', commands: [Ask, Tag], sagas: [tagging] }), parts())
  await expect(running.send(Tag('1', {}))).rejects.toMatchObject({ code: 'reserved_name' })
  await running.send(Ask('1', {}))
  await soon(async () => {
    const problem = expect.stringContaining('reserved_name')
    expect((await statuses(running, 'saga'))[0]!.needsIntervention).toEqual([{ sagaId: '1', problem }])
  })
  expect(await Array.fromAsync(running.store.read([{ types: ['Tagged'] }]))).toEqual([])
})
