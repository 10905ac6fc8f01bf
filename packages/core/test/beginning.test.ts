// A new consumer begins "now". Commands wait until that is recorded: a crash before it would leave out their events.
import {
  aggregate,
  type ConsumerRecords,
  defineSystem,
  event,
  IndelibleError,
  policy,
  reaction,
  saga,
  startSystem,
} from 'indelible'
import { memoryConsumers, memorySnapshots, memoryStore, memoryTables } from 'indelible/memory'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const [Asked, Done] = [event('Asked', z.object({})), event('Done', z.object({}))]
const task = aggregate('task', { initialState: {} })
  .on(Asked, (state) => state)
  .on(Done, (state) => state)
const Ask = task.command('Ask', { input: z.object({}), emits: [Asked], decide: () => Asked({}) })
const Do = task.command('Do', { input: z.object({}), emits: [Done], decide: () => Done({}) })

const consumers = {
  saga: {
    sagas: [
      saga('doing', { startsOn: Asked, owner: 'support' }).step('do', {
        command: Do,
        to: (_, { sagaId }) => sagaId,
        input: () => ({}),
      }),
    ],
  },
  policy: { policies: [policy('doing', { sends: [Do] }).on(Asked, (_, { streamId }) => Do(streamId, {}))] },
  reaction: { reactions: [reaction('doing').on(Asked, async () => {})] },
}

const started = (given: (typeof consumers)[keyof typeof consumers], records: ConsumerRecords) => {
  const store = memoryStore()
  const system = defineSystem({ name: 'tasks', commands: [Ask, Do], ...given })
  const running = startSystem(system, {
    store,
    tables: memoryTables(),
    snapshots: memorySnapshots(),
    consumers: records,
  })
  onTestFinished(() => running.close())
  return { running, store }
}

test.each(Object.entries(consumers))('no command is recorded before a new %s has a place', async (_, given) => {
  const kept = memoryConsumers()
  const saving = Promise.withResolvers<void>()
  const hold = Promise.withResolvers<void>()
  const { running, store } = started(given, {
    ...kept,
    async save(record) {
      if (record.name === 'doing') {
        saving.resolve()
        await hold.promise
      }
      return await kept.save(record)
    },
  })
  const sent = running.send(Ask('one', {}))
  await saving.promise
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect((await store.head()).position).toBe(0)
  hold.resolve()
  expect((await sent).status).toBe('accepted')
  expect((await kept.load('doing'))?.checkpoint.position).toBe(0)
})

test('commands do not wait for records that cannot be written', async () => {
  const kept = memoryConsumers()
  const { running } = started(consumers.saga, {
    ...kept,
    save: async () => {
      throw new IndelibleError('store_full', 'There is no room.')
    },
  })
  expect((await running.send(Ask('one', {}))).status).toBe('accepted')
})
