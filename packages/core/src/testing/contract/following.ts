// Subscriptions.
import assert from 'node:assert/strict'
import type { Position } from '../../kernel/positions.ts'
import type { EventStore } from '../../store/port.ts'
import type { ContractCase } from './contract-case.ts'
import { fact, range, within } from './store-support.ts'

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
]
