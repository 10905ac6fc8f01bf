// What every event store promises about names that begin with "$": only a caller that asks for them writes or reads them.
import assert from 'node:assert/strict'
import type { NewEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import type { Query } from '../../kernel/queries.ts'
import type { StreamName } from '../../kernel/streams.ts'
import type { Commit, EventBatch, EventStore, ReadOptions } from '../../store/port.ts'
import type { ContractCase } from './contract-case.ts'

/** Each case needs a new, empty store; the caller closes it afterwards. */
export const reservedNamesContract: readonly ContractCase<EventStore>[] = [
  {
    name: 'a commit with a reserved name is refused unless it says that it may have one',
    async run(store) {
      const bad: Commit[] = [
        { events: [fact('$own-1', '$Happened')] },
        { events: [fact('$own-1', 'Happened')] },
        { events: [fact('thing-1', 'Happened'), fact('thing-1', '$Happened')] },
        { events: [{ ...fact('thing-1', 'Happened'), tags: ['a', '$b'] }] },
        { events: [fact('thing-1', 'Happened')], commandId: '$c-1' },
      ]
      for (const commit of bad) {
        await assert.rejects(store.append(commit), { code: 'reserved_name' })
        await assert.rejects(store.append(commit, { reserved: false }), { code: 'reserved_name' })
      }
      assert.deepEqual(await store.head(), { position: 0, recordedAt: null })
      const own = { ...fact('$own-1', '$Happened'), tags: ['$b'] }
      const outcome = await store.append({ events: [own], commandId: '$c-1' }, { reserved: true })
      assert.equal(outcome.status, 'written')
      assert.equal((await store.findCommit('$c-1'))?.lastPosition, 1)
    },
  },
  {
    name: 'a reserved stream has reserved types only, and no other stream has any',
    async run(store) {
      for (const [stream, type] of [
        ['$own-1', 'Happened'],
        ['thing-1', '$Happened'],
      ] as const) {
        await assert.rejects(store.append({ events: [fact(stream, type)] }, { reserved: true }), {
          code: 'invalid_event',
        })
      }
      for (const stream of ['$-1', '$1-1', '$$own-1', '$own', 'own$-1']) {
        await assert.rejects(store.append({ events: [fact(stream, '$Happened')] }, { reserved: true }), {
          code: 'invalid_stream_name',
        })
      }
      assert.equal((await store.head()).position, 0)
    },
  },
  {
    name: 'a reserved event is read where its stream, category or type is named, and by the others only on request',
    async run(store) {
      await writeMixed(store)
      for (const [query, without, withThem] of readings) {
        for (const direction of ['forwards', 'backwards'] as const) {
          const ordered = (positions: readonly Position[]) =>
            direction === 'forwards' ? positions : positions.toReversed()
          const label = `${JSON.stringify(query)} ${direction}`
          assert.deepEqual(await positionsOf(store, query, { direction }), ordered(without), label)
          assert.deepEqual(await positionsOf(store, query, { direction, reserved: true }), ordered(withThem), label)
          const [first] = [await positionsOf(store, query, { direction, limit: 2 })]
          assert.deepEqual(first, ordered(without).slice(0, 2), label)
          assert.deepEqual(
            await positionsOf(store, query, { direction, from: 3, to: 7 }),
            ordered(without.filter(inside)),
          )
        }
      }
    },
  },
  {
    name: 'a follower passes reserved events unless it asks for them',
    async run(store) {
      await writeMixed(store)
      for (const [query, without, withThem] of readings) {
        for (const [reserved, expected] of [
          [false, without],
          [true, withThem],
        ] as const) {
          const stop = new AbortController()
          const seen: Position[] = []
          for await (const batch of store.subscribe(query, { after: 0, signal: stop.signal, reserved })) {
            seen.push(...batch.events.map(({ position }) => position))
            if (batch.through === 9) stop.abort()
          }
          assert.deepEqual(seen, expected, JSON.stringify(query))
        }
      }
    },
  },
  {
    name: 'a long reading without reserved events has its limit, no empty batch, and says how far it came',
    async run(store) {
      // The first six of each ten are reserved, and then all of 3,000.
      for (let n = 0; n < 30; n++) {
        const events = Array.from({ length: 100 }, (_, index) =>
          index % 10 < 6 ? fact(`$own-${n}`, '$Happened') : fact(`thing-${n}`, 'Happened'),
        )
        await store.append({ events }, { reserved: true })
      }
      for (let n = 0; n < 30; n++) {
        await store.append(
          { events: Array.from({ length: 100 }, () => fact('$own-1', '$Happened')) },
          { reserved: true },
        )
      }
      const expected = Array.from({ length: 3000 }, (_, index) => index + 1).filter((at) => (at - 1) % 10 >= 6)
      const batches = await Array.fromAsync(store.read('all'))
      assert.deepEqual(positionsIn(batches), expected)
      assert.ok(batches.every(({ events }) => events.length > 0))
      assert.deepEqual(await positionsOf(store, 'all', { limit: 1100 }), expected.slice(0, 1100))
      assert.deepEqual(
        await positionsOf(store, 'all', { limit: 7, from: 95 }),
        expected.filter((at) => at >= 95).slice(0, 7),
      )
      assert.deepEqual(await positionsOf(store, 'all', { direction: 'backwards' }), expected.toReversed())
      assert.deepEqual(await positionsOf(store, 'all', { direction: 'backwards', limit: 3 }), [3000, 2999, 2998])
      assert.equal((await positionsOf(store, 'all', { reserved: true })).length, 6000)

      const stop = new AbortController()
      const followed: EventBatch[] = []
      for await (const batch of store.subscribe('all', { after: 0, signal: stop.signal })) {
        assert.ok(batch.events.every(({ position }) => position <= batch.through))
        followed.push(batch)
        if (batch.through === 6000) stop.abort()
      }
      assert.deepEqual(positionsIn(followed), expected)
    },
  },
  {
    name: 'a reserved event fails a condition only if the condition names it',
    async run(store) {
      const tagged = { ...fact('$own-1', '$Happened'), tags: ['seat:1'], metadata: { correlationId: 'r-1' } }
      await store.append({ events: [tagged] }, { reserved: true })
      const attempt = async (failIfEventsMatch: Query, after = 0) =>
        await store.append({ events: [fact('thing-1', 'Happened')], condition: { failIfEventsMatch, after } })
      const unaware: Query[] = ['all', [{ tags: ['seat:1'] }], [{ correlationIds: ['r-1'] }], [{ types: ['Happened'] }]]
      for (const query of unaware) {
        const { position } = await store.head()
        assert.equal((await attempt(query, position - 1)).status, 'written', JSON.stringify(query))
        await store.append({ events: [tagged] }, { reserved: true })
      }
      const { position } = await store.head()
      const aware: Query[] = [
        [{ streams: ['$own-1'] }],
        [{ categories: ['$own'] }],
        [{ types: ['$Happened'] }],
        [{ tags: ['seat:1'] }, { types: ['$Happened'], tags: ['seat:1'] }],
      ]
      for (const query of aware) {
        const conflict = { cause: 'condition', matchedPosition: position }
        assert.deepEqual(await attempt(query, position - 1), { status: 'conflict', conflict }, JSON.stringify(query))
      }
    },
  },
  {
    name: 'a replay has the reserved types that it names',
    async run(store) {
      await writeMixed(store)
      const replayed = async (types: readonly string[]) => {
        const batches = await Array.fromAsync(store.replay(types, { after: 0 }))
        return batches.flatMap((batch) => Array.from({ length: batch.length }, (_, at) => batch.event(at).position))
      }
      assert.deepEqual(await replayed(['Happened']), [1, 3, 6, 8])
      assert.deepEqual(await replayed(['$Happened']), [2, 4, 5, 7])
      assert.deepEqual(await replayed(['Happened', '$Happened']), [1, 2, 3, 4, 5, 6, 7, 8])
    },
  },
]

/** Nine events, of which 2, 4, 5, 7 and 9 are reserved; all but the sixth and the ninth have a tag and a correlation id. */
async function writeMixed(store: EventStore): Promise<void> {
  const found = { tags: ['x'], metadata: { correlationId: 'r-1' } }
  const [own, others] = [fact('$own-1', '$Happened'), fact('thing-1', 'Happened')]
  const marked = [others, own, others, own, own].map((event) => ({ ...event, ...found }))
  await store.append({ events: marked }, { reserved: true })
  await store.append({ events: [fact('other-1', 'Happened'), { ...own, ...found }] }, { reserved: true })
  await store.append({ events: [{ ...others, ...found }, fact('$own-2', '$Other')] }, { reserved: true })
}

/** Queries, and what they find of these events: without reserved events, and with them. */
const readings: readonly (readonly [Query, readonly Position[], readonly Position[]])[] = [
  ['all', [1, 3, 6, 8], [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  [[{ tags: ['x'] }], [1, 3, 8], [1, 2, 3, 4, 5, 7, 8]],
  [[{ correlationIds: ['r-1'] }], [1, 3, 8], [1, 2, 3, 4, 5, 7, 8]],
  [[{ correlationIds: ['r-1'], tags: ['x'] }], [1, 3, 8], [1, 2, 3, 4, 5, 7, 8]],
  [[{ types: ['Happened'] }], [1, 3, 6, 8], [1, 3, 6, 8]],
  [[{ streams: ['$own-2'] }], [9], [9]],
  [[{ categories: ['$own'] }], [2, 4, 5, 7, 9], [2, 4, 5, 7, 9]],
  [[{ categories: ['$'] }], [2, 4, 5, 7, 9], [2, 4, 5, 7, 9]],
  [[{ types: ['$Happened'], tags: ['x'] }], [2, 4, 5, 7], [2, 4, 5, 7]],
  [[{ types: ['Happened', '$Other'] }], [1, 3, 6, 8, 9], [1, 3, 6, 8, 9]],
  [
    [{ tags: ['x'] }, { types: ['$Other'] }],
    [1, 3, 8, 9],
    [1, 2, 3, 4, 5, 7, 8, 9],
  ],
  [
    [{ tags: ['x'] }, { streams: ['$own-1'], tags: ['x'] }],
    [1, 2, 3, 4, 5, 7, 8],
    [1, 2, 3, 4, 5, 7, 8],
  ],
]

function inside(position: Position): boolean {
  return position >= 3 && position <= 7
}

function fact(stream: string, type: string): NewEvent {
  return { stream: stream as StreamName, type, data: {} }
}

async function positionsOf(store: EventStore, query: Query, options: ReadOptions): Promise<Position[]> {
  return positionsIn(await Array.fromAsync(store.read(query, options)))
}

function positionsIn(batches: readonly EventBatch[]): Position[] {
  return batches.flatMap(({ events }) => events.map(({ position }) => position))
}
