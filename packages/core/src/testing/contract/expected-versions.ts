// The order of the log, and what an append expects of its streams.
import assert from 'node:assert/strict'
import type { StreamName } from '../../kernel/streams.ts'
import type { EventStore } from '../../store/port.ts'
import type { ContractCase } from './contract-case.ts'
import { all, fact, range, written } from './store-support.ts'

export const expectedVersionsContract: readonly ContractCase<EventStore>[] = [
  {
    name: 'versions count each stream, positions count the log, both without gaps',
    async run(store) {
      for (let n = 0; n < 30; n++) await store.append({ events: [fact(`thing-${n % 3}`), fact(`other-${n % 2}`)] })
      const events = await all(store)
      assert.deepEqual(
        events.map((event) => event.position),
        range(1, 60),
      )
      const versions = new Map<string, number>()
      for (const event of events) {
        assert.equal(event.version, (versions.get(event.stream) ?? 0) + 1)
        versions.set(event.stream, event.version)
      }
    },
  },
  {
    name: 'the head is 0 and timeless at first, then the last event',
    async run(store) {
      assert.deepEqual(await store.head(), { position: 0, recordedAt: null })
      await store.append({ events: [fact('thing-1'), fact('thing-2')] })
      const last = (await all(store)).at(-1)!
      assert.deepEqual(await store.head(), { position: 2, recordedAt: last.recordedAt })
    },
  },
  {
    name: 'an exact expected version is checked',
    async run(store) {
      await store.append({ events: [fact('thing-1'), fact('thing-1')] })
      const late = await store.append({ events: [fact('thing-1')], expected: { 'thing-1': 1 } })
      assert.deepEqual(late, {
        status: 'conflict',
        conflict: { cause: 'version', stream: 'thing-1', expected: 1, actual: 2 },
      })
      const right = written(await store.append({ events: [fact('thing-1')], expected: { 'thing-1': 2 } }))
      assert.deepEqual({ ...right.versions }, { 'thing-1': 3 })
      const early = await store.append({ events: [fact('thing-1')], expected: { 'thing-1': 9 } })
      assert.equal(early.status, 'conflict')
    },
  },
  {
    name: 'none and exact 0 write only to a stream that does not exist',
    async run(store) {
      written(await store.append({ events: [fact('thing-1')], expected: { 'thing-1': 'none' } }))
      written(await store.append({ events: [fact('thing-2')], expected: { 'thing-2': 0 } }))
      for (const expected of ['none', 0] as const) {
        const again = await store.append({ events: [fact('thing-1')], expected: { 'thing-1': expected } })
        assert.deepEqual(again, {
          status: 'conflict',
          conflict: { cause: 'version', stream: 'thing-1', expected, actual: 1 },
        })
      }
    },
  },
  {
    name: 'exists and any are checked',
    async run(store) {
      const missing = await store.append({ events: [fact('thing-1')], expected: { 'thing-1': 'exists' } })
      assert.deepEqual(missing, {
        status: 'conflict',
        conflict: { cause: 'version', stream: 'thing-1', expected: 'exists', actual: 0 },
      })
      written(await store.append({ events: [fact('thing-1')], expected: { 'thing-1': 'any' } }))
      written(await store.append({ events: [fact('thing-1')], expected: { 'thing-1': 'any' } }))
      written(await store.append({ events: [fact('thing-1')], expected: { 'thing-1': 'exists' } }))
    },
  },
  {
    name: 'a stream that gets no event can be checked too',
    async run(store) {
      await store.append({ events: [fact('thing-1')] })
      const blocked = await store.append({ events: [fact('thing-2')], expected: { 'thing-1': 'none' } })
      assert.equal(blocked.status, 'conflict')
      written(await store.append({ events: [fact('thing-2')], expected: { 'thing-1': 1 } }))
    },
  },
  {
    name: 'of 8 concurrent creations of each of 50 streams exactly one is written',
    async run(store) {
      const creations = range(1, 50).flatMap((stream) =>
        range(1, 8).map((attempt) =>
          store.append({
            events: [fact(`thing-${stream}`, 'Created', { attempt })],
            expected: { [`thing-${stream}` as StreamName]: 'none' },
          }),
        ),
      )
      const outcomes = await Promise.all(creations)
      assert.equal(outcomes.filter(({ status }) => status === 'written').length, 50)
      assert.equal(outcomes.filter(({ status }) => status === 'conflict').length, 350)
      const events = await all(store)
      assert.deepEqual([events.length, new Set(events.map(({ stream }) => stream)).size], [50, 50])
    },
  },
  {
    name: '1,000 concurrent appends are all written once, in one gapless order',
    async run(store) {
      const outcomes = await Promise.all(
        range(1, 1000).map((n) => store.append({ events: [fact(`thing-${n % 10}`, 'Happened', { n })] })),
      )
      const positions = outcomes.map((outcome) => written(outcome).firstPosition)
      const events = await all(store)
      assert.deepEqual(
        events.map(({ position }) => position),
        range(1, 1000),
      )
      for (const [index, at] of positions.entries()) assert.deepEqual(events[at - 1]!.data, { n: index + 1 })
    },
  },
  {
    name: 'a commit over several streams is written whole or not at all',
    async run(store) {
      await store.append({ events: [fact('thing-2')] })
      const events = [fact('thing-1'), fact('thing-2'), fact('thing-3')]
      const refused = await store.append({
        events,
        expected: { 'thing-1': 'none', 'thing-2': 'none', 'thing-3': 'none' },
      })
      assert.equal(refused.status, 'conflict')
      assert.equal((await all(store)).length, 1)
      const outcome = written(
        await store.append({ events, expected: { 'thing-1': 'none', 'thing-2': 1, 'thing-3': 'none' } }),
      )
      assert.deepEqual([outcome.firstPosition, outcome.lastPosition], [2, 4])
      assert.deepEqual({ ...outcome.versions }, { 'thing-1': 1, 'thing-2': 2, 'thing-3': 1 })
    },
  },
  {
    name: 'concurrent commits over crossing streams never write half',
    async run(store) {
      const commits = range(1, 40).map((n) => {
        const [a, b] = [`thing-${n % 7}`, `thing-${(n * 3 + 1) % 7}`] as [StreamName, StreamName]
        return store.append({
          events: [fact(a, 'A', { n }), fact(b, 'B', { n })],
          expected: { [a]: 'none', [b]: 'none' },
        })
      })
      const outcomes = await Promise.all(commits)
      const events = await all(store)
      assert.equal(events.length, 2 * outcomes.filter(({ status }) => status === 'written').length)
      for (const [index, outcome] of outcomes.entries()) {
        const mine = events.filter(({ data }) => (data as { n: number }).n === index + 1)
        assert.equal(mine.length, outcome.status === 'written' ? 2 : 0)
      }
    },
  },
]
