import { expect, test } from 'vitest'
import { z } from 'zod'
import { aggregate } from './aggregates.ts'
import { defineSystem } from './define-system.ts'
import { event } from './event-types.ts'
import { saga } from './processes/index.ts'
import { projection } from './projections.ts'
import { integer, text } from './tables.ts'

const Happened = event('Happened', z.object({ n: z.int() }))
const Other = event('Other', z.object({}))
const thing = aggregate('thing', { initialState: { n: 0 } }).on(Happened, (_state, { n }) => ({ n }))
const Do = thing.command('Do', {
  input: z.object({ n: z.int().default(7) }),
  emits: [Happened],
  decide: (_state, { n }) => Happened({ n }),
})
const invalid = expect.objectContaining({ code: 'invalid_declaration' })

test('making an event validates its data', () => {
  expect(Happened({ n: 1 })).toEqual({ type: 'Happened', schemaVersion: 1, data: { n: 1 } })
  expect(() => Happened({ n: 'one' as never })).toThrow(expect.objectContaining({ code: 'invalid_event' }))
})

test('a command gets default values from its schema', () => {
  const context = { id: '1', commandId: 'c', actor: undefined, issuedAt: '', validAt: undefined, facts: {} }
  expect(Do.decide(thing.initialState, Do.parse({}), context)).toEqual(Happened({ n: 7 }))
})

test('an event refuses an asynchronous schema', () => {
  const later = event(
    'Later',
    z.object({}).refine(async () => true),
  )
  expect(() => later({})).toThrow(expect.objectContaining({ code: 'schema_async' }))
})

test('the fingerprint depends on the initial state, the version, and the events with their versions, and on nothing else', () => {
  const make = ({ n = 0, version = 1, happened = Happened } = {}) =>
    aggregate('thing', { initialState: { n }, version }).on(happened, (_state, data) => ({ n: data.n }))
  expect(make().fingerprint).toBe(make().fingerprint)
  // The declared version identifies the code; its text is only a hint.
  expect(thing.fingerprint).toBe(make().fingerprint)
  expect(thing.code).not.toBe(make().code)
  const inOrder = make().on(Other, (state) => state)
  const other = aggregate('thing', { initialState: { n: 0 } })
    .on(Other, (state) => state)
    .on(Happened, (_state, data) => ({ n: data.n }))
  expect(other.fingerprint).toBe(inOrder.fingerprint)
  expect(other.code).toBe(inOrder.code)
  const versionTwo = event('Happened', Happened.schema, { version: 2 })
  const fingerprints = [make(), make({ n: 1 }), make({ version: 2 }), make({ happened: versionTwo }), inOrder].map(
    ({ fingerprint }) => fingerprint,
  )
  expect(new Set(fingerprints).size).toBe(5)
})

test('the code hint changes with the text of handlers and upcasts', () => {
  const upcastBy = (up: (old: { m: number }) => { n: number }) =>
    event('Happened', z.object({ m: z.int() }))
      .next(Happened.schema)
      .upcast(up)
  const codes = [upcastBy(({ m }) => ({ n: m })), upcastBy(({ m }) => ({ n: 2 * m }))].flatMap((happened) => [
    aggregate('thing', { initialState: { n: 0 } }).on(happened, (_state, { n }) => ({ n })).code,
    aggregate('thing', { initialState: { n: 0 } }).on(happened, (state, { n }) => ({ n: state.n + n })).code,
  ])
  expect(new Set(codes).size).toBe(4)
})

test('initial states that JSON cannot tell apart have different fingerprints', () => {
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
    aggregate('thing', { initialState }).on(Other, (state) => state).fingerprint
  const fingerprints = states.map(fingerprintOf)
  expect(fingerprints).not.toContain(null)
  for (const [index, each] of fingerprints.entries()) expect(fingerprints.indexOf(each), String(index)).toBe(index)
  expect(fingerprintOf({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(fingerprintOf({ b: [{ d: 3, c: 2 }], a: 1 }))
})

test('an initial state that cannot be inspected completely has no fingerprint', () => {
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
    const { fingerprint } = aggregate('thing', { initialState: state }).on(Other, (s) => s)
    expect(fingerprint).toBe(null)
  }
})

test('invalid declarations are refused when they are made', () => {
  expect(() => aggregate('two-parts', { initialState: {} })).toThrow(invalid)
  expect(() => aggregate('$own', { initialState: {} })).toThrow(invalid)
  expect(() => event('$Happened', z.object({}))).toThrow(invalid)
  for (const version of [0, -1, 1.5, 65_536, '1'] as number[])
    expect(() => event('Happened', z.object({}), { version })).toThrow(invalid)
  for (const version of [0, -1, 1.5, Number.NaN, '1'] as number[]) {
    expect(() => aggregate('thing', { initialState: {}, version })).toThrow(invalid)
    expect(() => projection('p', { table: { id: text().key() }, version })).toThrow(invalid)
    expect(() => saga('s', { startsOn: Happened, version })).toThrow(invalid)
  }
  expect(() => event(5 as never, z.object({}))).toThrow(invalid)
  for (const category of [undefined, null, 5] as never[])
    expect(() => aggregate(category, { initialState: {} })).toThrow(invalid)
  const sent = { command: Do, to: () => '1', input: () => ({}) }
  const begun = saga('s', { startsOn: Happened })
  expect(() => begun.step('s', { ...sent, timeout: 'soon' })).toThrow(invalid)
  expect(() => begun.step('s', { ...sent, timeout: '36501d' })).toThrow(/at most 36500d/)
  expect(() => begun.step('s', { ...sent, to: undefined as never })).toThrow(/"to" and "input"/)
  expect(() => begun.step('s', { ...sent, compensate: {} as never })).toThrow(/^The compensation of step "s"/)
  expect(() => begun.step('s', sent).step('s', sent)).toThrow(/declared twice/)
  expect(() => saga('s', { startsOn: undefined as never })).toThrow(invalid)
  for (const targetMs of [Number.NaN, -1, '50' as unknown as number]) {
    const late = { table: { id: text().key() }, staleness: { targetMs } }
    expect(() => projection('p', late)).toThrow(/staleness target .*: give milliseconds/)
  }
  const twoKeys = projection('p', { table: { a: text().key(), b: integer().key() } })
  expect(() => twoKeys.on(Happened, () => null)).toThrow(/2 key columns: say with "key"/)
  const row = { a: 'a', b: 1 }
  expect(twoKeys.on(Happened, { key: () => row }, () => null).events).toEqual([Happened])
  expect(twoKeys.write(Happened, () => row).events).toEqual([Happened])
})

test('a handler must be a function, and an event has one handler at most', () => {
  const table = projection('p', { table: { id: text().key() } })
  const thingHappens = (declare: (happened: never, handler: never) => unknown) => {
    expect(() => declare(Happened as never, undefined as never)).toThrow(/no function for "Happened"/)
    expect(() => declare('Happened' as never, (() => null) as never)).toThrow(/takes a declared event/)
  }
  thingHappens((happened, handler) => aggregate('thing', { initialState: {} }).on(happened, handler))
  thingHappens((happened, handler) => table.on(happened, handler))
  thingHappens((happened, handler) => table.write(happened, handler))
  expect(() => thing.on(Happened, (state) => state)).toThrow(/two handlers for "Happened"/)
  expect(() => table.write(Happened, () => ({ id: '1' })).on(Happened, (row) => row)).toThrow(
    /two handlers for "Happened"/,
  )
})

test('an event declaration refuses a version or a former type that it cannot convert', () => {
  const nothing = z.object({})
  const tagged = event('Was', z.object({ to: z.string() }), { tags: { to: 'to' } })
  expect(() =>
    event('Was', nothing)
      .next(nothing)
      .upcast(undefined as never),
  ).toThrow(/makes the data of version 2/)
  expect(() =>
    event('Was', nothing)
      .next(undefined as never)
      .upcast(() => ({}) as never),
  ).toThrow(/needs a schema for its data/)
  expect(() => event('Was', nothing, { version: 65_535 }).next(nothing)).toThrow(/cannot have version 65536/)
  // Tags that are forgotten would be missed by decision models only.
  expect(() => tagged.next(tagged.schema)).toThrow(/has tags up to version 1. Name the tags of version 2 too/)
  expect(tagged.next(tagged.schema, { tags: {} }).upcast((old) => old).tags).toEqual({})
  // Versions that no log contains any more need no declaration.
  expect(event('Was', nothing, { version: 3 }).older).toEqual([])
  const Old = event('Old', nothing)
  expect(() => event('Is', nothing).formerly('Old' as never, () => ({}))).toThrow(/not a declared event/)
  expect(() => event('Is', nothing).formerly(Old, undefined as never)).toThrow(/from those of "Old"/)
  const twice = event('Between', nothing).formerly(Old, () => ({}))
  const is = event('Is', nothing).formerly(Old, () => ({}))
  expect(() => is.formerly(Old, () => ({}))).toThrow(/was formerly "Old" already/)
  expect(() => is.formerly(twice, () => ({}))).toThrow(/was formerly "Old" already/)
  expect(() => twice.formerly(event('Between', nothing), () => ({}))).toThrow(/was formerly "Between" already/)
  const split = event('Both', nothing, { parts: ['One', 'Two'] })
  expect(() => event('Three', nothing).formerly(split, () => ({}))).toThrow(/not one of the parts of "Both": One, Two/)
  for (const parts of [['One'], ['One', 'One'], ['One', 'Both']])
    expect(() => event('Both', nothing, { parts })).toThrow(/at least two different names under "parts"/)
})

test('a system whose parts do not fit together is refused', () => {
  const p = (name: string) =>
    projection(name, { table: { id: text().key() } }).write(Happened, (_data, { streamId }) => ({ id: streamId }))
  expect(() => defineSystem({ name: 'x', commands: [Do, Do] })).toThrow(invalid)
  expect(() => defineSystem({ name: 'x', commands: [Do], projections: [p('a'), p('a')] })).toThrow(invalid)
  const stranger = projection('s', { table: { id: text().key() } }).on(Other, () => null)
  expect(() => defineSystem({ name: 'x', commands: [Do], projections: [stranger] })).toThrow(/Other/)
  const sent = { command: Do, to: () => '1', input: () => ({}) }
  const lost = saga('lost', { startsOn: Other }).step('s', sent)
  expect(() => defineSystem({ name: 'x', commands: [Do], sagas: [lost] })).toThrow(/Other/)
  const idle = saga('idle', { startsOn: Happened })
  expect(() => defineSystem({ name: 'x', commands: [Do], sagas: [idle] })).toThrow(/"idle" has no steps/)
  const Unlisted = thing.command('Unlisted', { input: z.object({}), emits: [], decide: () => [] })
  const sending = idle.step('s', { ...sent, command: Unlisted, compensate: { ...sent, command: Unlisted } })
  expect(() => defineSystem({ name: 'x', commands: [Do], sagas: [sending] })).toThrow(
    /sends "Unlisted", which the system does not list/,
  )
  expect(() =>
    defineSystem({ name: 'x', commands: [Do], projections: [projection('e', { table: { id: text().key() } })] }),
  ).toThrow(/"e" handles no event/)
  const again = aggregate('thing', { initialState: {} }).on(event('Happened', z.object({})), (state) => state)
  const Again = again.command('Again', { input: z.object({}), emits: [], decide: () => [] })
  expect(() => defineSystem({ name: 'x', commands: [Do, Again] })).toThrow(/two of the event "Happened"/)
})

test('one error lists everything that is wrong with a system', () => {
  const stranger = projection('s', { table: { id: text().key() } }).on(Other, () => null)
  const idle = saga('s', { startsOn: Happened })
  let thrown: unknown
  try {
    defineSystem({ name: 'x', commands: [Do, Do], projections: [stranger], sagas: [idle] })
  } catch (error) {
    thrown = error
  }
  const { message, details } = thrown as { message: string; details: { findings: string[] } }
  expect(message).toMatch(/^The system "x" cannot work:\n- /)
  expect(details.findings).toHaveLength(4)
  expect(message.split('\n- ').slice(1)).toEqual(details.findings)
})
