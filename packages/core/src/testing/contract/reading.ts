// Queries and reads.
import assert from 'node:assert/strict'
import type { Query } from '../../kernel/queries.ts'
import type { StreamName } from '../../kernel/streams.ts'
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
  {
    name: 'many streams, short, long and missing ones, are read at the same time',
    async run(store) {
      const lengths = new Map([
        ...range(1, 60).map((n) => [`thing-${n}`, n % 5] as const),
        ['long-1', 99],
        ['long-2', 100],
      ])
      lengths.set('long-3', 101).set('long-4', 1_250)
      for (const [stream, length] of lengths)
        if (length > 0) await store.append({ events: range(1, length).map(() => fact(stream)) })
      const versions = async (stream: string, options: ReadOptions) =>
        (await all(store, [{ streams: [stream as StreamName] }], options)).map((event) => [event.stream, event.version])
      const cases: readonly [ReadOptions, (length: number) => number[]][] = [
        [{}, (length) => range(1, length)],
        [{ limit: 2 }, (length) => range(1, Math.min(length, 2))],
        [{ limit: 100 }, (length) => range(1, Math.min(length, 100))],
        [{ direction: 'backwards', limit: 1 }, (length) => range(Math.max(1, length), length)],
      ]
      const asked = [...lengths].flatMap(([stream, length]) =>
        cases.map(async ([options, expected]) => {
          const found = await versions(stream, options)
          assert.deepEqual(
            found,
            expected(length).map((version) => [stream, version]),
          )
        }),
      )
      await Promise.all(asked)
    },
  },
]
