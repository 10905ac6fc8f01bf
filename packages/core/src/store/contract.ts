// What every event store promises, as cases to run. An adapter is a store only if it passes all of them.
import assert from 'node:assert/strict'
import type { EventMetadata, NewEvent, RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import type { Query } from '../kernel/queries.ts'
import type { StreamName } from '../kernel/streams.ts'
import { fromUtf8, utf8 } from '../kernel/text.ts'
import type { ContractCase } from './contract-case.ts'
import type { AppendOutcome, Commit, EventStore, ReadOptions, ReplayOptions } from './port.ts'
import { reservedNamesContract } from './reserved-contract.ts'

/** Each case wants a fresh, empty store; the caller closes it afterwards. */
export const eventStoreContract: readonly ContractCase<EventStore>[] = [
  {
    name: 'an appended event is read back as it was given',
    async run(store) {
      const metadata: EventMetadata = { actor: 'ann', commandId: 'c-1', note: 'free key' }
      const given = {
        ...fact('thing-1', 'Happened', { a: 1, ü: '😀' }),
        metadata,
        tags: ['x:1'],
        validAt: '1993-01-01',
        schemaVersion: 3,
      }
      const outcome = written(await store.append({ events: [given] }))
      const [event] = await all(store)
      assert.ok(event)
      assert.deepEqual(event.data, { a: 1, ü: '😀' })
      assert.deepEqual(event.metadata, metadata)
      assert.deepEqual([event.stream, event.category, event.streamId], ['thing-1', 'thing', '1'])
      assert.deepEqual([event.type, event.schemaVersion, event.version, event.position], ['Happened', 3, 1, 1])
      assert.deepEqual([event.tags, event.validAt, event.recordedAt], [['x:1'], '1993-01-01', outcome.recordedAt])
      assert.match(event.id, /^[0-9a-f-]{36}$/)
    },
  },
  {
    name: 'a history is named by the event that it ends with, and the name stays',
    async run(store) {
      const empty = await store.historyAt(0)
      assert.equal(typeof empty, 'string')
      assert.equal(await store.historyAt(1), undefined)
      const id = '019aaf34-0000-7000-8000-000000000001'
      await store.append({ events: [fact('thing-1', 'A', {}), { ...fact('thing-2', 'B', {}), id }] })
      const names = [empty, await store.historyAt(1), await store.historyAt(2)]
      assert.equal(new Set(names).size, 3)
      // An id that is given once more, as by somebody who imports again, is another event.
      await store.append({ events: [{ ...fact('thing-2', 'B', {}), id }] })
      assert.deepEqual([await store.historyAt(0), await store.historyAt(1), await store.historyAt(2)], names)
      assert.equal(await store.historyAt(4), undefined)
      for (const bad of [-1, 1.5, Number.NaN]) {
        await assert.rejects(async () => await store.historyAt(bad as Position), { code: 'invalid_position' })
      }
    },
  },
  {
    name: 'payload and metadata bytes are kept byte for byte, with their content type',
    async run(store) {
      const json = utf8('{ "amount" : 1.0,"amount2":1e2 }')
      const metadata = utf8('{"b":1, "a":2}')
      const raw = Uint8Array.from({ length: 256 }, (_, index) => index)
      await store.append({
        events: [
          { stream: 'thing-1', type: 'Json', data: json, contentType: 'application/json', metadata },
          { stream: 'thing-1', type: 'Raw', data: raw },
          { stream: 'thing-1', type: 'Empty', data: new Uint8Array(0), contentType: 'image/png' },
        ],
      })
      const [first, second, third] = await all(store)
      assert.equal(fromUtf8(first!.dataBytes), '{ "amount" : 1.0,"amount2":1e2 }')
      assert.equal(fromUtf8(first!.metadataBytes), '{"b":1, "a":2}')
      assert.deepEqual(first!.data, { amount: 1, amount2: 100 })
      assert.deepEqual([second!.contentType, [...second!.dataBytes]], ['application/octet-stream', [...raw]])
      assert.deepEqual([third!.contentType, third!.dataBytes.length], ['image/png', 0])
    },
  },
  {
    name: 'metadata that JSON writes as anything but an object are refused, and what it writes is what counts',
    async run(store) {
      const odd: unknown[] = [new Date(0), new URL('urn:x'), { toJSON: () => 'text' }, { toJSON: () => [1] }]
      odd.push({ toJSON: () => null }, Object('text'), [], 'text', 5, null)
      for (const metadata of odd) {
        const event = { ...fact('thing-1'), metadata: metadata as EventMetadata }
        await assert.rejects(store.append({ events: [event] }), { code: 'invalid_event' })
      }
      assert.equal((await store.head()).position, 0)
      const told = { correlationId: 'asked', toJSON: () => ({ correlationId: 'written' }) }
      await store.append({ events: [{ ...fact('thing-1'), metadata: told }] })
      const found = async (id: string) => (await Array.fromAsync(store.read([{ correlationIds: [id] }]))).length
      assert.deepEqual([await found('asked'), await found('written')], [0, 1])
    },
  },
  {
    name: 'what a caller or a reader does to its copy changes nothing in the store',
    async run(store) {
      const data = { amount: 1 }
      const bytes = utf8('{"amount":1}')
      const tags = ['kept']
      await store.append({
        events: [
          { ...fact('thing-1', 'A', data), tags },
          { stream: 'thing-1', type: 'B', data: bytes, contentType: 'application/json' },
        ],
      })
      data.amount = 2
      bytes.fill(0x20)
      tags.push('not kept')
      for (const event of await all(store)) {
        ;(event.data as { amount: number }).amount = 3
        event.dataBytes.fill(0)
        ;(event.tags as string[]).push('not kept')
      }
      const events = await all(store)
      assert.deepEqual(
        events.map((event) => event.data),
        [{ amount: 1 }, { amount: 1 }],
      )
      assert.deepEqual(
        events.map((event) => event.tags),
        [['kept'], []],
      )
    },
  },
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
    name: 'a batch says how far the reading has come',
    async run(store) {
      await store.append({ events: [fact('thing-1'), fact('thing-2'), fact('thing-3')] })
      const batches = await Array.fromAsync(store.read([{ streams: ['thing-1'] }]))
      assert.equal(batches.at(-1)?.through, 3)
      assert.equal(batches.flatMap(({ events }) => events).length, 1)
    },
  },
  {
    name: 'a replay gives the events of some types in the order of the log, each as a read gives it',
    async run(store) {
      await writeHistory(store)
      const types = ['Moved', 'Raw', 'Opened']
      const replayed = await replay(store, types, { after: 0 })
      const read = await all(store, [{ types }])
      assert.ok(read.length > 20)
      assert.deepEqual(
        replayed.map(({ event }) => fieldsOf(event)),
        read.map(fieldsOf),
      )
      for (const { event, type, streamId } of replayed) {
        assert.deepEqual([types[type], streamId], [event.type, event.streamId])
      }
      const [one] = await replay(store, ['Renamed'], { after: 0 })
      assert.deepEqual([one!.event.type, one!.type], ['Renamed', 0])
    },
  },
  {
    name: 'a replay begins after a position and ends with another, and says that it came there',
    async run(store) {
      await writeHistory(store)
      const { position: head } = await store.head()
      const positions = (await all(store, [{ types: ['Moved'] }])).map(({ position }) => position)
      for (const [after, to] of [
        [0, head],
        [3, head],
        [7, 20],
        [20, 20],
        [head, head],
        [0, head + 100],
        [head - 1, undefined],
      ] as const) {
        let through = after
        const found: number[] = []
        for await (const batch of store.replay(['Moved'], { after, ...(to === undefined ? {} : { to }) })) {
          assert.ok(batch.through >= through)
          through = batch.through
          for (let index = 0; index < batch.length; index++) {
            const { position } = batch.event(index)
            assert.ok(position <= through)
            found.push(position)
          }
        }
        assert.equal(through, Math.min(to ?? head, head))
        const expected = positions.filter((position) => position > after && position <= (to ?? head))
        assert.deepEqual(found, expected)
      }
      assert.deepEqual(await replay(store, ['Nothing'], { after: 0 }), [])
    },
  },
  {
    name: 'a replay numbers streams within a batch, and its events may be kept and changed',
    async run(store) {
      await writeHistory(store)
      const kept: RecordedEvent[] = []
      for await (const batch of store.replay(['Moved', 'Opened'], { after: 0 })) {
        const names = new Map<number, string>()
        for (let index = 0; index < batch.length; index++) {
          const [number, event] = [batch.streams[index]!, batch.event(index)]
          assert.ok(number < batch.streamCount)
          assert.equal(names.get(number) ?? event.stream, event.stream)
          names.set(number, event.stream)
          assert.equal(batch.streamId(number), event.streamId)
          kept.push(event)
        }
        const [changed] = [batch.event(0)]
        if (batch.length > 0) Object.assign(changed.data as object, { forged: true })
      }
      const read = await all(store, [{ types: ['Moved', 'Opened'] }])
      assert.deepEqual(kept.map(fieldsOf), read.map(fieldsOf))
      const again = await replay(store, ['Moved', 'Opened'], { after: 0 })
      assert.deepEqual(
        again.map(({ event }) => event.data),
        read.map(({ data }) => data),
      )
    },
  },
  {
    name: 'a replay of no types, or of impossible positions, is refused',
    async run(store) {
      await store.append({ events: [fact('thing-1')] })
      await assert.rejects(replay(store, [], { after: 0 }), { code: 'invalid_query' })
      await assert.rejects(replay(store, ['Happened'], { after: -1 }), { code: 'invalid_position' })
      await assert.rejects(replay(store, ['Happened'], { after: 0, to: 0.5 }), { code: 'invalid_position' })
    },
  },
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
    name: 'a follower starts after a position, passes what does not match, and ends without an error when told to',
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
    name: 'the time of recording never goes back',
    async run(store) {
      for (let n = 0; n < 20; n++) await store.append({ events: [fact('thing-1')] })
      const times = (await all(store)).map(({ recordedAt }) => recordedAt)
      assert.deepEqual(times, [...times].sort())
    },
  },
  {
    name: 'bad input is refused with its code and leaves nothing behind',
    async run(store) {
      const bad: [string, Commit][] = [
        ['invalid_commit', { events: [] }],
        ['invalid_commit', { events: [fact('thing-1')], commandId: '' }],
        ['invalid_position', { events: [fact('thing-1')], expected: { 'thing-1': -1 } }],
        ['invalid_position', { events: [fact('thing-1')], expected: { 'thing-1': 1.5 } }],
        ['invalid_stream_name', { events: [fact('nohyphen' as StreamName)] }],
        ['invalid_stream_name', { events: [fact('thing-')] }],
        ['invalid_stream_name', { events: [fact('thing-a\nb')] }],
        ['invalid_stream_name', { events: [fact(`thing-${'x'.repeat(600)}`)] }],
        ['invalid_event', { events: [fact('thing-1', '')] }],
        ['invalid_event', { events: [{ ...fact('thing-1'), data: undefined }] }],
        ['invalid_event', { events: [{ ...fact('thing-1'), data: 1n }] }],
        ['invalid_event', { events: [{ ...fact('thing-1'), data: utf8('{'), contentType: 'application/json' }] }],
        ['invalid_event', { events: [{ ...fact('thing-1'), metadata: utf8('[]') }] }],
        ['invalid_event', { events: [{ ...fact('thing-1'), id: 'not a uuid' }] }],
        ['invalid_event', { events: [fact('thing-1'), { ...fact('thing-1'), schemaVersion: 0 }] }],
        ['invalid_event', { events: [{ ...fact('thing-1'), tags: Array(65).fill('t') }] }],
        ['invalid_time', { events: [{ ...fact('thing-1'), validAt: '1993-02-30' }] }],
        ['invalid_query', { events: [fact('thing-1')], condition: { failIfEventsMatch: [] } }],
        ['invalid_query', { events: [fact('thing-1')], condition: { failIfEventsMatch: [{}] } }],
        ['invalid_query', { events: [fact('thing-1')], condition: { failIfEventsMatch: [{ types: [] }] } }],
      ]
      for (const [code, commit] of bad) await assert.rejects(store.append(commit), { code })
      await assert.rejects(all(store, []), { code: 'invalid_query' })
      await assert.rejects(all(store, 'all', { from: -1 }), { code: 'invalid_position' })
      assert.deepEqual(await all(store), [])
      written(await store.append({ events: [fact('thing-1')], expected: { 'thing-1': 'none' } }))
    },
  },
  {
    name: 'an append whose caller has given up is not written',
    async run(store) {
      await assert.rejects(store.append({ events: [fact('thing-1')] }, { signal: AbortSignal.abort() }), {
        code: 'aborted',
      })
      assert.deepEqual(await all(store), [])
    },
  },
  {
    name: 'a store has no way to change or delete an event',
    async run(store) {
      await store.append({ events: [fact('thing-1')] })
      const offered = new Set<string>()
      for (let part = store as object; part !== Object.prototype; part = Object.getPrototypeOf(part)) {
        for (const name of Object.getOwnPropertyNames(part)) offered.add(name)
      }
      offered.delete('constructor')
      const doors = ['append', 'close', 'findCommit', 'head', 'health', 'historyAt', 'read', 'replay', 'subscribe']
      assert.deepEqual([...offered].sort(), doors)
      const [event] = await all(store)
      assert.throws(() => Object.assign(event!, { data: { forged: true } }), TypeError)
    },
  },
  {
    name: 'a store that refused nothing but what was wrong with a commit says that it can write',
    async run(store) {
      const healthy = { canWrite: true, refusedAppends: {} }
      assert.deepEqual(await store.health(), healthy)
      await store.append({ events: [fact('thing-1')] })
      await store.append({ events: [fact('thing-1')], expected: { 'thing-1': 'none' } })
      await assert.rejects(store.append({ events: [] }))
      assert.deepEqual(await store.health(), healthy)
    },
  },
  {
    name: 'a closed store says so, also to those who wait',
    async run(store) {
      await store.append({ events: [fact('thing-1')] })
      const waiting = (async () => {
        for await (const _ of store.subscribe('all', { after: 1, signal: new AbortController().signal }))
          assert.fail('nothing was appended')
      })()
      const told = assert.rejects(within(10_000, waiting), { code: 'store_closed' })
      await new Promise((resolve) => setImmediate(resolve))
      await store.close()
      await told
      await store.close()
      await assert.rejects(store.append({ events: [fact('thing-1')] }), { code: 'store_closed' })
      await assert.rejects(store.head(), { code: 'store_closed' })
      await assert.rejects(store.health(), { code: 'store_closed' })
      await assert.rejects(all(store), { code: 'store_closed' })
      await assert.rejects(replay(store, ['Happened'], { after: 0 }), { code: 'store_closed' })
    },
  },
  ...reservedNamesContract,
]

function fact(stream: string, type = 'Happened', data: unknown = {}): NewEvent {
  return { stream: stream as StreamName, type, data }
}

async function all(store: EventStore, query: Query = 'all', options: ReadOptions = {}): Promise<RecordedEvent[]> {
  const batches = await Array.fromAsync(store.read(query, options))
  return batches.flatMap(({ events }) => events)
}

/** Several types over several streams, in commits of several events, with everything that an event may have. */
async function writeHistory(store: EventStore): Promise<void> {
  for (let n = 0; n < 15; n++) {
    const moved = {
      amount: n - 3,
      to: n % 4 === 0 ? null : `b-${n}`,
      ...(n % 5 === 0 ? { note: 'ü😀', deep: { x: -0 } } : {}),
    }
    const events: NewEvent[] = [
      {
        ...fact(`thing-${n % 3}`, 'Moved', moved),
        tags: [`n:${n % 2}`],
        metadata: { actor: 'ann', correlationId: `r-${n}` },
      },
      { ...fact(`other-${n % 2}-x`, 'Opened', { list: [1, { n }], flag: n % 2 === 0 }), validAt: '1993-01-31' },
    ]
    if (n % 3 === 0) events.push(fact(`thing-${n}`, 'Renamed', `name ${n}`))
    if (n % 4 === 0) events.push({ stream: 'raw-1', type: 'Raw', data: new Uint8Array([n, 0, 255]) })
    if (n % 4 === 1) events.push({ ...fact('thing-ü', 'Moved', { other: 1.5, amount: '1' }), schemaVersion: 2 })
    await store.append({ events })
  }
}

async function replay(
  store: EventStore,
  types: readonly string[],
  options: ReplayOptions,
): Promise<{ event: RecordedEvent; type: number; streamId: string }[]> {
  const batches = await Array.fromAsync(store.replay(types, options))
  return batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, index) => {
      const streamId = batch.streamId(batch.streams[index]!)
      return { event: batch.event(index), type: batch.types[index]!, streamId }
    }),
  )
}

/** Every field: events may keep them behind getters. */
function fieldsOf(event: RecordedEvent): Record<keyof RecordedEvent, unknown> {
  const { id, stream, category, streamId, version, position, type, schemaVersion, contentType } = event
  const { data, metadata, recordedAt, validAt } = event
  const [dataBytes, metadataBytes, tags] = [[...event.dataBytes], [...event.metadataBytes], [...event.tags]]
  const envelope = { id, stream, category, streamId, version, position, type, schemaVersion, contentType }
  return { ...envelope, data, metadata, recordedAt, validAt, dataBytes, metadataBytes, tags }
}

function written(outcome: AppendOutcome): Extract<AppendOutcome, { status: 'written' }> {
  assert.equal(outcome.status, 'written')
  return outcome as Extract<AppendOutcome, { status: 'written' }>
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

/** A hung follower must fail the case, not the whole run. */
async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing came within ${ms} ms.`)), ms)
  })
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
