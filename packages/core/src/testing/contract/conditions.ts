// Conditions, and repeated command ids.
import assert from 'node:assert/strict'
import type { Query } from '../../kernel/queries.ts'
import type { Commit, EventStore } from '../../store/port.ts'
import type { ContractCase } from './contract-case.ts'
import { all, fact, range, written } from './store-support.ts'

export const conditionsContract: readonly ContractCase<EventStore>[] = [
  {
    name: 'a condition fails if an event matches after its position',
    async run(store) {
      await store.append({ events: [{ ...fact('thing-1', 'Booked'), tags: ['seat:1'] }] })
      const failIfEventsMatch: Query = [{ types: ['Booked'], tags: ['seat:1'] }]
      const without = await store.append({ events: [fact('thing-2')], condition: { failIfEventsMatch } })
      assert.deepEqual(without, { status: 'conflict', conflict: { cause: 'condition', matchedPosition: 1 } })
      written(await store.append({ events: [fact('thing-2')], condition: { failIfEventsMatch, after: 1 } }))
      const earlier = await store.append({ events: [fact('thing-2')], condition: { failIfEventsMatch, after: 0 } })
      assert.equal(earlier.status, 'conflict')
      written(
        await store.append({ events: [fact('thing-2')], condition: { failIfEventsMatch: [{ tags: ['seat:2'] }] } }),
      )
    },
  },
  {
    name: 'a condition on all fails if anything at all came after',
    async run(store) {
      written(await store.append({ events: [fact('thing-1')], condition: { failIfEventsMatch: 'all' } }))
      assert.equal(
        (await store.append({ events: [fact('thing-1')], condition: { failIfEventsMatch: 'all' } })).status,
        'conflict',
      )
      written(await store.append({ events: [fact('thing-1')], condition: { failIfEventsMatch: 'all', after: 1 } }))
    },
  },
  {
    name: 'conditions see commits that are appended at the same moment',
    async run(store) {
      const book = (n: number) =>
        store.append({
          events: [{ ...fact(`booking-${n}`, 'Booked'), tags: ['seat:1'] }],
          condition: { failIfEventsMatch: [{ tags: ['seat:1'] }] },
        })
      const outcomes = await Promise.all(range(1, 20).map(book))
      assert.equal(outcomes.filter(({ status }) => status === 'written').length, 1)
      assert.equal((await all(store)).length, 1)
    },
  },
  {
    name: 'a repeated command id gets the first outcome again and writes nothing',
    async run(store) {
      const commit: Commit = {
        events: [fact('thing-1'), fact('thing-2')],
        expected: { 'thing-1': 'none' },
        commandId: 'c-1',
      }
      const { status: _, ...first } = written(await store.append(commit))
      await store.append({ events: [fact('thing-1')] })
      assert.deepEqual(await store.append(commit), { status: 'duplicate', ...first })
      assert.deepEqual(await store.findCommit('c-1'), first)
      assert.equal(await store.findCommit('c-2'), undefined)
      assert.equal((await all(store)).length, 3)
    },
  },
  {
    name: 'a command id that is repeated at the same moment is written once',
    async run(store) {
      const outcomes = await Promise.all(
        range(1, 20).map(() => store.append({ events: [fact('thing-1')], commandId: 'c-1' })),
      )
      assert.deepEqual(outcomes.map(({ status }) => status).sort(), [...Array(19).fill('duplicate'), 'written'])
      assert.equal((await all(store)).length, 1)
    },
  },
  {
    name: 'a commit that met a conflict may use its command id again',
    async run(store) {
      await store.append({ events: [fact('thing-1')] })
      assert.equal(
        (await store.append({ events: [fact('thing-1')], expected: { 'thing-1': 'none' }, commandId: 'c-1' })).status,
        'conflict',
      )
      written(await store.append({ events: [fact('thing-1')], expected: { 'thing-1': 1 }, commandId: 'c-1' }))
    },
  },
]
