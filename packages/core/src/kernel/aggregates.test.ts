import { expect, test } from 'vitest'
import { z } from 'zod'
import { aggregate } from './aggregates.ts'
import { event } from './event-types.ts'
import { projection } from './projections.ts'
import { saga } from './sagas.ts'
import { defineSystem } from './system.ts'
import { integer, text } from './tables.ts'

const Happened = event('Happened', z.object({ n: z.int() }))
const Other = event('Other', z.object({}))
const thing = aggregate('thing', {
  initialState: { n: 0 },
  events: [Happened],
  evolve: { Happened: (_state, { n }) => ({ n }) },
})
const Do = thing.command('Do', {
  input: z.object({ n: z.int().default(7) }),
  decide: (_state, { n }) => Happened({ n }),
})
const invalid = expect.objectContaining({ code: 'invalid_declaration' })

test('making an event checks its data', () => {
  expect(Happened({ n: 1 })).toEqual({ type: 'Happened', schemaVersion: 1, data: { n: 1 } })
  expect(() => Happened({ n: 'one' as never })).toThrow(expect.objectContaining({ code: 'invalid_event' }))
})

test('a command takes its defaults from its schema', () => {
  const context = { id: '1', commandId: 'c', actor: undefined, issuedAt: '', validAt: undefined }
  expect(Do.decide(thing.initialState, Do.parse({}), context)).toEqual(Happened({ n: 7 }))
})

test('a schema that validates later is refused', () => {
  const later = event(
    'Later',
    z.object({}).refine(async () => true),
  )
  expect(() => later({})).toThrow(expect.objectContaining({ code: 'schema_async' }))
})

test('the fingerprint changes with the evolve code, the initial state, the schema version and the revision, and with nothing else', () => {
  const make = (n: number, revision = 1, happened = Happened) =>
    aggregate('thing', {
      initialState: { n },
      events: [happened],
      evolve: { Happened: (_state, data) => ({ n: data.n }) },
      revision,
    })
  expect(make(0).fingerprint).toBe(make(0).fingerprint)
  const versionTwo = event('Happened', Happened.schema, { schemaVersion: 2 })
  const fingerprints = [make(0), make(1), make(0, 2), make(0, 1, versionTwo), thing].map(
    ({ fingerprint }) => fingerprint,
  )
  expect(new Set(fingerprints).size).toBe(5)
})

test('the fingerprint tells initial states apart that JSON does not', () => {
  class Money {
    readonly cents: number
    constructor(cents: number) {
      this.cents = cents
    }
  }
  const cyclic = (n: number) => {
    const state: Record<string, unknown> = { n }
    state.self = state
    return state
  }
  const states: unknown[] = [
    {},
    [],
    { s: null },
    { s: undefined },
    { s: Number.NaN },
    { s: Number.POSITIVE_INFINITY },
    { s: Number.NEGATIVE_INFINITY },
    { s: 0 },
    { s: -0 },
    { s: 0n },
    { s: '0n' },
    { s: new Date(0) },
    { s: new Date(0).toISOString() },
    new Map(),
    new Map([['limit', 100]]),
    new Map([['limit', 500]]),
    { s: new Set() },
    { s: new Set([1]) },
    { s: [1] },
    { s: [1, undefined] },
    { s: Array(2) },
    { s: [] },
    { s: Array(1) },
    { s: Object.assign(new Uint8Array([1]), { extra: 1 }) },
    { s: new Uint8Array([1]) },
    { s: new Int8Array([1]) },
    { s: Object.create(null) },
    { s: new Money(1) },
    { s: new Money(2) },
    { s: { cents: 1 } },
    { s: /a/ },
    { s: /a/g },
    { [Symbol.for('t')]: 1 },
    cyclic(1),
    cyclic(2),
    Object.assign([1], { extra: 1 }),
    Object.defineProperty({}, 'hidden', { value: 1 }),
  ]
  const fingerprintOf = (initialState: unknown) =>
    aggregate('thing', { initialState, events: [Other], evolve: { Other: (state) => state } }).fingerprint
  const fingerprints = states.map(fingerprintOf)
  expect(fingerprints).not.toContain(null)
  for (const [index, each] of fingerprints.entries()) expect(fingerprints.indexOf(each), String(index)).toBe(index)
  expect(fingerprintOf({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(fingerprintOf({ b: [{ d: 3, c: 2 }], a: 1 }))
})

test('an initial state that nobody can look into has no fingerprint', () => {
  class Sealed {
    #cents = 1
    get cents() {
      return this.#cents
    }
  }
  let deep: unknown = {}
  for (let level = 0; level < 20_000; level++) deep = { deep }
  for (const state of [
    () => 1,
    { f: () => 1 },
    new Sealed(),
    new WeakMap(),
    new URL('urn:x'),
    { s: Symbol('s') },
    deep,
  ]) {
    const { fingerprint } = aggregate('thing', { initialState: state, events: [Other], evolve: { Other: (s) => s } })
    expect(fingerprint).toBe(null)
  }
})

test('declarations that cannot work are refused when they are made', () => {
  expect(() =>
    aggregate('two-parts', { initialState: {}, events: [Other], evolve: { Other: (state) => state } }),
  ).toThrow(invalid)
  expect(() => aggregate('$own', { initialState: {}, events: [Other], evolve: { Other: (state) => state } })).toThrow(
    invalid,
  )
  expect(() => event('$Happened', z.object({}))).toThrow(invalid)
  for (const schemaVersion of [0, -1, 1.5, 65_536, '1'] as number[])
    expect(() => event('Happened', z.object({}), { schemaVersion })).toThrow(invalid)
  expect(() => event(5 as never, z.object({}))).toThrow(invalid)
  for (const category of [undefined, null, 5] as never[])
    expect(() => aggregate(category, { initialState: {}, events: [], evolve: {} })).toThrow(
      expect.objectContaining({ code: 'invalid_stream_name' }),
    )
  expect(() =>
    saga('s', { startsOn: Happened, steps: [{ name: 's', send: () => Do('1', {}), timeout: 'soon' }] }),
  ).toThrow(invalid)
  const overAHundredYears = () =>
    saga('s', { startsOn: Happened, steps: [{ name: 's', send: () => Do('1', {}), timeout: '36501d' }] })
  expect(overAHundredYears).toThrow(/at most 36500d/)
  expect(() => saga('s', { startsOn: Happened, steps: [] })).toThrow(invalid)
  for (const targetMs of [Number.NaN, -1, '50' as unknown as number]) {
    const late = {
      table: { id: text().key() },
      events: [Happened],
      on: { Happened: () => null },
      staleness: { targetMs },
    }
    expect(() => projection('p', late)).toThrow(/staleness target .*: give milliseconds/)
  }
  const twoKeys = { a: text().key(), b: integer().key() }
  expect(() => projection('p', { table: twoKeys, events: [Happened], on: { Happened: () => null } })).toThrow(invalid)
})

test('a system whose parts do not fit is refused', () => {
  const p = (name: string, type = Happened) =>
    projection(name, { table: { id: text().key() }, events: [type], on: { Happened: () => null } })
  expect(() => defineSystem({ name: 'x', commands: [Do, Do] })).toThrow(invalid)
  expect(() => defineSystem({ name: 'x', commands: [Do], projections: [p('a'), p('a')] })).toThrow(invalid)
  const stranger = projection('s', { table: { id: text().key() }, events: [Other], on: { Other: () => null } })
  expect(() => defineSystem({ name: 'x', commands: [Do], projections: [stranger] })).toThrow(/Other/)
  const lost = saga('lost', { startsOn: Other, steps: [{ name: 's', send: () => Do('1', {}) }] })
  expect(() => defineSystem({ name: 'x', commands: [Do], sagas: [lost] })).toThrow(/Other/)
})
