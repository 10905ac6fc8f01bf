// Queries and reads.
import assert from 'node:assert/strict'
import type { Query } from '../../kernel/queries.ts'
import type { EventStore, ReadOptions } from '../../store/port.ts'
import type { ContractCase } from './contract-case.ts'
import { all, fact, range } from './store-support.ts'

export const readingContract: readonly ContractCase<EventStore>[] = [
  {
    name: 'queries select by stream, category, type and tag: items ORed, tags ANDed',
    async run(store) {
      await store.append({
        events: [
          { ...fact('account-1', 'Opened'), tags: ['vip', 'owner:ann'] },
          { ...fact('account-2', 'Opened'), tags: ['owner:ben'] },
          { ...fact('account-1', 'Closed'), tags: ['owner:ann'] },
          { ...fact('order-1', 'Opened'), tags: ['vip'] },
        ],
      })
      const matching = async (query: Query) => (await all(store, query)).map(({ position }) => position)
      assert.deepEqual(await matching('all'), [1, 2, 3, 4])
      assert.deepEqual(await matching([{ streams: ['account-1'] }]), [1, 3])
      assert.deepEqual(await matching([{ streams: ['account-1', 'order-1'] }]), [1, 3, 4])
      assert.deepEqual(await matching([{ categories: ['account'], types: ['Opened'] }]), [1, 2])
      assert.deepEqual(await matching([{ types: ['Closed', 'Opened'] }]), [1, 2, 3, 4])
      assert.deepEqual(await matching([{ tags: ['vip', 'owner:ann'] }]), [1])
      assert.deepEqual(
        await matching([{ tags: ['owner:ben'] }, { types: ['Closed'] }, { tags: ['owner:ben'] }]),
        [2, 3],
      )
      assert.deepEqual(await matching([{ streams: ['account-9'] }]), [])
    },
  },
  {
    name: 'reads honour from, to, limit and direction',
    async run(store) {
      for (let n = 1; n <= 25; n++) await store.append({ events: range(1, 100).map(() => fact(`thing-${n % 5}`)) })
      const positions = async (query: Query, options: ReadOptions) =>
        (await all(store, query, options)).map(({ position }) => position)
      assert.deepEqual(await positions('all', { from: 10, to: 12 }), [10, 11, 12])
      assert.deepEqual(await positions('all', { from: 2499 }), [2499, 2500])
      assert.deepEqual(await positions('all', { direction: 'backwards', limit: 3 }), [2500, 2499, 2498])
      assert.deepEqual(await positions('all', { direction: 'backwards', from: 5, to: 7 }), [7, 6, 5])
      assert.deepEqual(await positions('all', { limit: 0 }), [])
      assert.deepEqual(await positions('all', { from: 2501 }), [])
      assert.deepEqual(await positions('all', {}), range(1, 2500))
      assert.deepEqual(await positions('all', { direction: 'backwards' }), range(1, 2500).reverse())
      assert.deepEqual(
        await positions([{ streams: ['thing-1'] }], { limit: 1500 }),
        range(1, 2500).filter((at) => Math.ceil(at / 100) % 5 === 1),
      )
      assert.deepEqual(await positions([{ streams: ['thing-1'] }], { direction: 'backwards', limit: 2 }), [2100, 2099])
    },
  },
  {
    name: 'every type is counted, over many commits',
    async run(store) {
      assert.deepEqual([...(await store.countTypes())], [])
      for (let n = 1; n <= 40; n++)
        await store.append({ events: range(1, 50).map((at) => fact(`thing-${at}`, n % 4 === 0 ? 'Closed' : 'Opened')) })
      await store.append({ events: [fact('$own-1', '$Done')] }, { reserved: true })
      const counts = [...(await store.countTypes())].sort(([a], [b]) => (a < b ? -1 : 1))
      assert.deepEqual(counts, [
        ['$Done', 1],
        ['Closed', 500],
        ['Opened', 1500],
      ])
    },
  },
  {
    name: 'a batch says how far the reading has come',
    async run(store) {
      await store.append({ events: [fact('thing-1'), fact('thing-2'), fact('thing-3')] })
      const batches = await Array.fromAsync(store.read([{ streams: ['thing-1'] }]))
      assert.equal(batches.at(-1)?.through, 3)
      assert.equal(batches.flatMap(({ events }) => events).length, 1)
    },
  },
]
