// What a store refuses, and its end.
import assert from 'node:assert/strict'
import type { StreamName } from '../../kernel/streams.ts'
import { utf8 } from '../../kernel/text.ts'
import type { Commit, EventStore } from '../../store/port.ts'
import type { ContractCase } from './contract-case.ts'
import { all, fact, replay, within, written } from './store-support.ts'

export const refusalsContract: readonly ContractCase<EventStore>[] = [
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
    name: 'an append whose signal has aborted is not written',
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
      // What it can do besides writes rows of read tables, or says what others appended.
      for (const name of ['constructor', 'inline', 'hearOthers']) offered.delete(name)
      const doors = [
        'append',
        'close',
        'countTypes',
        'findCommit',
        'head',
        'health',
        'historyAt',
        'positionAt',
        'read',
        'replay',
        'subscribe',
      ]
      assert.deepEqual([...offered].sort(), doors)
      const [event] = await all(store)
      assert.throws(() => Object.assign(event!, { data: { forged: true } }), TypeError)
    },
  },
  {
    name: 'a store that refused nothing but what was wrong with a commit says that it can write',
    async run(store) {
      const isHealthy = async () => {
        const { canWrite, refusedAppends } = await store.health()
        assert.deepEqual({ canWrite, refusedAppends }, { canWrite: true, refusedAppends: {} })
      }
      await isHealthy()
      await store.append({ events: [fact('thing-1')] })
      await store.append({ events: [fact('thing-1')], expected: { 'thing-1': 'none' } })
      await assert.rejects(store.append({ events: [] }))
      await isHealthy()
    },
  },
  {
    name: 'a closed store throws store_closed, also from subscriptions that wait',
    async run(store) {
      await store.append({ events: [fact('thing-1')] })
      const waiting = (async () => {
        for await (const _ of store.subscribe('all', { after: 1, signal: new AbortController().signal }))
          assert.fail('nothing was appended')
      })()
      const closed = assert.rejects(within(10_000, waiting), { code: 'store_closed' })
      await new Promise((resolve) => setImmediate(resolve))
      await store.close()
      await closed
      await store.close()
      await assert.rejects(store.append({ events: [fact('thing-1')] }), { code: 'store_closed' })
      await assert.rejects(store.head(), { code: 'store_closed' })
      await assert.rejects(store.health(), { code: 'store_closed' })
      await assert.rejects(store.positionAt('2026-01-01'), { code: 'store_closed' })
      await assert.rejects(all(store), { code: 'store_closed' })
      await assert.rejects(replay(store, ['Happened'], { after: 0 }), { code: 'store_closed' })
    },
  },
]
