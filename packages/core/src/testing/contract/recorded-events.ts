// What a store keeps of an event, and gives back.
import assert from 'node:assert/strict'
import type { EventMetadata } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import { fromUtf8, utf8 } from '../../kernel/text.ts'
import { epochMs, instant } from '../../kernel/time.ts'
import type { EventStore } from '../../store/port.ts'
import type { ContractCase } from './contract-case.ts'
import { all, fact, written } from './store-support.ts'

export const recordedEventsContract: readonly ContractCase<EventStore>[] = [
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
      // A second event with the same id, for example of a second import, is another event.
      await store.append({ events: [{ ...fact('thing-2', 'B', {}), id }] })
      assert.deepEqual([await store.historyAt(0), await store.historyAt(1), await store.historyAt(2)], names)
      assert.equal(await store.historyAt(4), undefined)
      for (const bad of [-1, 1.5, Number.NaN]) {
        await assert.rejects(async () => await store.historyAt(bad as Position), { code: 'invalid_position' })
      }
    },
  },
  {
    name: 'the position at a time is that of the last event recorded at it or before it, of a day that before its end',
    async run(store) {
      assert.deepEqual([await store.positionAt('2026-01-01'), await store.positionAt('9999-12-31')], [0, 0])
      for (let n = 0; n < 20; n++) {
        const events = Array.from({ length: 1 + (n % 3) }, (_, index) => fact(`thing-${n}`, 'Happened', { n, index }))
        await store.append({ events })
        if (n % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 3))
      }
      const events = await all(store)
      const counted = (isIn: (recordedAtMs: number) => boolean) =>
        events.filter(({ recordedAt }) => isIn(epochMs(recordedAt))).length
      for (const ms of new Set(events.flatMap(({ recordedAt }) => [-1, 0, 1].map((by) => epochMs(recordedAt) + by)))) {
        const time = instant(ms)
        assert.equal(
          await store.positionAt(time),
          counted((recorded) => recorded <= ms),
        )
        assert.equal(
          await store.positionAt(time, { before: true }),
          counted((recorded) => recorded < ms),
        )
        // Within the millisecond: nothing is rounded.
        const within = time.replace('Z', '0001Z')
        assert.equal(
          await store.positionAt(within),
          counted((recorded) => recorded <= ms),
        )
        assert.equal(
          await store.positionAt(within, { before: true }),
          counted((recorded) => recorded <= ms),
        )
        const day = time.slice(0, 10)
        assert.equal(
          await store.positionAt(day),
          counted((recorded) => instant(recorded).slice(0, 10) <= day),
        )
        assert.equal(
          await store.positionAt(day, { before: true }),
          counted((recorded) => instant(recorded).slice(0, 10) < day),
        )
      }
      assert.deepEqual([await store.positionAt('1970-01-01'), await store.positionAt('9999-12-31')], [0, events.length])
      for (const bad of ['', 'last week', '1993-02-30', '2026-01-01T00:00:00']) {
        await assert.rejects(async () => await store.positionAt(bad), { code: 'invalid_time' })
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
    name: 'metadata that JSON writes as anything but an object are refused, and only what JSON writes counts',
    async run(store) {
      const odd: unknown[] = [new Date(0), new URL('urn:x'), { toJSON: () => 'text' }, { toJSON: () => [1] }]
      odd.push({ toJSON: () => null }, Object('text'), [], 'text', 5, null)
      for (const metadata of odd) {
        const event = { ...fact('thing-1'), metadata: metadata as EventMetadata }
        await assert.rejects(store.append({ events: [event] }), { code: 'invalid_event' })
      }
      assert.equal((await store.head()).position, 0)
      const metadata = { correlationId: 'asked', toJSON: () => ({ correlationId: 'written' }) }
      await store.append({ events: [{ ...fact('thing-1'), metadata }] })
      const found = async (id: string) => (await Array.fromAsync(store.read([{ correlationIds: [id] }]))).length
      assert.deepEqual([await found('asked'), await found('written')], [0, 1])
    },
  },
  {
    name: 'changes that a caller or a reader makes to its copy do not change the store',
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
    name: 'the time of recording never goes back',
    async run(store) {
      for (let n = 0; n < 20; n++) await store.append({ events: [fact('thing-1')] })
      const times = (await all(store)).map(({ recordedAt }) => recordedAt)
      assert.deepEqual(times, [...times].sort())
    },
  },
]
