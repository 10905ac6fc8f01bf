// Random commits and reads, for tests that compare two event stores.
import fc from 'fast-check'
import type { Query } from '../src/kernel/queries.ts'
import type { StreamName } from '../src/kernel/streams.ts'

export const commandIds = ['c-1', 'c-2', 'c-ü', 'c-4']
const stream = fc.constantFrom<StreamName>('a-1', 'a-2', 'b-ü', 'c-x')
const type = fc.constantFrom('Opened', 'Moved', 'Größe')
const tags = fc.uniqueArray(fc.constantFrom('x', 'y:1', 'ü'), { maxLength: 2 })
const data = fc.oneof(
  fc.jsonValue(),
  fc.uint8Array({ maxLength: 300 }),
  fc.nat(2000).map((length) => 'x'.repeat(length)),
)
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 })
/** Without the keys whose value is left out. */
const record = <Fields extends Record<string, fc.Arbitrary<unknown>>>(fields: Fields) =>
  fc.record(fields).map((made) => Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined)))

export const query = fc.oneof(
  fc.constant('all' as const),
  fc.constantFrom<Query>(
    [{ streams: ['a-1'] }],
    [{ categories: ['a'] }, { types: ['Moved'] }],
    [{ tags: ['x'] }],
    [{ types: ['Opened'], tags: ['y:1'] }],
    [{ correlationIds: ['r-1'] }],
    [{ tags: ['x'] }, { types: ['$T'] }],
    [{ categories: ['$'] }],
    [{ streams: ['b-ü'], types: ['Größe', 'Moved'] }, { tags: ['x', 'ü'] }],
  ),
)
const names = fc.oneof(
  { weight: 3, arbitrary: fc.record({ stream, type }) },
  { weight: 1, arbitrary: fc.constantFrom({ stream: '$s-1', type: '$T' }, { stream: '$s-2', type: '$U' }) },
)
const facts = record({
  data,
  tags,
  metadata: optional(fc.constantFrom({ actor: 'ann' }, { note: 'ü', n: 1 }, { correlationId: 'r-1' })),
  validAt: optional(fc.constantFrom('1993-01-31', '2026-11-23T04:28:43.125Z')),
  schemaVersion: optional(fc.integer({ min: 1, max: 3 })),
})
const event = fc.tuple(names, facts).map(([names, facts]) => ({ ...names, ...facts }))
const expectedVersion = fc.oneof(fc.constantFrom('none', 'exists', 'any'), fc.nat(6))
export const commit = record({
  events: fc.array(event, { minLength: 1, maxLength: 4 }),
  expected: optional(fc.dictionary(stream, expectedVersion, { maxKeys: 2 })),
  condition: optional(record({ failIfEventsMatch: query, after: optional(fc.nat(30)) })),
  commandId: optional(fc.constantFrom(...commandIds)),
})
export const options = record({
  from: optional(fc.nat(40)),
  to: optional(fc.nat(40)),
  limit: optional(fc.nat(5)),
  direction: optional(fc.constantFrom('forwards', 'backwards')),
  reserved: optional(fc.boolean()),
})
