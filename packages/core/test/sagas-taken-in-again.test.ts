// What comes in for a saga after another start of the process. One that dies has not said how far it took events in, so the next one takes them in again. What came before a saga does not concern it then either.
import { type AnySaga, saga } from 'indelible'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Ask, Asked, notebook, Sign, Signed, Withdraw, Withdrawn } from './notebook.ts'
import { patience, soon } from './patience.ts'

/** Two processes after each other; the first one dies without having kept more than where it began. */
function processes(sagas: readonly AnySaga[]) {
  const [store, consumers] = [memoryStore(), memoryConsumers()]
  const begun = new Set<string>()
  const dying: typeof consumers = {
    ...consumers,
    load: (name) => consumers.load(name),
    save: async (record) => {
      if (begun.has(record.name)) return 'saved'
      begun.add(record.name)
      return await consumers.save(record)
    },
  }
  const start = (records: typeof consumers) =>
    notebook(sagas, { store: { ...store, close: async () => {} }, consumers: records }).running
  return { first: () => start(dying), second: () => start(consumers), store }
}

test('an event that came before the one that started a saga does not cancel it', async () => {
  const waits = saga('waits', { startsOn: Asked, cancelsOn: Withdrawn }).sleep('rest', { for: '1d' })
  const { first, second, store } = processes([waits])
  const dying = first()
  await dying.send(Withdraw('1', { why: 'too soon' }))
  await dying.send(Ask('1', { words: [] }))
  await soon(async () => expect(await dying.saga(waits, '1')).toMatchObject({ status: 'running', version: 2 }))
  await dying.close()
  const running = second()
  await running.waitFor(waits, (await store.head()).position)
  expect(await running.saga(waits, '1')).toMatchObject({ status: 'running', version: 2 })
  await running.send(Withdraw('1', { why: 'now' }))
  expect(await running.waitForSaga(waits, '1', patience)).toMatchObject({ status: 'compensated' })
  await running.close()
})

test('a child does not get an event that came before it began', async () => {
  const child = saga('child', { data: z.object({}), cancelsOn: { event: Withdrawn, correlate: ({ why }) => why } })
    .awaitEvent('signature', Signed, { correlate: ({ by }) => by, within: 'forever' })
    .sleep('rest', { for: '1d' })
  const parent = saga('parent', { startsOn: Asked }).child('child', {
    saga: child,
    id: () => 'c',
    data: () => ({}),
  })
  const { first, second, store } = processes([child, parent])
  const dying = first()
  await dying.send(Sign('1', { by: 'c' }))
  await dying.send(Withdraw('1', { why: 'c' }))
  await dying.send(Ask('1', { words: [] }))
  await soon(async () => expect(await dying.saga(child, 'c')).toMatchObject({ status: 'running', version: 2 }))
  await dying.close()
  const running = second()
  await running.waitFor(child, (await store.head()).position)
  expect(await running.saga(child, 'c')).toMatchObject({ status: 'running', version: 2 })
  await running.close()
})

test('an open wait whose step waits for another event now needs intervention when that event comes, and does not wait for ever', async () => {
  const waits = (event: typeof Signed | typeof Withdrawn) =>
    saga('waits', { startsOn: Asked }).awaitEvent('answer', event as typeof Signed, { within: 'forever' })
  const [then, now] = [waits(Signed), waits(Withdrawn)]
  const [store, consumers] = [memoryStore(), memoryConsumers()]
  const kept = { store: { ...store, close: async () => {} }, consumers }
  const former = notebook([then], kept).running
  await former.send(Ask('1', { words: [] }))
  await soon(async () => expect(await former.saga(then, '1')).toMatchObject({ version: 2 }))
  await former.close()
  const { running } = notebook([now], kept)
  await running.send(Withdraw('1', { why: 'this' }))
  const problem = 'Step "answer" waits for Signed, but in the code of saga "waits" it waits for Withdrawn.'
  await soon(async () =>
    expect(await running.consumers.show(now)).toMatchObject({
      needsIntervention: [{ sagaId: '1', problem: expect.stringContaining(problem) }],
    }),
  )
  await running.close()
})
