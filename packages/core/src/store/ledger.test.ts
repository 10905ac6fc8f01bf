import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matcher, type Query } from '../kernel/queries.ts'
import type { StreamName } from '../kernel/streams.ts'
import { Ledger } from './ledger.ts'

const streams: StreamName[] = ['a-1', 'a-2', 'b-1']
const event = fc.record({
  stream: fc.constantFrom(...streams),
  type: fc.constantFrom('T1', 'T2', 'T3'),
  tags: fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 }),
})
const item = fc
  .record(
    {
      streams: fc.uniqueArray(fc.constantFrom(...streams), { minLength: 1 }),
      categories: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
      types: fc.uniqueArray(fc.constantFrom('T1', 'T2', 'T9'), { minLength: 1 }),
      tags: fc.uniqueArray(fc.constantFrom('x', 'y', 'q'), { minLength: 1 }),
    },
    { requiredKeys: [] },
  )
  .filter((fields) => Object.keys(fields).length > 0)
const query: fc.Arbitrary<Query> = fc.oneof(fc.constant('all' as const), fc.array(item, { minLength: 1, maxLength: 3 }))

test('the ledger finds what looking at every event finds, in both directions, within any range and limit', () => {
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 1, maxLength: 40 }),
      query,
      fc.nat(45),
      fc.nat(45),
      fc.integer({ min: 1, max: 50 }),
      (events, query, a, b, limit) => {
        const ledger = new Ledger()
        for (const each of events) ledger.add(each)
        const from = Math.min(Math.max(1, a), events.length)
        const to = Math.min(Math.max(1, b), events.length)
        const matches = matcher(query)
        const positions = events.map((_, index) => index + 1).filter((at) => matches(events[at - 1]!))
        const expected =
          from <= to
            ? positions.filter((at) => at >= from && at <= to)
            : positions.filter((at) => at <= from && at >= to).reverse()
        expect(ledger.find(query, { from, to, limit })).toEqual(expected.slice(0, limit))
      },
    ),
    { numRuns: 1000 },
  )
})

test('what is taken back leaves the ledger as if it had never been accepted', () => {
  fc.assert(
    fc.property(fc.array(event), fc.array(event, { minLength: 1 }), query, (kept, dropped, query) => {
      const ledger = new Ledger()
      for (const each of kept) ledger.add(each)
      const encoded = dropped.map((each) => ({
        ...each,
        id: undefined,
        schemaVersion: 1,
        contentType: 'x',
        dataBytes: new Uint8Array(),
        metadataBytes: new Uint8Array(),
        validAt: undefined,
      }))
      ledger.accept(encoded, { commandId: 'c', recordedAt: '' })
      ledger.forgetAfter(kept.length)
      const fresh = new Ledger()
      for (const each of kept) fresh.add(each)
      expect(ledger.head).toBe(kept.length)
      expect(ledger.findCommit('c')).toBeUndefined()
      for (const stream of streams) expect(ledger.versionOf(stream)).toBe(fresh.versionOf(stream))
      const range = { from: 1, to: Math.max(1, kept.length), limit: 99 }
      if (kept.length > 0) expect(ledger.find(query, range)).toEqual(fresh.find(query, range))
    }),
  )
})
