// Subscriptions.
import assert from 'node:assert/strict'
import type { Position } from '../../kernel/positions.ts'
import type { Query } from '../../kernel/queries.ts'
import type { EventStore } from '../../store/port.ts'
import type { ContractCase } from './contract-case.ts'
import { all, fact, fieldsOf, range, within } from './store-support.ts'

export const followingContract: readonly ContractCase<EventStore>[] = [
  {
    name: 'a follower sees every position in order while 8 writers append',
    async run(store) {
      const stop = new AbortController()
      const seen: Position[] = []
      const following = (async () => {
        for await (const { events } of store.subscribe('all', { after: 0, signal: stop.signal })) {
          seen.push(...events.map(({ position }) => position))
          if (seen.length >= 1600) return
        }
      })()
      await Promise.all(
        range(1, 8).map(async (writer) => {
          for (let n = 0; n < 100; n++) await store.append({ events: [fact(`thing-${writer}`), fact('thing-shared')] })
        }),
      )
      await within(10_000, following)
      stop.abort()
      assert.deepEqual(seen, range(1, 1600))
    },
  },
  {
    name: 'a follower starts after a position, passes what does not match, and ends without an error when its signal aborts',
    async run(store) {
      await store.append({ events: [fact('thing-1'), fact('thing-1')] })
      const stop = new AbortController()
      const seen: Position[] = []
      let through = 0
      const following = (async () => {
        for await (const batch of store.subscribe([{ streams: ['thing-1'] }], { after: 1, signal: stop.signal })) {
          seen.push(...batch.events.map(({ position }) => position))
          through = batch.through
          if (through === 4) stop.abort()
        }
      })()
      await store.append({ events: [fact('thing-2'), fact('thing-2')] })
      await within(10_000, following)
      assert.deepEqual([seen, through], [[2], 4])
    },
  },
  {
    name: 'many followers may wait at once',
    async run(store) {
      const stop = new AbortController()
      const followers = range(1, 20).map(async () => {
        for await (const { events } of store.subscribe('all', { after: 0, signal: stop.signal })) return events.length
      })
      await store.append({ events: [fact('thing-1')] })
      assert.deepEqual(await within(10_000, Promise.all(followers)), Array(20).fill(1))
    },
  },
  {
    name: 'followers of different queries, who begin at different times, get what readers get, each its own copy',
    async run(store) {
      const queries: readonly [Query, boolean][] = [
        ['all', false],
        ['all', true],
        [[{ types: ['Happened'] }], false],
        [[{ streams: ['thing-1', '$own-1'] }], false],
        [[{ categories: ['thing'], tags: ['odd'] }], false],
        [[{ tags: ['odd'] }], true],
        [[{ correlationIds: ['request-3'] }, { types: ['$Noted'] }], false],
      ]
      const stop = new AbortController()
      const begin = (after: Position) =>
        queries.map(([query, reserved]) => {
          const follower = { query, from: after + 1, reserved, seen: [] as unknown[], through: after }
          const follow = async () => {
            for await (const { events, through } of store.subscribe(query, { after, signal: stop.signal, reserved })) {
              follower.seen.push(...events.map((event) => structuredClone(fieldsOf(event))))
              for (const { dataBytes } of events) dataBytes.fill(0)
              follower.through = through
            }
          }
          return { follower, following: follow() }
        })
      const followers = begin(0)
      for (let round = 1; round <= 12; round++) {
        const writing = range(1, 5).map((n) => {
          const events = [
            { ...fact(`thing-${n}`), tags: n % 2 === 1 ? ['odd', `n:${n}`] : [] },
            { ...fact(`thing-${n}`, 'Measured', new Uint8Array([n, round])), validAt: '2024-02-29' as const },
            { ...fact('other-1', 'Noted'), schemaVersion: n, metadata: { correlationId: `request-${n}` } },
            { ...fact('$own-1', '$Noted', { n }), tags: ['odd'] },
          ]
          return store.append({ events, commandId: `command ${round % 7} ${n}` }, { reserved: true })
        })
        if (round % 4 === 0) followers.push(...begin((await store.head()).position))
        await Promise.all(writing)
      }
      const { position: head } = await store.head()
      const arrived = async () => {
        while (followers.some(({ follower }) => follower.through < head))
          await new Promise((resolve) => setTimeout(resolve, 1))
      }
      await within(10_000, arrived())
      stop.abort()
      for (const { follower, following } of followers) {
        await following
        const { query, from, reserved, seen } = follower
        assert.deepEqual(seen, (await all(store, query, { from, reserved })).map(fieldsOf))
      }
    },
  },
]
