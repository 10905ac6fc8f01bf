import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Query, QueryItem } from '../kernel/queries.ts'
import { categoryOf, type StreamName } from '../kernel/streams.ts'
import { type Findable, Ledger } from './ledger.ts'

const streams: StreamName[] = ['a-1', 'a-2', 'b-1', '$c-1']
const names = fc.oneof(
  fc.record({ stream: fc.constantFrom<StreamName>('a-1', 'a-2', 'b-1'), type: fc.constantFrom('T1', 'T2', 'T3') }),
  fc.record({ stream: fc.constant<StreamName>('$c-1'), type: fc.constantFrom('$T1', '$T2') }),
)
const others = fc.record({
  tags: fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 }),
  correlationId: fc.constantFrom('c1', 'c2', undefined),
})
const event = fc.tuple(names, others).map(([names, others]) => ({ ...names, ...others }))
const item = fc
  .record(
    {
      streams: fc.uniqueArray(fc.constantFrom(...streams), { minLength: 1 }),
      categories: fc.uniqueArray(fc.constantFrom('a', 'b', '$c', '$'), { minLength: 1 }),
      types: fc.uniqueArray(fc.constantFrom('T1', 'T2', 'T9', '$T1'), { minLength: 1 }),
      tags: fc.uniqueArray(fc.constantFrom('x', 'y', 'q'), { minLength: 1 }),
      correlationIds: fc.uniqueArray(fc.constantFrom('c1', 'c9'), { minLength: 1 }),
    },
    { requiredKeys: [] },
  )
  .filter((fields) => Object.keys(fields).length > 0)
const query: fc.Arbitrary<Query> = fc.oneof(fc.constant('all' as const), fc.array(item, { minLength: 1, maxLength: 3 }))

test('the ledger finds the same events as a check of every event, in both directions, within any range and limit', () => {
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 1, maxLength: 40 }),
      query,
      fc.nat(45),
      fc.nat(45),
      fc.integer({ min: 1, max: 50 }),
      fc.boolean(),
      (events, query, a, b, limit, reserved) => {
        const ledger = new Ledger()
        ledger.accept(events, { commandId: undefined, recordedAt: '' })
        const from = Math.min(Math.max(1, a), events.length)
        const to = Math.min(Math.max(1, b), events.length)
        const positions = events.map((_, index) => index + 1).filter((at) => isMatch(query, events[at - 1]!, reserved))
        const expected =
          from <= to
            ? positions.filter((at) => at >= from && at <= to)
            : positions.filter((at) => at <= from && at >= to).reverse()
        expect(ledger.find(query, { from, to, limit, reserved })).toEqual(expected.slice(0, limit))
      },
    ),
    { numRuns: 1000 },
  )
})

/** The meaning of a query, written out event by event. */
function isMatch(query: Query, { stream, type, tags, correlationId }: Findable, reserved: boolean): boolean {
  const isOwn = stream.startsWith('$')
  const isHidden = ({ streams, categories, types }: QueryItem) =>
    isOwn &&
    !reserved &&
    ![...(streams ?? []), ...(categories ?? []), ...(types ?? [])].some((name) => name.startsWith('$'))
  const fits = (item: QueryItem) =>
    !isHidden(item) &&
    (item.streams?.includes(stream) ?? true) &&
    (item.categories?.some((name) => name === categoryOf(stream) || (isOwn && name === '$')) ?? true) &&
    (item.types?.includes(type) ?? true) &&
    (item.tags?.every((tag) => tags.includes(tag)) ?? true) &&
    (item.correlationIds?.includes(correlationId ?? '') ?? true)
  return query === 'all' ? reserved || !isOwn : query.some(fits)
}
